"""The finder: whatever can be opened or done, found by a part of its name."""
