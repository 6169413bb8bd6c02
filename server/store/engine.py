"""The database: one place that reads, one that writes.

On SQLite, reads run at once on the caller's thread: they take microseconds, less than handing them to another thread.
Those that may take longer, such as searches, run in threads, each with a connection of its own, so that they hold up
nobody's other calls; they are given up when they take too long. Writes queue for one writer thread, which runs each in
a savepoint and commits them in groups, so that many writers share one wait for the disk (``synchronous=FULL``: what is
answered is on the disk). On PostgreSQL each process has such a writer, and they take turns; all reads run in threads.
"""

import asyncio
import contextlib
import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.pool import QueuePool

from server.rules.errors import Conflict, InvalidParameterValue, RegistryError, TemporarilyUnavailable
from server.store.postgresql import CANCELLED, READ_ONLY, listen, postgresql_engine
from server.store.statements import Statement

__all__ = [
    "CONNECTIONS",
    "LONGEST_READ",
    "URL",
    "Connection",
    "Database",
    "database_url",
    "explain",
    "make_engine",
    "shown",
    "summary",
]

log = logging.getLogger(__name__)

T = TypeVar("T")
Work = Callable[[Connection], T]
Job = tuple[Work[Any], asyncio.Future[Any]]
Outcome = tuple[asyncio.Future[Any], Any, Exception | None]

BUSY_TIMEOUT = 30.0  # seconds that a writer waits for another process's transaction
CONNECTIONS = 8  # to PostgreSQL that read, where nothing else is said
THREADS = min(4, os.cpu_count() or 1)  # that read an SQLite file at length
LONGEST_READ = 10.0  # seconds, where nothing else is said
AGAIN = 0.05  # seconds until a read that goes on though it was interrupted is interrupted once more
GROUP = 64  # writes in one commit at the most, so that the first does not wait long for the last
CACHE = 32 * 1024  # KiB of pages that a reading connection keeps in memory
MAP = 256 * 1024 * 1024  # bytes of the file that are mapped into memory
LOG = 16 * 1024 * 1024  # bytes that the write-ahead log may keep, once nobody needs more of it
_TOO_LONG = (
    "This takes the database too long to answer. Ask for less: a filter with another comparison, with fewer of them or "
    "with a pattern that does not begin with %, or a smaller page."
)
_PATIENCE = "patience"
_SAVE, _RELEASE, _UNDO = (
    Statement(text(f"{verb} one_write")) for verb in ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT")
)


def database_url(location: str) -> URL:
    """A path of an SQLite file, or a URL such as ``sqlite:///registry.db`` or ``postgresql://host/registry``.

    Raises InvalidParameterValue for any other database.
    """
    if "://" not in location:
        return URL.create("sqlite", database=str(Path(location).expanduser().absolute()))
    try:
        url = make_url(location)
    except (ArgumentError, ValueError):  # whose words may be a part of the password
        raise InvalidParameterValue(
            "The database's URL could not be read. It is written as postgresql://user@host:5432/registry; in a "
            "password, characters such as @ : / are written as %40 %3A %2F."
        ) from None
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


def shown(location: str) -> str:
    """A database as it may be told in messages and logs: without what could be secret in it."""
    if "://" not in location:
        return location
    url = database_url(location)
    return url.set(drivername=url.get_backend_name(), query={}).render_as_string()


def make_engine(
    url: URL, *, write: bool, durable: bool = True, connections: int = 1, longest_read: float = LONGEST_READ
) -> Engine:
    """An engine whose connections are set up as the module says. An SQLite file is created readable by its owner."""
    if url.get_backend_name() != "sqlite":
        return postgresql_engine(url, write=write, durable=durable, connections=connections, longest_read=longest_read)
    if url.database and url.database != ":memory:":
        file = Path(url.database)
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.touch(mode=0o600)
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
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


class _Patience:
    """With a read in a thread. When it is lost, SQLite is interrupted; on PostgreSQL, which loses its own with each
    statement, the read begins no other."""

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._lock = threading.Lock()
        self._lost = False
        self._driver: sqlite3.Connection | None = None
        self._loop = loop
        self._timer = loop.call_later(seconds, self._lose)

    def _lose(self) -> None:
        with self._lock:  # so that the next to use the connection is not the one interrupted
            self._lost = True
            if self._driver is not None:
                self._driver.interrupt()
        self._timer = self._loop.call_later(AGAIN, self._lose)  # it may have been between two statements

    def end(self) -> None:
        self._timer.cancel()

    def check(self) -> None:
        if self._lost:
            raise InvalidParameterValue(_TOO_LONG)

    @contextlib.contextmanager
    def with_what_runs_on(self, connection: Connection) -> Iterator[None]:
        """Raises TemporarilyUnavailable, if it was lost before anything could run."""
        driver = connection.connection.driver_connection
        with self._lock:
            if self._lost:
                raise TemporarilyUnavailable("The server is busy with other searches and lists. Try again.")
            self._driver = driver if isinstance(driver, sqlite3.Connection) else None
        known = connection.info
        known[_PATIENCE] = self
        try:
            yield
        finally:
            del known[_PATIENCE]  # the connection's own, even if that has broken
            with self._lock:
                self._driver = None


def _check_patience(connection: Connection, *_: object) -> None:
    patience = connection.info.get(_PATIENCE)
    if patience is not None:
        patience.check()


class Database:
    """An open database. ``on_commit`` is called, on the writer's thread, after each commit that changed something.

    On PostgreSQL it has ``connections`` connections to read with, and two more: one that writes, and one that listens.
    """

    def __init__(
        self,
        url: URL,
        *,
        durable: bool = True,
        connections: int = CONNECTIONS,
        longest_read: float = LONGEST_READ,
    ) -> None:
        """``longest_read``: seconds after which a lengthy read is given up."""
        self.url = url
        self.on_commit: Callable[[], None] = lambda: None
        embedded = url.get_backend_name() == "sqlite"
        threads = THREADS if embedded else connections  # each of which never waits for a connection
        self._reader = make_engine(url, write=False, connections=threads + embedded, longest_read=longest_read)
        self._writer = make_engine(url, write=True, durable=durable)
        event.listen(self._reader, "before_cursor_execute", _check_patience)
        self._reading = self._reader.connect() if embedded else None
        self._readers = ThreadPoolExecutor(threads, "registry-reader")
        self._longest_read = longest_read
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._write_queued, name="registry-writer", daemon=True)
        self._thread.start()

    async def read(self, work: Work[T], *, lengthy: bool = False) -> T:
        """Run statements that change nothing. ``lengthy``: they may take longer than it takes to hand them over."""
        if self._reading is not None and not lengthy:
            return work(self._reading)
        loop = asyncio.get_running_loop()
        patience = _Patience(loop, self._longest_read)
        try:
            return await loop.run_in_executor(self._readers, self._read_pooled, work, patience)
        finally:
            patience.end()

    async def write(self, work: Work[T]) -> T:
        """Run statements in one transaction; returns when it is committed. An exception undoes all of it.

        A caller that stops waiting does not stop the write.
        """
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.put((work, done))
        return await done

    async def listen(self) -> None:
        """Have ``on_commit`` called for the commits of other processes, too, if the database tells of them."""
        if self._reading is None:
            await listen(self.url, self.on_commit)

    def close(self) -> None:
        """Finish what is queued, then close every connection."""
        self._jobs.put(None)
        self._thread.join()
        self._readers.shutdown()
        if self._reading is not None:
            self._reading.close()
        self._reader.dispose()
        self._writer.dispose()

    def _read_pooled(self, work: Work[T], patience: _Patience) -> T:
        try:
            with self._reader.connect() as connection, patience.with_what_runs_on(connection):
                return work(connection)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
        # The server was restarted or dropped the connection. That has emptied the pool, so this is a new connection;
        # a check before every read would cost each of them a round trip.
        with self._reader.connect() as connection, patience.with_what_runs_on(connection):
            return work(connection)

    def _write_queued(self) -> None:
        while (first := self._jobs.get()) is not None:
            group = [first]
            ended = False
            while len(group) < GROUP and not self._jobs.empty():
                job = self._jobs.get()
                if job is None:
                    ended = True
                    break
                group.append(job)
            self._write_group(group)
            if ended:
                return

    def _write_group(self, group: list[Job]) -> None:
        outcomes: list[Outcome] = []
        changed = committing = False
        try:
            with self._writer.connect() as connection, connection.begin() as transaction:
                for work, done in group:
                    _SAVE.run(connection)
                    try:
                        outcomes.append((done, work(connection), None))
                        changed = True
                    except Exception as error:  # it is the answer to whoever asked for this write
                        if connection.invalidated:
                            raise  # the connection is gone, and with it the whole group
                        _UNDO.run(connection)
                        outcomes.append((done, None, error))
                    _RELEASE.run(connection)
                committing = changed
                if not changed:
                    transaction.rollback()  # nobody is told, and nothing waits for the disk
        except Exception as error:  # the thread must live on, and every writer of the group be told
            failure: Exception = explain(error) or error
            if committing and isinstance(error, DBAPIError) and error.connection_invalidated:
                failure = TemporarilyUnavailable(
                    "The connection to the database broke while the change was committed: it may have been made, or "
                    "not. Look before you repeat it."
                )
            log.error("%d changes could not be written: %s", len(group), summary(error))
            outcomes = [(done, None, failure) for _, done in group]
        else:
            if changed:
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
    if isinstance(error, OperationalError) and _gave_up(error):
        return InvalidParameterValue(_TOO_LONG)
    if isinstance(error, OperationalError | InterfaceError) or (isinstance(error, DBAPIError) and _is_unusable(error)):
        # PostgreSQL's own words name hosts and roles: they are for the log.
        told = f" ({error.orig})" if isinstance(error.orig, sqlite3.Error) else " at the moment"
        return TemporarilyUnavailable(
            f"The database could not be used{told}. Nothing was changed. Try again; if it stays so, ask the "
            "registry's operator to look at the disk and the log."
        )
    if isinstance(error, IntegrityError):
        return Conflict("Somebody else changed the same thing at the same time. Nothing was changed; look again.")
    return None


def _is_unusable(error: DBAPIError) -> bool:
    """Whether the database is damaged, or only to be read: which drivers do not count as a matter of operation."""
    damaged = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
    return damaged or getattr(error.orig, "sqlstate", None) == READ_ONLY


def _gave_up(error: OperationalError) -> bool:
    """Whether it took longer than it may."""
    interrupted = getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT
    return interrupted or getattr(error.orig, "sqlstate", None) == CANCELLED


def summary(error: Exception) -> str:
    """An error of the database in one line, without the statement."""
    return " ".join(str(error.orig if isinstance(error, DBAPIError) else error).split())
