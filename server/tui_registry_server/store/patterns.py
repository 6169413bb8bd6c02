"""Patterns of LIKE and ILIKE with the same meaning on both databases: ``%`` is any text, ``_`` any one character. And
how to match them by an index.

There is no escape. SQLite's own LIKE is case-insensitive (for A to Z only), so ILIKE becomes LIKE there, and LIKE
becomes GLOB, which can also find a prefix by an index. On PostgreSQL, ``ESCAPE ''`` turns off the backslash as an
escape; it finds a prefix by an index if the column's collation is "C".
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
        """Stay as it is in a WHERE: with ``... = 1``, which SQLAlchemy would add for SQLite, no index would be used."""
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
    """A column, a text, and its pattern for PostgreSQL: see contains_pattern."""

    inherit_cache = True
    name = "contains"


@compiles(_Contains, "sqlite")
def _contains_sqlite(element: _Contains, compiler: SQLCompiler, **options: Any) -> str:
    column, text = (compiler.process(each, **options) for each in list(element.clauses)[:2])
    return f"instr(lower({column}), lower({text})) > 0"


@compiles(_Contains, "postgresql")
def _contains_postgresql(element: _Contains, compiler: SQLCompiler, **options: Any) -> str:
    # ILIKE folds case by the column's collation, unlike lower() of a parameter.
    column, _, pattern = element.clauses
    return f"{compiler.process(column, **options)} ILIKE {compiler.process(pattern, **options)} ESCAPE '!'"


class _NamesLike(FunctionElement[Any]):
    """A subquery: the models whose names match a pattern with a trigram. The pattern is given twice: for LIKE and for
    GLOB."""

    inherit_cache = True
    name = "names_like"


class _NamesILike(_NamesLike):
    """The same case-insensitively; the pattern is given once."""

    inherit_cache = True
    name = "names_ilike"


def _by_trigrams(operator: str, pattern: str) -> str:
    """FTS5 finds the names with the pattern's trigrams, and SQLite checks whether they match. See migration 0003."""
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
    return f"(SELECT id AS model_id FROM registered_models WHERE {matches})"  # noqa: S608  # compiled clauses, not values


@compiles(_NamesILike, "postgresql")
def _names_ilike_postgresql(element: _NamesLike, compiler: SQLCompiler, **options: Any) -> str:
    matches = f"name ILIKE {compiler.process(element.clauses, **options)} ESCAPE ''"
    return f"(SELECT id AS model_id FROM registered_models WHERE {matches})"  # noqa: S608  # compiled clauses, not values


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
    # The index has the first 100 characters of values: see migration 0003.
    column, value = (compiler.process(each, **options) for each in element.clauses)
    return f"(substr({column}, 1, 100) = substr({value}, 1, 100) AND {column} = {value})"


def has_trigram(pattern: str) -> bool:
    """Whether names_like can be used for a pattern: it has three consecutive literal characters that are also
    consecutive in GLOB, where ``*``, ``?`` and ``[`` get brackets. For shorter ones FTS5 would find nothing if they
    have three bytes."""
    return re.search(r"[^%_*?[]{3}", pattern) is not None


def to_glob(pattern: str) -> str:
    """A pattern of LIKE as one of SQLite's GLOB."""
    return pattern.translate(_GLOB)


def names_like(pattern: Text, glob: Text) -> Any:
    """Rows of one column, ``model_id``: the models whose names match."""
    return _NamesLike(pattern, glob).table_valued("model_id")


def names_ilike(pattern: Text) -> Any:
    """The same case-insensitively."""
    return _NamesILike(pattern).table_valued("model_id")


def has_value(column: ColumnElement[Any], value: Text) -> ColumnElement[bool]:
    """Whether the text in a column, which may be long, equals a value."""
    return _HasValue(column, value)


def like(column: ColumnElement[Any], pattern: Text, glob: Text) -> ColumnElement[bool]:
    """Whether a whole value matches a pattern, case-sensitively."""
    return _Like(column, pattern, glob)


def contains_pattern(text: str) -> str:
    """The pattern of values with this substring, with ``!`` as the escape."""
    return f"%{text.translate(_LITERAL)}%"


def contains(column: ColumnElement[Any], text: Text, pattern: Text) -> ColumnElement[bool]:
    """Whether a value has this substring, case-insensitively. ``pattern``: the text's contains_pattern."""
    return _Contains(column, text, pattern)


def ilike(column: ColumnElement[Any], pattern: Text) -> ColumnElement[bool]:
    """Whether a whole value matches a pattern, case-insensitively."""
    return _ILike(column, pattern)
