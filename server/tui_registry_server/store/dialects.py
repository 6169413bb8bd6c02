"""SQL functions that SQLite and PostgreSQL spell differently, mainly for JSON that the database assembles."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Integer,
    Select,
    Text,
    cast,
    column,
    literal_column,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import JSON


class _Document(FunctionElement[Any]):
    """A JSON object without its null members. Columns that cannot be NULL must not come from an outer join."""

    inherit_cache = True
    name = "document"
    type = JSON()


class _Array(FunctionElement[Any]):
    """A JSON array of the rows' values; NULL without rows, so that a document leaves it out."""

    inherit_cache = True
    name = "array"
    type = JSON()


@compiles(_Document, "sqlite")
def _document_sqlite(element: _Document, compiler: SQLCompiler, **options: Any) -> str:
    # Concatenated text: SQLite's own JSON functions would parse each nested document again, at every level.
    parts = list(element.clauses)
    members = [
        _member(compiler.process(name, **options).strip("'"), value, compiler.process(value, **options))
        for name, value in zip(parts[::2], parts[1::2], strict=True)
    ]
    return f"('{{' || substr({' || '.join(members)}, 2) || '}}')"


def _member(name: str, value: ColumnElement[Any], compiled: str) -> str:
    """A member of a document as SQL text, preceded by a comma; empty if the value is NULL."""
    is_json = isinstance(value.type, Integer | JSON)
    if isinstance(value, Column) and not value.nullable:
        return f"',\"{name}\":' || {compiled if is_json else f'json_quote({compiled})'}"
    quoted = f"({compiled})" if is_json else f"nullif(json_quote({compiled}), 'null')"
    return f"coalesce(',\"{name}\":' || {quoted}, '')"


@compiles(_Document, "postgresql")
def _document_postgresql(element: _Document, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_strip_nulls(json_build_object({compiler.process(element.clauses, **options)}))"


@compiles(_Array, "sqlite")
def _array_sqlite(element: _Array, compiler: SQLCompiler, **options: Any) -> str:
    return f"('[' || group_concat({compiler.process(element.clauses, **options)}, ',') || ']')"


@compiles(_Array, "postgresql")
def _array_postgresql(element: _Array, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_agg({compiler.process(element.clauses, **options)})"


class _Strings(FunctionElement[Any]):
    """A JSON array of strings; NULL without rows."""

    inherit_cache = True
    name = "strings"
    type = JSON()


@compiles(_Strings, "sqlite")
def _strings_sqlite(element: _Strings, compiler: SQLCompiler, **options: Any) -> str:
    return f"('[' || group_concat(json_quote({compiler.process(element.clauses, **options)}), ',') || ']')"


@compiles(_Strings, "postgresql")
def _strings_postgresql(element: _Strings, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_agg({compiler.process(element.clauses, **options)})"


class _Elements(FunctionElement[Any]):
    """A subquery: the strings of a JSON array that was passed as a parameter."""

    inherit_cache = True
    name = "elements"


@compiles(_Elements, "sqlite")
def _elements_sqlite(element: _Elements, compiler: SQLCompiler, **options: Any) -> str:
    parameter = compiler.process(element.clauses, **options)
    return f"(SELECT value FROM json_each({parameter}))"  # noqa: S608  # a compiled clause, not a value


@compiles(_Elements, "postgresql")
def _elements_postgresql(element: _Elements, compiler: SQLCompiler, **options: Any) -> str:
    return f"(SELECT json_array_elements_text(CAST({compiler.process(element.clauses, **options)} AS json)))"


class _Greater(FunctionElement[int]):
    """The greater of two numbers."""

    inherit_cache = True
    name = "greater"
    type = Integer()


@compiles(_Greater, "sqlite")
def _greater_sqlite(element: _Greater, compiler: SQLCompiler, **options: Any) -> str:
    return f"max({compiler.process(element.clauses, **options)})"


@compiles(_Greater, "postgresql")
def _greater_postgresql(element: _Greater, compiler: SQLCompiler, **options: Any) -> str:
    return f"greatest({compiler.process(element.clauses, **options)})"


class _Parsed(FunctionElement[Any]):
    """A JSON text as JSON."""

    inherit_cache = True
    name = "parsed"
    type = JSON()


@compiles(_Parsed, "sqlite")
def _parsed_sqlite(element: _Parsed, compiler: SQLCompiler, **options: Any) -> str:
    return f"json({compiler.process(element.clauses, **options)})"


@compiles(_Parsed, "postgresql")
def _parsed_postgresql(element: _Parsed, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **options)} AS json)"


class _Rfc3339(FunctionElement[str]):
    """Milliseconds since the epoch as a text in RFC 3339, in UTC."""

    inherit_cache = True
    name = "rfc3339"
    type = Text()


@compiles(_Rfc3339, "sqlite")
def _rfc3339_sqlite(element: _Rfc3339, compiler: SQLCompiler, **options: Any) -> str:
    milliseconds = compiler.process(element.clauses, **options)
    return f"strftime('%Y-%m-%dT%H:%M:%fZ', {milliseconds} / 1000.0, 'unixepoch')"


@compiles(_Rfc3339, "postgresql")
def _rfc3339_postgresql(element: _Rfc3339, compiler: SQLCompiler, **options: Any) -> str:
    rfc3339 = f"to_timestamp({compiler.process(element.clauses, **options)} / 1000.0) AT TIME ZONE 'UTC'"
    return f"""to_char({rfc3339}, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""


class _Values(FunctionElement[Any]):
    """A subquery: the members of each object of a JSON array of SCIM's complex values that is stored as text."""

    inherit_cache = True
    name = "values"


@compiles(_Values, "sqlite")
def _values_sqlite(element: _Values, compiler: SQLCompiler, **options: Any) -> str:
    listed = compiler.process(element.clauses, **options)
    texts = ", ".join(f"json_extract(value, '$.{name}') AS {name}" for name in ("value", "display", "type"))
    primary = "coalesce(json_extract(value, '$.primary'), 0) AS \"primary\""
    return f"(SELECT {texts}, {primary} FROM json_each({listed}))"  # noqa: S608  # compiled clauses, not values


@compiles(_Values, "postgresql")
def _values_postgresql(element: _Values, compiler: SQLCompiler, **options: Any) -> str:
    listed = compiler.process(element.clauses, **options)
    texts = ", ".join(f"value ->> '{name}' AS {name}" for name in ("value", "display", "type"))
    primary = "coalesce(CAST(value ->> 'primary' AS boolean), false) AS \"primary\""
    return f"(SELECT {texts}, {primary} FROM json_array_elements(CAST({listed} AS json)))"  # noqa: S608  # compiled clauses, not values


class _Unindexed(FunctionElement[Any]):
    """A column for which SQLite uses no index."""

    inherit_cache = True
    name = "unindexed"


@compiles(_Unindexed, "sqlite")
def _unindexed_sqlite(element: _Unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return f"+{compiler.process(element.clauses, **options)}"


@compiles(_Unindexed, "postgresql")
def _unindexed_postgresql(element: _Unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


class _Pairs(FunctionElement[Any]):
    """A subquery: the pairs of a string and a number in a JSON array."""

    inherit_cache = True
    name = "pairs"


@compiles(_Pairs, "sqlite")
def _pairs_sqlite(element: _Pairs, compiler: SQLCompiler, **options: Any) -> str:
    listed = compiler.process(element.clauses, **options)
    pair = "json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS number"
    return f"(SELECT {pair} FROM json_each({listed}))"  # noqa: S608  # compiled clauses, not values


@compiles(_Pairs, "postgresql")
def _pairs_postgresql(element: _Pairs, compiler: SQLCompiler, **options: Any) -> str:
    listed = f"json_array_elements(CAST({compiler.process(element.clauses, **options)} AS json))"
    return f"(SELECT value ->> 0 AS id, CAST(value ->> 1 AS integer) AS number FROM {listed})"  # noqa: S608  # compiled clauses, not values


class _DatabaseTime(FunctionElement[int]):
    """The database's clock."""

    inherit_cache = True
    name = "database_time"
    type = BigInteger()


@compiles(_DatabaseTime, "sqlite")
def _database_time_sqlite(_element: _DatabaseTime, _compiler: SQLCompiler, **_options: Any) -> str:
    return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"  # the Julian day of 1970-01-01


@compiles(_DatabaseTime, "postgresql")
def _database_time_postgresql(_element: _DatabaseTime, _compiler: SQLCompiler, **_options: Any) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"


def document(**members: Any) -> ColumnElement[Any]:
    """A JSON object of these members, without those that are NULL."""
    parts: list[ColumnElement[Any]] = []
    for name, value in members.items():
        parts += [literal_column(f"'{name}'"), value]
    return _Document(*parts)


def array(documents: Select[Any]) -> ColumnElement[Any]:
    """A JSON array of the documents in the one column of a query, in its order; NULL without rows."""
    rows = documents.subquery()
    return select(_Array(rows.c[0])).scalar_subquery()


def strings(texts: Select[Any]) -> ColumnElement[Any]:
    """A JSON array of the strings in the one column of a query, in its order; NULL without rows."""
    rows = texts.subquery()
    return select(_Strings(rows.c[0])).scalar_subquery()


def among(column: ColumnElement[Any], json_array: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a column's value is in a JSON array of strings, given as one parameter."""
    return column.op("IN", is_comparison=True, return_type=Boolean())(_Elements(json_array))


def greater(first: ColumnElement[int], second: ColumnElement[int]) -> ColumnElement[int]:
    """The greater of two numbers."""
    return _Greater(first, second)


def parsed(json_text: ColumnElement[Any]) -> ColumnElement[Any]:
    """JSON that is stored as text, or the result of a CASE, as a member of a document."""
    return _Parsed(json_text)


def rfc3339(milliseconds: ColumnElement[Any]) -> ColumnElement[str]:
    """Milliseconds since the epoch as a text, such as 2026-01-31T12:00:00.000Z."""
    return _Rfc3339(milliseconds)


def values(json_text: ColumnElement[Any]) -> Any:
    """Rows of ``value``, ``display``, ``type`` and ``primary`` (a boolean) of a JSON array of complex values."""
    return _Values(json_text).table_valued("value", "display", "type", column("primary", Boolean))


def text(column: ColumnElement[Any]) -> ColumnElement[str]:
    """A value as a string."""
    return cast(column, Text)


def rendered(json_value: ColumnElement[Any]) -> ColumnElement[str]:
    """A complete document as text, ready to be sent."""
    return cast(json_value, Text)


def unindexed(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A column without an index, so that SQLite reads its table first in a join; no effect on PostgreSQL."""
    return _Unindexed(column)


def pairs(json_array: ColumnElement[Any]) -> Any:
    """Rows of ``id`` and ``number`` of the pairs in a JSON array, given as one parameter."""
    return _Pairs(json_array).table_valued("id", "number")


def database_time() -> ColumnElement[int]:
    """Milliseconds since the epoch, UTC, by the one clock that all servers of a database share."""
    return _DatabaseTime()
