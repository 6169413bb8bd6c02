"""The registry over HTTP: one typed method per call."""
