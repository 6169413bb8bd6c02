"""The database: one place that reads, one that writes.

On SQLite, reads run at once on the caller's thread: they take microseconds, less than handing them to another thread.
Writes queue for one writer thread, which runs each in a savepoint and commits them in groups, so that many writers
share one wait for the disk (``synchronous=FULL``: what is answered is on the disk). On PostgreSQL both run in threads,
each in its own transaction, on a pool of connections; writes take turns there too.
"""

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, IntegrityError, OperationalError
from sqlalchemy.pool import NullPool, StaticPool

from server.rules.errors import Conflict, InvalidParameterValue, RegistryError, TemporarilyUnavailable
from server.store.statements import Statement

__all__ = ["URL", "Connection", "Database", "database_url", "explain", "make_engine"]

T = TypeVar("T")
Work = Callable[[Connection], T]
Job = tuple[Work[Any], asyncio.Future[Any]]
Outcome = tuple[asyncio.Future[Any], Any, Exception | None]

BUSY_TIMEOUT = 30.0  # seconds that a writer waits for another process's transaction
GROUP = 64  # writes in one commit at the most, so that the first does not wait long for the last
CACHE = 64 * 1024  # KiB of pages that the reading connection keeps in memory
MAP = 256 * 1024 * 1024  # bytes of the file that are mapped into memory
LOG = 16 * 1024 * 1024  # bytes that the write-ahead log may keep, once nobody needs more of it
_SAVE, _RELEASE, _UNDO = (
    Statement(text(f"{verb} one_write")) for verb in ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT")
)
_TAKE_TURNS = "SELECT pg_advisory_xact_lock(7469726567697374)"  # any number, always the same


def database_url(location: str) -> URL:
    """A path of an SQLite file, or a URL such as ``sqlite:///registry.db`` or ``postgresql://host/registry``.

    Raises InvalidParameterValue for any other database.
    """
    if "://" not in location:
        return URL.create("sqlite", database=str(Path(location).expanduser().absolute()))
    try:
        url = make_url(location)
    except (ArgumentError, ValueError) as error:
        raise InvalidParameterValue(f"The database's URL could not be read: {error}.") from None
    if url.drivername == "sqlite":
        return url
    if url.get_backend_name() != "postgresql":
        raise InvalidParameterValue(
            f"Databases of the kind '{url.drivername}' are not supported. Give the path of an SQLite file, or a URL "
            "such as postgresql://host/registry."
        )
    if find_spec("psycopg") is None:
        raise InvalidParameterValue(
            "PostgreSQL needs its driver. Install it with: pip install 'tui-registry[postgresql]'"
        )
    return url.set(drivername="postgresql+psycopg")


def make_engine(url: URL, *, write: bool, durable: bool = True) -> Engine:
    """An engine whose connections are set up as the module says. An SQLite file is created readable by its owner."""
    if url.get_backend_name() != "sqlite":
        engine = create_engine(url, isolation_level="READ COMMITTED" if write else "AUTOCOMMIT", pool_pre_ping=True)
        if write:
            # One writer at a time, over all processes, as on SQLite: nobody writes by what another is just changing,
            # and activities become visible in the order of their numbers, so that no event stream misses one.
            event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(_TAKE_TURNS))
        return engine
    if url.database and url.database != ":memory:":
        file = Path(url.database)
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.touch(mode=0o600)
    engine = create_engine(
        url,
        poolclass=StaticPool if not write else NullPool,
        isolation_level=None if write else "AUTOCOMMIT",
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT, "cached_statements": 512},
    )
    if write:
        # The driver would begin a transaction only before the first change; this one locks from the start, so that
        # what it read is still true when it writes.
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))

    @event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            "journal_mode = WAL",
            f"synchronous = {'FULL' if durable else 'OFF'}",
            "foreign_keys = ON",
            f"cache_size = -{CACHE}",
            f"mmap_size = {MAP}",
            f"journal_size_limit = {LOG}",
            "temp_store = MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    return engine


class Database:
    """An open database. ``on_commit`` is called, on the writer's thread, after each commit that changed something."""

    def __init__(self, url: URL, *, durable: bool = True) -> None:
        self.url = url
        self.on_commit: Callable[[], None] = lambda: None
        self._sqlite = url.get_backend_name() == "sqlite"
        self._reader = make_engine(url, write=False)
        self._writer = make_engine(url, write=True, durable=durable)
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        if self._sqlite:
            self._reading = self._reader.connect()
            self._thread = threading.Thread(target=self._write_queued, name="registry-writer", daemon=True)
            self._thread.start()

    async def read(self, work: Work[T]) -> T:
        """Run statements that change nothing."""
        if self._sqlite:
            return work(self._reading)
        return await asyncio.to_thread(self._read_pooled, work)

    async def write(self, work: Work[T]) -> T:
        """Run statements in one transaction; returns when it is committed. An exception undoes all of it.

        A caller that stops waiting does not stop the write.
        """
        if self._sqlite:
            done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
            self._jobs.put((work, done))
            return await done
        return await asyncio.shield(asyncio.to_thread(self._write_pooled, work))

    def close(self) -> None:
        """Finish what is queued, then close every connection."""
        if self._thread is not None:
            self._jobs.put(None)
            self._thread.join()
            self._reading.close()
        self._reader.dispose()
        self._writer.dispose()

    def _read_pooled(self, work: Work[T]) -> T:
        with self._reader.connect() as connection:
            return work(connection)

    def _write_pooled(self, work: Work[T]) -> T:
        with self._writer.begin() as connection:
            result = work(connection)
        self.on_commit()
        return result

    def _write_queued(self) -> None:
        with self._writer.connect() as connection:
            while (first := self._jobs.get()) is not None:
                group = [first]
                ended = False
                while len(group) < GROUP and not self._jobs.empty():
                    job = self._jobs.get()
                    if job is None:
                        ended = True
                        break
                    group.append(job)
                self._write_group(connection, group)
                if ended:
                    return

    def _write_group(self, connection: Connection, group: list[Job]) -> None:
        outcomes: list[Outcome] = []
        try:
            with connection.begin():
                for work, done in group:
                    _SAVE.run(connection)
                    try:
                        outcomes.append((done, work(connection), None))
                    except Exception as error:  # it is the answer to whoever asked for this write
                        _UNDO.run(connection)
                        outcomes.append((done, None, error))
                    _RELEASE.run(connection)
        except Exception as error:  # the thread must live on, and every writer of the group be told
            failure = explain(error) or error
            outcomes = [(done, None, failure) for _, done in group]
        else:
            if any(problem is None for _, _, problem in outcomes):
                self.on_commit()
        with contextlib.suppress(RuntimeError):  # the loop has ended, and nobody waits any more
            group[0][1].get_loop().call_soon_threadsafe(_tell, outcomes)


def _tell(outcomes: list[Outcome]) -> None:
    """Tell all writers of a group at once: waking the event loop for each would cost as much as a small write."""
    for done, answer, problem in outcomes:
        if done.cancelled():
            continue
        if problem is None:
            done.set_result(answer)
        else:
            done.set_exception(problem)


def explain(error: Exception) -> RegistryError | None:
    """What a client is told when the database itself refuses; None if the error is not the database's."""
    if isinstance(error, OperationalError):
        return TemporarilyUnavailable(
            f"The database could not be used ({error.orig}). Nothing was changed. Try again; if it stays so, ask the "
            "registry's operator to look at the disk and the log."
        )
    if isinstance(error, IntegrityError):
        return Conflict("Somebody else changed the same thing at the same time. Nothing was changed; look again.")
    return None
