"""Copying a whole registry into another, empty database: every table, in one transaction, read back and compared.

A table's digest is the sum of the SHA-256 of its rows, and so independent of their order. Activities have the same
numbers as before, so that clients can resume the event stream.
"""

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import URL, Connection, String, Table, Text, cast, delete, func, insert, literal, or_, select

from tui_registry_server.rules.errors import BadRequest, InvalidState, ResourceDoesNotExist
from tui_registry_server.store import schema, snapshot, sqlite_import
from tui_registry_server.store.counters import NAMES
from tui_registry_server.store.engine import database_url, make_engine
from tui_registry_server.store.tables import activities, counters, grants, metadata, principals, workspaces
from tui_registry_server.wire.principal import ADMINS, USERS

BATCH = 1000  # rows read and written at a time
MAX_NAMED = 10  # rows listed in a message

Progress = Callable[[int, int], None]
"""Called with the number of rows done, and the total: each row counts twice, written and read back."""


class TableDigest(NamedTuple):
    """A table's content: the number of rows, and the sum of their digests, in hex."""

    name: str
    rows: int
    digest: str


def migrate(source: URL, target: URL, *, now: int, progress: Progress = lambda done, total: None) -> list[TableDigest]:
    """Copy a registry. Returns the content of each table. An SQLite source is not changed: a snapshot of its rows is
    copied, and nothing in it is executed. A PostgreSQL source is upgraded to the current schema, and locked against
    writes. Until everything is written and compared, the target is an empty registry.

    Raises ResourceDoesNotExist if there is no source; InvalidState if the target is not empty or differs from the
    source after copying, if the source has another schema or its audit log is broken; and BadRequest if PostgreSQL
    cannot store a text.
    """
    if source == target:
        raise InvalidState("Source and target are the same database.")
    if source.get_backend_name() != "sqlite":
        schema.upgrade(source, now=now)
        return copy_into(source, target, now=now, progress=progress)
    if not (source.database and Path(source.database).is_file()):
        raise ResourceDoesNotExist(f"There is no database {source.database}.")
    with tempfile.TemporaryDirectory(prefix="tui-registry-migrate-") as folder:
        source_copy, imported = Path(folder) / "copied.db", Path(folder) / "imported.db"
        for file in (source_copy, imported):
            file.touch(mode=0o600)
        snapshot.copy_pages(source_copy, Path(source.database).absolute())
        sqlite_import.import_file(source_copy, imported, now=now)
        return copy_into(database_url(str(imported)), target, now=now, progress=progress)


def copy_into(
    source: URL, target: URL, *, now: int, progress: Progress = lambda done, total: None
) -> list[TableDigest]:
    """The same for a trusted source with the current schema."""
    reading, writing = (make_engine(url, write=True) for url in (source, target))
    try:
        if target.get_backend_name() == "postgresql":
            with reading.begin() as origin:
                _reject_nul_characters(origin)
        schema.upgrade(target, now=now)
        with writing.begin() as destination:
            _require_empty(destination)
            with reading.begin() as origin:  # with the writer's lock, so that it does not change
                return copy_and_compare(origin, destination, progress)
    finally:
        reading.dispose()
        writing.dispose()


def copy_and_compare(origin: Connection, destination: Connection, progress: Progress) -> list[TableDigest]:
    """Copy everything that the origin's transaction sees into an empty registry, read it back and compare it."""
    copied = _copy(origin, destination, progress)
    _compare(copied, destination, progress)
    return copied


def _copy(origin: Connection, destination: Connection, progress: Progress) -> list[TableDigest]:
    for table in reversed(metadata.sorted_tables):
        destination.execute(delete(table))  # the rows of a new registry
    total = 2 * sum(_count(origin, table) for table in metadata.sorted_tables)
    done = 0
    copied = []
    for table in metadata.sorted_tables:
        sums = _DigestSum()
        for batch in _batches(origin, table):
            sums.add(batch)
            destination.execute(insert(table), [dict(row) for row in batch])
            progress(done := done + len(batch), total)
        copied.append(sums.of(table))
    return copied


def _compare(copied: list[TableDigest], destination: Connection, progress: Progress) -> None:
    done = sum(each.rows for each in copied)
    total = 2 * done
    for each in copied:
        table = metadata.tables[each.name]
        sums = _DigestSum()
        for batch in _batches(destination, table):
            sums.add(batch)
            progress(done := done + len(batch), total)
        if sums.of(table) != each:
            raise InvalidState(f"The table {each.name} differs from the source after copying. The copy was discarded.")


class _DigestSum:
    """Sums the digests of the rows of a table."""

    def __init__(self) -> None:
        self._rows = 0
        self._sum = 0

    def add(self, batch: list[Any]) -> None:
        self._rows += len(batch)
        for row in batch:
            content = json.dumps(list(row.values()), ensure_ascii=False, separators=(",", ":"))
            self._sum += int.from_bytes(hashlib.sha256(content.encode()).digest())

    def of(self, table: Table) -> TableDigest:
        return TableDigest(table.name, self._rows, f"{self._sum % 2**256:064x}")


def _batches(connection: Connection, table: Table) -> Iterator[list[Any]]:
    """A table's rows as mappings of its columns, streamed in batches."""
    query = select(table).execution_options(stream_results=True, yield_per=BATCH)
    if table is activities:
        query = query.order_by(activities.c.sequence)  # a trigger allows only the next one
    with connection.execute(query) as result:
        yield from (list(batch) for batch in result.mappings().partitions())


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def _require_empty(destination: Connection) -> None:
    """Raises InvalidState for a database with more than the rows of a new registry."""
    others = select(principals.c.name).where(principals.c.name.not_in((ADMINS, USERS)))
    initial = {principals: 2, grants: 1, workspaces: 1, counters: len(NAMES)}
    if destination.execute(others).first() is not None or any(
        _count(destination, table) > initial.get(table, 0) for table in metadata.sorted_tables
    ):
        raise InvalidState("The target already has a registry. Give an empty database; nothing was written.")


def _reject_nul_characters(origin: Connection) -> None:
    """Raises BadRequest for texts with NUL characters, which PostgreSQL does not allow."""
    found: list[str] = []
    nul = func.char(literal(0))
    for table in metadata.sorted_tables:
        texts = [column for column in table.c if isinstance(column.type, Text)]
        if not texts or origin.dialect.name != "sqlite":
            continue
        query = select(table).where(or_(*(func.instr(cast(column, String), nul) > 0 for column in texts)))
        for row in origin.execute(query.limit(MAX_NAMED)).mappings():
            key = ", ".join(str(row[column.name]).replace("\0", "\\0") for column in table.primary_key)
            columns = ", ".join(column.name for column in texts if "\0" in (row[column.name] or ""))
            found.append(f"{table.name} ({key}): {columns}")
    if found:
        raise BadRequest(
            "PostgreSQL cannot store texts with a NUL character. Nothing was written. Change them first:\n"
            + "\n".join(found[:MAX_NAMED])
            + ("\nand others" if len(found) >= MAX_NAMED else "")
        )
