"""The only SQL: the engine, the tables, their upgrades, and one module of statements per noun.

Functions take an open connection first, and return rows, or a JSON document that the database assembled.
"""
