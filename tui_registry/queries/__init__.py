"""Parsing typed filters into the registry's grammar, and reading its answers page by page."""
