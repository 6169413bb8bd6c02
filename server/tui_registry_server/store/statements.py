"""Statements that never change, compiled once.

Composing and caching a statement costs SQLAlchemy more than SQLite takes to run it, so what is fixed is a module-level
constant: written in Core, compiled at its first use for each dialect. On SQLite it goes straight to the driver, as
SQLAlchemy's own results, too, would cost more than the rows in them.
"""

import sqlite3
from collections.abc import Iterable
from typing import Any, TypeAlias, cast

from pydantic_core import to_json
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement

_Compiled: TypeAlias = tuple[str, tuple[str, ...] | None, dict[str, Any]]
"""The SQL, the names of the parameters in their order where they have none in it, and those that it holds already."""
MAX_PAGE_BYTES = 2 * 1024 * 1024  # of JSON: more would be seconds of work for a page of a thousand long texts
LONG_TEXT = 1000  # characters: a text of fewer is no matter, however it is written


class Rows(list[tuple[Any, ...]]):
    """The rows of a result. ``rowcount`` is how many a statement changed."""

    rowcount = 0
    more = False
    """Whether there are further rows, which did not fit."""

    def first(self) -> tuple[Any, ...] | None:
        return self[0] if self else None


class Statement:
    """A Core statement with named parameters. Values go to the driver as they are: strings, integers, floats, None."""

    def __init__(self, clause: ClauseElement) -> None:
        self._clause = clause
        self._compiled: dict[str, _Compiled] = {}

    def run(self, connection: Connection, **parameters: Any) -> Rows:
        """Every parameter that the statement does not hold already must be given: KeyError names the missing one."""
        sql, positions, own = self._compiled.get(connection.dialect.name) or self._compile(connection)
        parameters.update(own)
        if positions is not None:
            return _run_on_sqlite(connection, sql, [parameters[name] for name in positions])
        result = connection.exec_driver_sql(sql, parameters)
        rows = Rows(result.all() if result.returns_rows else ())
        rows.rowcount = result.rowcount
        return rows

    def page(self, connection: Connection, limit: int, max_bytes: int = MAX_PAGE_BYTES, **parameters: Any) -> Rows:
        """At most ``limit`` rows and ``max_bytes`` bytes of JSON, but at least one row. The statement has a
        parameter ``limit``, and no other bound. On SQLite no more than these rows are read."""
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
    """In JSON, where a character may take six bytes."""
    return len(text) if len(text) < LONG_TEXT else len(to_json(text))


def _run_on_sqlite(connection: Connection, sql: str, values: list[Any]) -> Rows:
    """The transaction is the connection's own: SQLite's are begun by statements, not by SQLAlchemy's first one."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(sql, values)
        rows = Rows(cursor.fetchall())
        rows.rowcount = cursor.rowcount
        return rows
    except sqlite3.Error as error:
        raise DBAPIError.instance(sql, values, error, sqlite3.Error, dialect=connection.dialect) from error
    finally:
        cursor.close()
