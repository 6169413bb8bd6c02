"""Comparing the schema of an SQLite database with ours: tables, indexes, triggers, views.

Only the statements in sqlite_master are compared; nothing in the database is executed.
"""

import re
import sqlite3
import string
from typing import NamedTuple

from sqlalchemy.dialects.sqlite.base import SQLiteIdentifierPreparer

MAX_NAMED = 10  # differences listed in a message
MAX_NAME_LENGTH = 100  # characters of a name in it

_SQLITE_STATISTICS = re.compile(r"sqlite_(?:stat[1-4]|sequence)")
"""SQLite's own tables: those of ANALYZE, and the one of AUTOINCREMENT, which VACUUM may remove."""

_SHADOW = re.compile(r"model_name_trigrams_\w+")
"""The tables in which FTS5 stores a full-text index; their statements depend on SQLite's version."""

_BLANKS = " \t\n\f\r"
_PARTS = re.compile(
    rf"""(?P<literal>'(?:[^']|'')*')|"(?P<quoted>[^"]*)"|[{_BLANKS}]*(?P<mark>[(),;])[{_BLANKS}]*|(?P<blanks>[{_BLANKS}]+)"""
    rf"""|[^'"(),;{_BLANKS}]+"""
)
_NAME = re.compile("[a-z_][a-z0-9_]*")
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


class SchemaObject(NamedTuple):
    """``text``: the statement that creates it; None for the index of a constraint, which is in the table's."""

    kind: str
    name: str
    table: str
    text: str | None

    def __str__(self) -> str:
        return f"{self.kind} {self.name[:MAX_NAME_LENGTH]}"


def objects(database: sqlite3.Connection) -> set[SchemaObject]:
    """All objects of the schema but SQLite's own tables."""
    rows = database.execute("SELECT type, name, tbl_name, sql FROM sqlite_master")
    found = {
        SchemaObject(str(kind), str(name), str(table), _normalized(name, text)) for kind, name, table, text in rows
    }
    return {each for each in found if not (each.kind == "table" and _SQLITE_STATISTICS.fullmatch(each.name))}


def differences(ours: set[SchemaObject], theirs: set[SchemaObject]) -> list[str]:
    """The missing, changed and additional objects, by kind and name; empty if the two are the same."""
    names = {(each.kind, each.name) for each in ours}
    missing = ours - theirs
    changed = {(each.kind, each.name) for each in theirs - ours} & names
    differences = [f"{each} is different" for each in missing if (each.kind, each.name) in changed]
    differences += [f"{each} is missing" for each in missing if (each.kind, each.name) not in changed]
    differences += [f"{each} is unknown" for each in theirs - ours if (each.kind, each.name) not in names]
    return sorted(differences)


def join_differences(differences: list[str]) -> str:
    """Differences as text."""
    more = f", and {len(differences) - MAX_NAMED} more" if len(differences) > MAX_NAMED else ""
    return ", ".join(differences[:MAX_NAMED]) + more


def _normalized(name: object, text: object) -> str | None:
    """A statement independent of the versions of the libraries that write it, which differ in whitespace, quotes and
    letter case. As in SQLite, only A to Z are case-insensitive, and whitespace is ASCII only."""
    if text is None or _SHADOW.fullmatch(str(name)):
        return None
    return _PARTS.sub(_normalized_part, str(text).strip(_BLANKS))


def _normalized_part(part: re.Match[str]) -> str:
    if (mark := part["mark"]) is not None:
        return mark
    if part["blanks"] is not None:
        return " "
    if (quoted := part["quoted"]) is not None:  # reserved words that are names, as in "NOT" NULL, stay quoted
        plain = quoted.translate(_LOWER)
        return (
            f'"{quoted}"' if plain in SQLiteIdentifierPreparer.reserved_words or not _NAME.fullmatch(plain) else plain
        )
    return part[0] if part["literal"] is not None else part[0].translate(_LOWER)
