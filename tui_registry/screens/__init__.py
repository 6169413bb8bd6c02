"""The places of the console. A screen shows and asks; what it does is in other modules."""
