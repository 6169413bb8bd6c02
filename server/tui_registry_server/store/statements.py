"""Statements that never change, compiled once.

Composing and caching a statement costs SQLAlchemy more than SQLite takes to run it, so what is fixed is a module-level
constant: written in Core, compiled at its first use for each dialect. On SQLite it goes straight to the driver, as
SQLAlchemy's own results, too, would cost more than the rows in them.
"""

import sqlite3
from typing import Any, cast

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement


class Rows(list[tuple[Any, ...]]):
    """All rows of a result. ``rowcount`` is how many a statement changed."""

    rowcount = 0

    def first(self) -> tuple[Any, ...] | None:
        return self[0] if self else None


class Statement:
    """A Core statement with named parameters. Values go to the driver as they are: strings, integers, floats, None."""

    def __init__(self, clause: ClauseElement) -> None:
        self._clause = clause
        self._compiled: dict[str, tuple[str, tuple[str, ...] | None, dict[str, Any]]] = {}

    def run(self, connection: Connection, **parameters: Any) -> Rows:
        """Every parameter that the statement does not hold already must be given: KeyError names the missing one."""
        compiled = self._compiled.get(connection.dialect.name)
        if compiled is None:
            compiled = self._compiled[connection.dialect.name] = self._compile(connection)
        sql, positions, own = compiled
        parameters.update(own)
        if positions is not None:
            return _run_on_sqlite(connection, sql, [parameters[name] for name in positions])
        result = connection.exec_driver_sql(sql, parameters)
        rows = Rows(result.all() if result.returns_rows else ())
        rows.rowcount = result.rowcount
        return rows

    def scalar(self, connection: Connection, **parameters: Any) -> Any:
        """The first column of the first row, or None."""
        row = self.run(connection, **parameters).first()
        return None if row is None else row[0]

    def _compile(self, connection: Connection) -> tuple[str, tuple[str, ...] | None, dict[str, Any]]:
        compiled = cast(
            "SQLCompiler",
            self._clause.compile(dialect=connection.dialect),
        )
        positions = None if compiled.positiontup is None else tuple(compiled.positiontup)
        own = {compiled.bind_names[bind]: bind.effective_value for bind in compiled.bind_names if not bind.required}
        return compiled.string, positions, own


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
