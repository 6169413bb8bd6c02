"""Patterns of LIKE and ILIKE, meaning the same on both databases: ``%`` is any text, ``_`` any one character. And what
an index needs to answer them.

Nothing escapes them. SQLite's own LIKE takes upper for lower case, so it serves ILIKE (for A to Z only), and LIKE
becomes GLOB, which can also find a prefix by an index. PostgreSQL would take a backslash for an escape if it were not
told otherwise; it finds a prefix by an index where the column's collation is "C".
"""

import re
from typing import Any, Self

from sqlalchemy import Boolean, ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

Text = ColumnElement[str]

_LITERAL = str.maketrans({special: f"!{special}" for special in "!%_"})
_GLOB = str.maketrans({"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"})


class _Condition(FunctionElement[bool]):
    type = Boolean()

    def self_group(self, against: Any = None) -> Self:
        """Stand in a WHERE as it is: ``... = 1``, which SQLAlchemy would add for SQLite, hides it from the index."""
        return self


class _Like(_Condition):
    """A column, a pattern, and the same pattern for GLOB."""

    inherit_cache = True
    name = "matches"


class _ILike(_Condition):
    """A column and a pattern."""

    inherit_cache = True
    name = "matches_any_case"


@compiles(_Like, "sqlite")
def _like_sqlite(element: _Like, compiler: SQLCompiler, **options: Any) -> str:
    column, _, pattern = element.clauses
    return f"{compiler.process(column, **options)} GLOB {compiler.process(pattern, **options)}"


@compiles(_Like, "postgresql")
def _like_postgresql(element: _Like, compiler: SQLCompiler, **options: Any) -> str:
    column, pattern, _ = element.clauses
    return f"{compiler.process(column, **options)} LIKE {compiler.process(pattern, **options)} ESCAPE ''"


@compiles(_ILike, "sqlite")
def _ilike_sqlite(element: _ILike, compiler: SQLCompiler, **options: Any) -> str:
    column, pattern = element.clauses
    return f"{compiler.process(column, **options)} LIKE {compiler.process(pattern, **options)}"


@compiles(_ILike, "postgresql")
def _ilike_postgresql(element: _ILike, compiler: SQLCompiler, **options: Any) -> str:
    column, pattern = element.clauses
    return f"{compiler.process(column, **options)} ILIKE {compiler.process(pattern, **options)} ESCAPE ''"


class _Contains(_Condition):
    """A column, a text, and the pattern of it for PostgreSQL, see literally."""

    inherit_cache = True
    name = "contains"


@compiles(_Contains, "sqlite")
def _contains_sqlite(element: _Contains, compiler: SQLCompiler, **options: Any) -> str:
    column, text = (compiler.process(each, **options) for each in list(element.clauses)[:2])
    return f"instr(lower({column}), lower({text})) > 0"


@compiles(_Contains, "postgresql")
def _contains_postgresql(element: _Contains, compiler: SQLCompiler, **options: Any) -> str:
    # ILIKE takes the letter case of the column's collation, as lower() of a parameter would not.
    column, _, pattern = element.clauses
    return f"{compiler.process(column, **options)} ILIKE {compiler.process(pattern, **options)} ESCAPE '!'"


class _NamesLike(FunctionElement[Any]):
    """A subquery: the models whose names match, found by three characters that follow each other in the pattern, which
    is given twice: as it is and for GLOB."""

    inherit_cache = True
    name = "names_like"


class _NamesILike(_NamesLike):
    """The same in any letter case, of the pattern alone."""

    inherit_cache = True
    name = "names_ilike"


def _by_trigrams(operator: str, pattern: str) -> str:
    """FTS5 finds what has the pattern's trigrams, and SQLite looks whether it matches. See migration 0003."""
    names = "model_name_trigrams JOIN model_names ON model_names.number = model_name_trigrams.rowid"
    return f"(SELECT model_id FROM {names} WHERE model_name_trigrams.name {operator} {pattern})"  # noqa: S608  # a parameter


@compiles(_NamesLike, "sqlite")
def _names_like_sqlite(element: _NamesLike, compiler: SQLCompiler, **options: Any) -> str:
    _, pattern = element.clauses
    return _by_trigrams("GLOB", compiler.process(pattern, **options))


@compiles(_NamesILike, "sqlite")
def _names_ilike_sqlite(element: _NamesLike, compiler: SQLCompiler, **options: Any) -> str:
    return _by_trigrams("LIKE", compiler.process(element.clauses, **options))


@compiles(_NamesLike, "postgresql")
def _names_like_postgresql(element: _NamesLike, compiler: SQLCompiler, **options: Any) -> str:
    pattern, _ = element.clauses
    matches = f"name LIKE {compiler.process(pattern, **options)} ESCAPE ''"
    return f"(SELECT id AS model_id FROM registered_models WHERE {matches})"  # noqa: S608  # as above


@compiles(_NamesILike, "postgresql")
def _names_ilike_postgresql(element: _NamesLike, compiler: SQLCompiler, **options: Any) -> str:
    matches = f"name ILIKE {compiler.process(element.clauses, **options)} ESCAPE ''"
    return f"(SELECT id AS model_id FROM registered_models WHERE {matches})"  # noqa: S608  # as above


class _HasValue(_Condition):
    """A column of long texts, and a text."""

    inherit_cache = True
    name = "has_value"


@compiles(_HasValue, "sqlite")
def _has_value_sqlite(element: _HasValue, compiler: SQLCompiler, **options: Any) -> str:
    column, value = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} = {value}"


@compiles(_HasValue, "postgresql")
def _has_value_postgresql(element: _HasValue, compiler: SQLCompiler, **options: Any) -> str:
    # The index holds how the values begin: see migration 0003.
    column, value = (compiler.process(each, **options) for each in element.clauses)
    return f"(substr({column}, 1, 100) = substr({value}, 1, 100) AND {column} = {value})"


def has_trigram(pattern: str) -> bool:
    """Whether names_like can serve a pattern: it has three characters in a row that are meant as they are, and that
    stay together in GLOB, where brackets part ``*``, ``?`` and ``[`` from the rest. Of shorter ones FTS5 would find
    nothing where they take three bytes."""
    return re.search(r"[^%_*?[]{3}", pattern) is not None


def to_glob(pattern: str) -> str:
    """The same pattern as SQLite's GLOB reads it."""
    return pattern.translate(_GLOB)


def names_like(pattern: Text, glob: Text) -> Any:
    """Rows of one column, ``model_id``: the models whose names match."""
    return _NamesLike(pattern, glob).table_valued("model_id")


def names_ilike(pattern: Text) -> Any:
    """The same in any letter case."""
    return _NamesILike(pattern).table_valued("model_id")


def has_value(column: ColumnElement[Any], value: Text) -> ColumnElement[bool]:
    """Whether a text, which may be long, is this one."""
    return _HasValue(column, value)


def like(column: ColumnElement[Any], pattern: Text, glob: Text) -> ColumnElement[bool]:
    """Whether a whole value matches."""
    return _Like(column, pattern, glob)


def contains_pattern(text: str) -> str:
    """The pattern of what has this text in it, where ``!`` escapes."""
    return f"%{text.translate(_LITERAL)}%"


def contains(column: ColumnElement[Any], text: Text, pattern: Text) -> ColumnElement[bool]:
    """Whether a value has this text in it, which stands for itself, in any letter case. ``pattern``: it, literally."""
    return _Contains(column, text, pattern)


def ilike(column: ColumnElement[Any], pattern: Text) -> ColumnElement[bool]:
    """Whether a whole value matches, in any letter case."""
    return _ILike(column, pattern)
