"""What an SQLite database is made of, compared with what this program makes: tables, indexes, triggers, views.

Only the texts are compared, by which SQLite keeps its schema; nothing of the database that was brought is run.
"""

import re
import sqlite3
import string
from typing import NamedTuple

from sqlalchemy.dialects.sqlite.base import SQLiteIdentifierPreparer

MAX_NAMED = 10  # differences named in a message at the most
MAX_NAME_LENGTH = 100  # characters of a name in it

_SQLITE_STATISTICS = re.compile(r"sqlite_(?:stat[1-4]|sequence)")
"""What SQLite itself keeps: ANALYZE leaves how the rows are spread, and VACUUM takes a count that nobody uses."""

_SHADOW = re.compile(r"model_name_trigrams_\w+")
"""The tables in which SQLite itself keeps a full-text index, spelled as its version likes."""

_BLANKS = " \t\n\f\r"
_PARTS = re.compile(
    rf"""(?P<literal>'(?:[^']|'')*')|"(?P<quoted>[^"]*)"|[{_BLANKS}]*(?P<mark>[(),;])[{_BLANKS}]*|(?P<blanks>[{_BLANKS}]+)"""
    rf"""|[^'"(),;{_BLANKS}]+"""
)
_NAME = re.compile("[a-z_][a-z0-9_]*")
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


class SchemaObject(NamedTuple):
    """``text``: the statement that makes it; None for the index of a constraint, which the table's has."""

    kind: str
    name: str
    table: str
    text: str | None

    def __str__(self) -> str:
        return f"{self.kind} {self.name[:MAX_NAME_LENGTH]}"


def objects(database: sqlite3.Connection) -> set[SchemaObject]:
    """All that the schema has, but for SQLite's own counts."""
    rows = database.execute("SELECT type, name, tbl_name, sql FROM sqlite_master")
    found = {
        SchemaObject(str(kind), str(name), str(table), _normalized(name, text)) for kind, name, table, text in rows
    }
    return {each for each in found if not (each.kind == "table" and _SQLITE_STATISTICS.fullmatch(each.name))}


def differences(ours: set[SchemaObject], theirs: set[SchemaObject]) -> list[str]:
    """What is missing, changed, or more, each by its kind and name; empty if the two are the same."""
    names = {(each.kind, each.name) for each in ours}
    missing = ours - theirs
    changed = {(each.kind, each.name) for each in theirs - ours} & names
    differences = [f"{each} is another" for each in missing if (each.kind, each.name) in changed]
    differences += [f"{each} is missing" for each in missing if (each.kind, each.name) not in changed]
    differences += [f"{each} is not ours" for each in theirs - ours if (each.kind, each.name) not in names]
    return sorted(differences)


def join_differences(differences: list[str]) -> str:
    """Differences as a part of a sentence."""
    more = f", and {len(differences) - MAX_NAMED} more" if len(differences) > MAX_NAMED else ""
    return ", ".join(differences[:MAX_NAMED]) + more


def _normalized(name: object, text: object) -> str | None:
    """A statement as every version of the libraries that write it does: they differ in blanks, quotes, letter case, as
    SQLite understands these, which takes no letter but A to Z for another and has no blanks beyond ASCII."""
    if text is None or _SHADOW.fullmatch(str(name)):
        return None
    return _PARTS.sub(_normalized_part, str(text).strip(_BLANKS))


def _normalized_part(part: re.Match[str]) -> str:
    if (mark := part["mark"]) is not None:
        return mark
    if part["blanks"] is not None:
        return " "
    if (quoted := part["quoted"]) is not None:  # where a word of SQL's own is a name, as in "NOT" NULL, it is no such
        plain = quoted.translate(_LOWER)
        return (
            f'"{quoted}"' if plain in SQLiteIdentifierPreparer.reserved_words or not _NAME.fullmatch(plain) else plain
        )
    return part[0] if part["literal"] is not None else part[0].translate(_LOWER)
