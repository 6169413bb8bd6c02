"""What runs once, until the first frame is drawn."""
