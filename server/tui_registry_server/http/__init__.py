"""HTTP: the table of routes, and the one path that every request takes through it."""
