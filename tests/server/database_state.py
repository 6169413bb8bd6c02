"""The content of a registry's database, to check whether anything changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, select

from tui_registry_server.store.counters import WEBHOOKS
from tui_registry_server.store.engine import database_url, make_engine
from tui_registry_server.store.tables import metadata

IGNORED_COLUMNS = {("tokens", "last_used_timestamp")}
"""Columns that even a refused request may change."""
IGNORED_ROWS = {("counters", WEBHOOKS)}
"""Rows that the server changes by itself, after earlier requests: by table and first column."""


class DatabaseState:
    """Reads the database of a running server directly."""

    def __init__(self, database: str) -> None:
        self._engines = [make_engine(database_url(database), write=False) for _ in range(2)]
        self._before_connection, self._connection = [engine.connect() for engine in self._engines]
        self._sqlite = self._before_connection.dialect.name == "sqlite"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for connection in (self._before_connection, self._connection):
            connection.close()
        for engine in self._engines:
            engine.dispose()

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """The block must not change the database."""
        version = self.version()
        self._before_connection.exec_driver_sql("BEGIN" if self._sqlite else "BEGIN ISOLATION LEVEL REPEATABLE READ")
        try:
            self._before_connection.exec_driver_sql(
                "SELECT count(*) FROM counters"
            )  # a new transaction, which sees the current state
            yield
            if version is None or self.version() != version:  # otherwise nobody has written
                before, after = rows(self._before_connection), rows(self._connection)
                for table in after:
                    assert after[table] == before[table], f"{table} changed: {after[table] ^ before[table]}"
        finally:
            self._before_connection.exec_driver_sql("ROLLBACK")

    def version(self) -> int | None:
        """A number that differs after every commit of others; None if the database has none."""
        return self._connection.exec_driver_sql("PRAGMA data_version").scalar_one() if self._sqlite else None


def rows(connection: Connection) -> dict[str, set[Any]]:
    """Every row of every table."""
    return {
        table.name: {
            tuple(row)
            for row in connection.execute(select(*(c for c in table.c if (table.name, c.name) not in IGNORED_COLUMNS)))
            if (table.name, row[0]) not in IGNORED_ROWS
        }
        for table in metadata.sorted_tables
    }


@contextmanager
def changing(database: str) -> Iterator[Connection]:
    """A write transaction directly on the database."""
    engine = make_engine(database_url(database), write=True)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()
