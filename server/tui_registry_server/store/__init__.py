"""The only SQL: the engine, the tables, their upgrades, and one module of statements per noun.

Functions take an open connection first, and answer with rows, or with a JSON document that the database assembled.
"""
