"""Connections to the two databases, their settings, and the meaning of their errors."""

import sqlite3
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.pool import QueuePool

from tui_registry_server.rules.errors import Conflict, InvalidParameterValue, RegistryError, TemporarilyUnavailable
from tui_registry_server.store.postgresql import COMPLETION_UNKNOWN, QUERY_CANCELED, READ_ONLY, postgresql_engine
from tui_registry_server.store.postgresql_url import INVALID_URL_MESSAGE, postgresql_url, redacted_url

__all__ = [
    "BUSY_TIMEOUT",
    "CONNECTIONS",
    "LONGEST_READ",
    "LONGEST_WRITE",
    "TIMEOUT_MESSAGE",
    "URL",
    "Connection",
    "Engine",
    "begin_with_retry",
    "database_url",
    "describe_error",
    "driver_of",
    "make_engine",
    "redact_url",
    "set_busy_timeout",
    "timed_out",
    "to_api_error",
]

T = TypeVar("T")

BUSY_TIMEOUT = 30.0  # seconds that a writer waits for another process's transaction
LOCK_POLL_INTERVAL = 0.002  # seconds between its attempts to get the lock
CONNECTIONS = 8  # the default number of PostgreSQL connections for reading
LONGEST_READ = 10.0  # seconds: the default deadline of a read
LONGEST_WRITE = 15.0  # seconds that a change on PostgreSQL may wait for its turn, and again for its commit
WRITER_CACHE_KIB = 32 * 1024  # page cache of the writer, in addition to the memory map
READER_CACHE_KIB = 8 * 1024  # page cache of each reader; they mostly read from the memory map
MMAP_BYTES = 256 * 1024 * 1024  # bytes of the file that are mapped into memory
MAX_WAL_BYTES = 16 * 1024 * 1024  # to which the write-ahead log is truncated after a checkpoint
CHECKPOINT_PAGES = MAX_WAL_BYTES // 4096  # pages in the log that start a checkpoint: many are the same ones by then
TIMEOUT_MESSAGE = (
    "The database took too long to answer. Simplify the request: use another or fewer comparisons in the filter, a "
    "pattern that does not begin with %, or a smaller page."
)


def database_url(location: str) -> URL:
    """The URL of a path of an SQLite file, or of a URL such as ``sqlite:///registry.db`` or
    ``postgresql://host/registry``: see postgresql_url.

    Raises InvalidParameterValue for any other database.
    """
    if "://" not in location:
        return URL.create("sqlite", database=str(Path(location).expanduser().absolute()))
    scheme = location.partition("://")[0]
    if scheme.partition("+")[0] in ("postgresql", "postgres"):
        if find_spec("psycopg") is None:
            raise InvalidParameterValue(
                "PostgreSQL needs its driver. Install it with: pip install 'tui-registry[postgresql]'"
            )
        return postgresql_url(location)
    try:
        url = make_url(location)
    except (ArgumentError, ValueError):  # whose message may contain a part of a password
        raise InvalidParameterValue(INVALID_URL_MESSAGE) from None
    if url.drivername != "sqlite":
        raise InvalidParameterValue(
            f"Databases of the kind '{url.drivername}' are not supported. Give the path of an SQLite file, or a URL "
            "such as postgresql://host/registry."
        )
    return url


def redact_url(location: str) -> str:
    """A database for messages and logs, without secrets."""
    if "://" not in location:
        return location
    url = database_url(location)
    return url.set(query={}).render_as_string() if url.get_backend_name() == "sqlite" else redacted_url(url)


def make_engine(
    url: URL,
    *,
    write: bool,
    durable: bool = True,
    connections: int = 1,
    longest_read: float = LONGEST_READ,
    lock_timeout: float | None = None,
) -> Engine:
    """An engine for reading or writing. A missing SQLite file is created, readable by its owner only.

    ``lock_timeout``: seconds that a writer waits for others on PostgreSQL; None for no limit.
    """
    if url.get_backend_name() != "sqlite":
        return postgresql_engine(
            url,
            write=write,
            durable=durable,
            connections=connections,
            longest_read=longest_read,
            lock_timeout=lock_timeout,
        )
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
        # The driver would begin a transaction only before the first change; this one locks at the start, so that what
        # it has read does not change before it writes.
        event.listen(engine, "begin", _begin)

    @event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            "journal_mode = WAL",
            f"synchronous = {'FULL' if durable else 'OFF'}",
            "foreign_keys = ON",
            f"cache_size = -{WRITER_CACHE_KIB if write else READER_CACHE_KIB}",
            f"mmap_size = {MMAP_BYTES}",
            f"journal_size_limit = {MAX_WAL_BYTES}",
            f"wal_autocheckpoint = {CHECKPOINT_PAGES}",
            "temp_store = MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    return engine


def _begin(connection: Connection) -> None:
    set_busy_timeout(connection)
    try:
        begin_with_retry(partial(connection.exec_driver_sql, "BEGIN IMMEDIATE"))
    finally:
        set_busy_timeout(connection, seconds=BUSY_TIMEOUT)


def begin_with_retry(begin: Callable[[], T]) -> T:
    """Take SQLite's write lock, on a connection without a busy timeout, as soon as no other process has it.

    SQLite's own busy handler backs off to ten attempts a second, and would rarely get the lock of a busy server's
    database. Raises OperationalError after BUSY_TIMEOUT.
    """
    deadline = time.monotonic() + BUSY_TIMEOUT
    while True:
        try:
            return begin()
        except OperationalError as error:
            if not _is_busy(error) or time.monotonic() > deadline:
                raise
        time.sleep(LOCK_POLL_INTERVAL)


def set_busy_timeout(connection: Connection, *, seconds: float = 0) -> None:
    """Set how long SQLite waits for other processes' transactions."""
    driver_of(connection).execute(f"PRAGMA busy_timeout = {seconds * 1000:.0f}").close()


def _is_busy(error: OperationalError) -> bool:
    return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


def driver_of(connection: Connection) -> sqlite3.Connection:
    """The driver's own connection to an SQLite file."""
    return cast("sqlite3.Connection", connection.connection.driver_connection)


def to_api_error(error: Exception) -> RegistryError | None:
    """The error for the client if the database failed; None if it is not an error of the database."""
    if isinstance(error, DBAPIError) and is_commit_uncertain(error):
        return TemporarilyUnavailable(
            "The database has committed the change, but may still lose it: it stopped waiting for its standby. Check "
            "before you repeat it."
        )
    if isinstance(error, OperationalError) and timed_out(error):
        return InvalidParameterValue(TIMEOUT_MESSAGE)
    if isinstance(error, OperationalError | InterfaceError) or (isinstance(error, DBAPIError) and _is_unusable(error)):
        # PostgreSQL's messages contain hosts and roles: they are for the log only.
        reason = f" ({error.orig})" if isinstance(error.orig, sqlite3.Error) else " at the moment"
        return TemporarilyUnavailable(
            f"The database could not be used{reason}. Nothing was changed. Try again; if it fails again, ask the "
            "registry's operator to check the disk and the log."
        )
    if isinstance(error, IntegrityError):
        return Conflict("Somebody else changed the same thing at the same time. Nothing was changed; read it again.")
    return None


def _is_unusable(error: DBAPIError) -> bool:
    """Whether the database is damaged or read-only, for which drivers do not raise an OperationalError."""
    damaged = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
    return damaged or getattr(error.orig, "sqlstate", None) == READ_ONLY


def is_commit_uncertain(error: DBAPIError) -> bool:
    """Whether a transaction was committed, but may still be lost."""
    return getattr(error.orig, "sqlstate", None) == COMPLETION_UNKNOWN


def timed_out(error: DBAPIError) -> bool:
    """Whether a statement was cancelled at its deadline."""
    interrupted = getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT
    return interrupted or getattr(error.orig, "sqlstate", None) == QUERY_CANCELED


def describe_error(error: Exception) -> str:
    """An error of the database in one line, without the statement."""
    if isinstance(error, UnicodeDecodeError):  # raised by the driver for a message about a damaged schema
        return "it is damaged: its schema has a text that is not UTF-8"
    return " ".join(str(error.orig if isinstance(error, DBAPIError) else error).split())
