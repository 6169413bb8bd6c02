"""Changes of the registry: each made once, its outcome read back, and undone where that is possible."""
