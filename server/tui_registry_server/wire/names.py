"""When two names mean the same user, group or service principal."""

import unicodedata


def name_key(name: str) -> str:
    """Two names are the same where their keys are: in any letter case, and however accents are written.

    This is canonical caseless matching (Unicode, D145), as NFC. It does not ask the database, each of which has another
    idea of what a letter's cases are; nor does it depend on Python's version, as the cases of a letter never change.
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())
