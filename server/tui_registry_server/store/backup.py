"""Backup to one file, and restoring it. The file is an SQLite database, also of a registry in PostgreSQL: it can be
opened, verified and served as it is."""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from sqlalchemy import URL

from tui_registry_server.rules.audit import Chain, Head
from tui_registry_server.rules.errors import InvalidState, ResourceDoesNotExist
from tui_registry_server.store import activities, database_copy, schema, snapshot, sqlite_import
from tui_registry_server.store.engine import database_url, make_engine
from tui_registry_server.store.snapshot import Progress


def back_up(
    source: URL, file: Path, *, now: int, verify: bool = False, progress: Progress = snapshot.no_progress
) -> Head | None:
    """Write a snapshot of the registry into a new file, while others may write to the registry.

    ``verify``: read it back before it gets its name. Checks the database and its audit log, which must include the
    record that was the newest at the start. Returns the head of that log, None if it is empty or was not verified.

    Raises InvalidState if the file exists, if there is no registry to back up, or if the backup is damaged.
    """
    with snapshot.new_file(file) as partial:
        earlier = _head(source) if verify else None
        _write(source, partial, now, progress)
        return _verify(partial, earlier) if verify else None


def _write(source: URL, partial: Path, now: int, progress: Progress) -> None:
    if source.get_backend_name() == "sqlite":
        snapshot.fill(partial, _existing(source), progress)
        return
    target = database_url(str(partial))
    schema.upgrade(target, now=now)
    reading, writing = make_engine(source, write=False), make_engine(target, write=True, durable=False)
    try:
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with reading.connect().execution_options(**options) as origin, writing.begin() as destination:
            origin.exec_driver_sql("SET LOCAL statement_timeout = 0")
            schema.check(origin)
            database_copy.copy_and_compare(origin, destination, progress)
    finally:
        reading.dispose()
        writing.dispose()
    _disable_wal(partial)


def _head(source: URL) -> Head | None:
    """The head of a registry's audit log."""
    with schema.open_registry(source) as connection:
        head = activities.head(connection)
        return Head(head.sequence, head.digest) if head.sequence else None


def _verify(copy: Path, earlier: Head | None) -> Head | None:
    """The head of a copy's audit log. Raises InvalidState if the copy is damaged or lacks an earlier head."""
    chain = Chain(earlier)
    with schema.open_registry(database_url(str(copy))) as connection:
        result = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar_one()
        if result != "ok":
            raise InvalidState(f"The backup is damaged: {result}.")
        for record in activities.records(connection):
            chain.verify(record)
        chain.end()
    _disable_wal(copy)
    return chain.head


def restore(
    file: Path, target: URL, *, replace: bool, now: int, progress: Progress = snapshot.no_progress
) -> tuple[Head | None, Path | None]:
    """Replace a database with a backup. Returns the head of its audit log, and the new name of the previous database.

    ``replace``: rename an existing SQLite file. Raises InvalidState if there is one without ``replace``, or if it is in
    use; if the backup is damaged, not a registry, of another schema, or its audit log is broken; and if a PostgreSQL
    database is not empty. Raises schema.SchemaTooNewError for the backup of a newer program. Nothing in the file is
    executed: see store.sqlite_import.
    """
    file = _standalone_file(file)
    if target.get_backend_name() != "sqlite":
        with tempfile.TemporaryDirectory(prefix="tui-registry-restore-") as folder:
            copy = Path(folder) / "registry.db"
            copy.touch(mode=0o600)
            head = _import(file, copy, now, progress)
            database_copy.copy_into(database_url(str(copy)), target, now=now, progress=progress)
            return head, None
    place = Path(target.database or "")
    existing = snapshot.parts(place)
    if existing and not replace:
        raise InvalidState(f"{existing[0]} exists already. With --force it is renamed.")
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with snapshot.partial_file(place) as copy:
        head = _import(file, copy, now, progress)
        snapshot.sync(copy)
        renamed = _rename(place, now) if existing else None
        copy.replace(place)
        snapshot.sync(place.parent)
    return head, renamed


def _standalone_file(file: Path) -> Path:
    """The resolved path of a database file that has no journal or write-ahead log. Raises InvalidState."""
    if not file.exists():
        raise ResourceDoesNotExist(f"There is no file {file}.")
    if not file.is_file():
        raise InvalidState(f"{file} is not a file. Give a backup.")
    file = file.resolve()
    for each in ("-wal", "-journal"):
        beside = Path(f"{file}{each}")
        if os.path.lexists(beside) and not (beside.is_file() and beside.stat().st_size == 0):
            raise InvalidState(
                f"There is {beside}: so {file} is not a backup, but a database that is in use, or was when its server "
                f"was killed. Make a backup of it, and restore that: tui-registry backup NEW_FILE --database {file}"
            )
    return file


def _import(file: Path, copy: Path, now: int, progress: Progress) -> Head | None:
    """Copy a backup's rows into an empty file, with the current schema. Verifies its audit log; returns the head."""
    with snapshot.partial_file(copy) as source_copy:
        snapshot.copy_pages(source_copy, file, progress, immutable=True)
        head = sqlite_import.import_file(source_copy, copy, now=now, progress=progress)
    _disable_wal(copy)
    return head


def _disable_wal(file: Path) -> None:
    """Merge the write-ahead log into the file, and remove it."""
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA journal_mode = DELETE").fetchone()


def _rename(place: Path, now: int) -> Path:
    """Rename an unused database, with its journal and write-ahead log: SQLite would apply those that a killed server
    has left to the new database. Returns the new name."""
    time = datetime.fromtimestamp(now / 1000, UTC)
    name = f"{place.name}.before-restore-{time:%Y%m%dT%H%M%SZ}"
    new = next(free for free in _numbered(place.with_name(name)) if not snapshot.parts(free))
    if place.exists():
        _merge_wal(place)
    return [each.replace(f"{new}{each.name.removeprefix(place.name)}") for each in reversed(snapshot.parts(place))][-1]


def _merge_wal(place: Path) -> None:
    """Merge the write-ahead log of a database into its file, unless it is damaged. Raises InvalidState if it is in
    use."""
    try:
        with closing(sqlite3.connect(place, timeout=0)) as database:
            # Leaving the write-ahead mode needs exclusive access.
            (mode,) = database.execute("PRAGMA journal_mode = DELETE").fetchone()
        if mode != "delete":
            raise InvalidState(f"{place} is in use. Stop the servers and consoles on it first.")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise
        raise InvalidState(f"{place} is in use. Stop the servers and consoles on it first.") from None
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return  # it is renamed as it is


def _numbered(file: Path) -> Iterator[Path]:
    """A name, and numbered variants: one may have been used in the same second."""
    yield file
    yield from (file.with_name(f"{file.name}-{number}") for number in count(2))


def _existing(source: URL) -> Path:
    if not (source.database and Path(source.database).is_file()):
        raise ResourceDoesNotExist(f"There is no database {source.database}.")
    return Path(source.database)
