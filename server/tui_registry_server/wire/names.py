"""Comparing names of users, groups and service principals."""

import unicodedata


def name_key(name: str) -> str:
    """The key by which names compare: case-insensitive, and independent of the encoding of accents.

    This is canonical caseless matching (Unicode, D145), in NFC. It depends neither on the database, as their case
    mappings differ, nor on Python's version, as Unicode's case folding is stable.
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())
