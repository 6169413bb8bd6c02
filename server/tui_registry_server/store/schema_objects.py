"""What an SQLite database is made of, compared with what this program makes: tables, indexes, triggers, views.

Only the texts are compared, by which SQLite keeps its schema; nothing of the database that was brought is run.
"""

import re
import sqlite3
from typing import NamedTuple

NAMED = 10  # differences named in a message at the most
LONGEST = 100  # characters of a name in it

_COMES_AND_GOES = re.compile(r"sqlite_(?:stat[1-4]|sequence)")
"""What SQLite itself keeps: ANALYZE leaves how the rows are spread, and VACUUM takes a count that nobody uses."""

_SHADOW = re.compile(r"model_name_trigrams_\w+")
"""The tables in which SQLite itself keeps a full-text index, spelled as its version likes."""

_MARKS = re.compile(r"\s*([(),;])\s*")


class SchemaObject(NamedTuple):
    """``text``: the statement that makes it; None for the index of a constraint, which the table's has."""

    kind: str
    name: str
    table: str
    text: str | None

    def __str__(self) -> str:
        return f"{self.kind} {self.name[:LONGEST]}"


def objects(database: sqlite3.Connection) -> set[SchemaObject]:
    """All that the schema has, but for SQLite's own counts."""
    rows = database.execute("SELECT type, name, tbl_name, sql FROM sqlite_master")
    found = {SchemaObject(str(kind), str(name), str(table), _plain(name, text)) for kind, name, table, text in rows}
    return {each for each in found if not (each.kind == "table" and _COMES_AND_GOES.fullmatch(each.name))}


def differences(ours: set[SchemaObject], theirs: set[SchemaObject]) -> list[str]:
    """What is missing, changed, or more, each by its kind and name; empty if the two are the same."""
    names = {(each.kind, each.name) for each in ours}
    missing = ours - theirs
    changed = {(each.kind, each.name) for each in theirs - ours} & names
    told = [f"{each} is another" for each in missing if (each.kind, each.name) in changed]
    told += [f"{each} is missing" for each in missing if (each.kind, each.name) not in changed]
    told += [f"{each} is not ours" for each in theirs - ours if (each.kind, each.name) not in names]
    return sorted(told)


def listed(told: list[str]) -> str:
    """Differences as a part of a sentence."""
    more = f", and {len(told) - NAMED} more" if len(told) > NAMED else ""
    return ", ".join(told[:NAMED]) + more


def _plain(name: object, text: object) -> str | None:
    """A statement as every version of the libraries that write it does: they differ in blanks, quotes, letter case."""
    if text is None or _SHADOW.fullmatch(str(name)):
        return None
    return _MARKS.sub(r"\1", " ".join(str(text).replace('"', "").split())).casefold()
