"""Patterns of LIKE and ILIKE, meaning the same on both databases: ``%`` is any text, ``_`` any one character.

Nothing escapes them. SQLite's own LIKE takes upper for lower case, so it serves ILIKE (for A to Z only), and LIKE
becomes GLOB, which can also find a prefix by an index. PostgreSQL would take a backslash for an escape if it were not
told otherwise; it finds a prefix by an index where the column's collation is "C".
"""

from typing import Any, Self

from sqlalchemy import Boolean, ColumnElement, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

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


def like(column: ColumnElement[Any], pattern: str) -> ColumnElement[bool]:
    """Whether a whole value matches."""
    return _Like(column, literal(pattern), literal(pattern.translate(_GLOB)))


def ilike(column: ColumnElement[Any], pattern: str) -> ColumnElement[bool]:
    """Whether a whole value matches, in any letter case."""
    return _ILike(column, literal(pattern))
