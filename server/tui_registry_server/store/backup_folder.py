"""Backups in a folder, named by their time: each is verified before it gets its name, and older ones are removed."""

import contextlib
import fcntl
import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import URL

from tui_registry_server.rules import backup_schedule
from tui_registry_server.rules.audit import Head
from tui_registry_server.rules.errors import ResourceDoesNotExist
from tui_registry_server.store import backup, counters, schema
from tui_registry_server.store.engine import make_engine
from tui_registry_server.store.snapshot import Progress, no_progress

LOCK_POLL = 1.0  # seconds between looks whether another process has finished its backup
_TRY_LOCK = "SELECT pg_try_advisory_xact_lock(7469726567697375)"  # any number but the writers': see store.postgresql


class Kept(NamedTuple):
    """The newest backup; if it was made now, with the head of its audit log; and the names of those that were
    removed."""

    file: Path
    is_new: bool
    head: Head | None = None
    removed: Sequence[str] = ()


def back_up_into(
    folder: Path,
    source: URL,
    *,
    keep: int,
    every: int = 0,
    clock: Callable[[], int],
    progress: Progress = no_progress,
) -> Kept:
    """Back a registry up into an existing folder, unless its newest backup there is less than ``every`` seconds old.

    Of the registry's backups there, the ``keep`` newest are kept, nothing else is touched; if the backup fails, none
    is removed. Waits while another process, on any machine, backs up the same PostgreSQL database, or on this one into
    the same folder. ``clock`` is the time in milliseconds since the epoch. Raises as back_up does.
    """
    if not folder.is_dir():
        raise ResourceDoesNotExist(f"There is no folder {folder}. Create it first.")
    registry = _registry_id(source)
    with _database_lock(source), _folder_lock(folder / f".registry-{registry}.lock"):
        now = clock()
        name = backup_schedule.newest(_files(folder), registry, now)
        if name is not None and (backup_schedule.time_of(name) or 0) > now - every * 1000:
            return Kept(folder / name, is_new=False)
        _remove_partial(folder, registry)
        while (file := folder / backup_schedule.file_name(registry, now)).exists():  # made in this second
            time.sleep(1 - now % 1000 / 1000)
            now = clock()
        head = backup.back_up(source, file, now=now, verify=True, progress=progress)
        removed = backup_schedule.superfluous(_files(folder), registry, keep)
        for each in removed:
            (folder / each).unlink(missing_ok=True)
        return Kept(file, True, head, removed)


def _registry_id(source: URL) -> int:
    with schema.open_registry(source) as connection:
        return counters.read(connection, counters.WORKSPACE)


def _files(folder: Path) -> list[str]:
    """The names of the regular files in a folder."""
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries if stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode)]


def _remove_partial(folder: Path, registry: int) -> None:
    """Remove what a backup that was killed has left: nobody else writes one now."""
    for name in _files(folder):
        if name.startswith(f".registry-{registry}-") and ".partial" in name:
            (folder / name).unlink(missing_ok=True)


@contextlib.contextmanager
def _database_lock(source: URL) -> Iterator[None]:
    """Hold a lock of the PostgreSQL database; it ends with the connection. It is a transaction's, so that it holds
    through a pooler, and polled: a statement that waits for it would keep the database from cleaning up."""
    if source.get_backend_name() == "sqlite":
        yield
        return
    engine = make_engine(source, write=False)
    try:
        with engine.connect().execution_options(isolation_level="READ COMMITTED") as connection, connection.begin():
            connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
            while not connection.exec_driver_sql(_TRY_LOCK).scalar_one():
                time.sleep(LOCK_POLL)
            yield
    finally:
        engine.dispose()


@contextlib.contextmanager
def _folder_lock(file: Path) -> Iterator[None]:
    """Hold a lock on a file, which stays."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
