"""What runs once, before and at the first frame."""
