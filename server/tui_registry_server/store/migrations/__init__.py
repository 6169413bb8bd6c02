"""Upgrades of the schema, one module a step under ``versions``, run by Alembic."""
