"""Screens that ask or tell one thing, on top of the others."""
