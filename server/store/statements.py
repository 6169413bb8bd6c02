"""Statements that never change, compiled once.

Composing and caching a statement costs SQLAlchemy more than SQLite takes to run it, so what is fixed is a module-level
constant: written in Core, compiled at its first use for each dialect, run by the driver as it is.
"""

from typing import Any, cast

from sqlalchemy import Connection, CursorResult
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement


class Statement:
    """A Core statement with named parameters. Values go to the driver as they are: strings, integers, floats, None."""

    def __init__(self, clause: ClauseElement) -> None:
        self._clause = clause
        self._compiled: dict[str, tuple[str, tuple[str, ...] | None, dict[str, Any]]] = {}

    def run(self, connection: Connection, **parameters: Any) -> CursorResult[*tuple[Any, ...]]:
        """Every parameter that the statement does not hold already must be given: KeyError names the missing one."""
        dialect = connection.dialect.name
        if dialect not in self._compiled:
            self._compiled[dialect] = self._compile(connection)
        sql, positions, own = self._compiled[dialect]
        values = own | parameters
        if positions is not None:
            return connection.exec_driver_sql(sql, tuple(values[name] for name in positions))
        return connection.exec_driver_sql(sql, values)

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
