"""What can be done with every table: sort it, choose its columns, read a row, export it, keep it as a view."""
