"""Constant statements, compiled once.

Building a statement and looking it up in SQLAlchemy's cache costs more than running it on SQLite, so a constant one is
compiled once per dialect, at its first use. On SQLite it bypasses SQLAlchemy's execution, as its results cost more than
the rows in them, too.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias, cast

from pydantic_core import to_json
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement

_Compiled: TypeAlias = tuple[str, tuple[str, ...] | None, dict[str, Any]]
"""The SQL; the names of the parameters in their order, if they are positional; and the values of bound literals."""
MAX_PAGE_BYTES = 2 * 1024 * 1024  # of JSON: a page of a thousand long texts would take seconds
LONG_TEXT = 1000  # characters: for shorter texts the size in JSON is not computed exactly


class Rows(list[tuple[Any, ...]]):
    """The rows of a result. ``rowcount`` is how many a statement changed."""

    rowcount = 0
    more = False
    """Whether there are further rows."""

    def first(self) -> tuple[Any, ...] | None:
        return self[0] if self else None


class Statement:
    """A Core statement with named parameters. Values are not converted: strings, integers, floats, None."""

    def __init__(self, clause: ClauseElement) -> None:
        self._clause = clause
        self._compiled: dict[str, _Compiled] = {}

    def run(self, connection: Connection, **parameters: Any) -> Rows:
        """Raises KeyError for a missing parameter."""
        sql, positions, own = self._compiled.get(connection.dialect.name) or self._compile(connection)
        parameters.update(own)
        if positions is not None:
            return _run_on_sqlite(connection, sql, [parameters[name] for name in positions])
        result = connection.exec_driver_sql(sql, parameters)
        rows = Rows(result.all() if result.returns_rows else ())
        rows.rowcount = result.rowcount
        return rows

    def run_many(self, connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
        """Run it once for each of these parameters; results are dropped."""
        if not rows:
            return
        sql, positions, own = self._compiled.get(connection.dialect.name) or self._compile(connection)
        if positions is None:
            connection.exec_driver_sql(sql, [row | own for row in rows])
            return
        cursor = connection.connection.cursor()
        try:
            cursor.executemany(sql, [[(row | own)[name] for name in positions] for row in rows])
        except sqlite3.Error as error:
            raise DBAPIError.instance(sql, None, error, sqlite3.Error, dialect=connection.dialect) from error
        finally:
            cursor.close()

    def page(self, connection: Connection, limit: int, max_bytes: int = MAX_PAGE_BYTES, **parameters: Any) -> Rows:
        """At most ``limit`` rows and ``max_bytes`` bytes of JSON, but at least one row. The statement must have a
        parameter ``limit``. On SQLite, no further rows are read."""
        sql, positions, own = self._compiled.get(connection.dialect.name) or self._compile(connection)
        parameters |= {**own, "limit": limit + 1}
        if positions is None:
            return _take_fitting(connection.exec_driver_sql(sql, parameters).all(), limit, max_bytes)
        values = [parameters[name] for name in positions]
        cursor = connection.connection.cursor()
        try:
            return _take_fitting(cursor.execute(sql, values), limit, max_bytes)
        except sqlite3.Error as error:
            raise DBAPIError.instance(sql, values, error, sqlite3.Error, dialect=connection.dialect) from error
        finally:
            cursor.close()

    def scalar(self, connection: Connection, **parameters: Any) -> Any:
        """The first column of the first row, or None."""
        row = self.run(connection, **parameters).first()
        return None if row is None else row[0]

    def _compile(self, connection: Connection) -> _Compiled:
        compiled = cast(
            "SQLCompiler",
            self._clause.compile(dialect=connection.dialect),
        )
        positions = None if compiled.positiontup is None else tuple(compiled.positiontup)
        own = {compiled.bind_names[bind]: bind.effective_value for bind in compiled.bind_names if not bind.required}
        whole = self._compiled[connection.dialect.name] = (compiled.string, positions, own)
        return whole


def _take_fitting(found: Iterable[Any], limit: int, max_bytes: int) -> Rows:
    rows = Rows()
    size = 0
    for row in found:
        size += sum(_size(each) for each in row if isinstance(each, str))
        if rows and (size > max_bytes or len(rows) == limit):
            rows.more = True
            break
        rows.append(tuple(row))
    return rows


def _size(text: str) -> int:
    """The size in JSON, where a character may have six bytes."""
    return len(text) if len(text) < LONG_TEXT else len(to_json(text))


def _run_on_sqlite(connection: Connection, sql: str, values: list[Any]) -> Rows:
    """Without SQLAlchemy's autobegin: transactions on SQLite are begun by explicit statements."""
    driver: Any = connection.connection.dbapi_connection
    try:
        cursor = driver.execute(sql, values)
        rows = Rows(cursor.fetchall())
        rows.rowcount = cursor.rowcount
        return rows
    except sqlite3.Error as error:
        raise DBAPIError.instance(sql, values, error, sqlite3.Error, dialect=connection.dialect) from error
