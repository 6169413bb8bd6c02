"""The demo: the registry of a fictional company, as data, and filling a temporary server with it."""
