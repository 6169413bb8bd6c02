"""Permissions: who may do what, and why."""
