"""The terminal: what it can do, how it is drawn on, and text that is safe to draw."""
