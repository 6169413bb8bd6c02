"""Connections to the two databases, how they are set up, and what it means when one of them refuses."""

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
LOCK_POLL_INTERVAL = 0.002  # seconds between its looks for whether that is over
CONNECTIONS = 8  # to PostgreSQL that read, where nothing else is said
LONGEST_READ = 10.0  # seconds, where nothing else is said
LONGEST_WRITE = 15.0  # seconds that a change on PostgreSQL may wait for its turn, and as many for its commit
WRITER_CACHE_KIB = 32 * 1024  # KiB of pages that a connection keeps in memory, besides those that are mapped
READER_CACHE_KIB = 8 * 1024  # of each of several; they read what is mapped
MMAP_BYTES = 256 * 1024 * 1024  # bytes of the file that are mapped into memory
MAX_WAL_BYTES = 16 * 1024 * 1024  # bytes that the write-ahead log may keep, once nobody needs more of it
CHECKPOINT_PAGES = MAX_WAL_BYTES // 4096  # pages that one checkpoint writes: many are the same ones by then
TIMEOUT_MESSAGE = (
    "This takes the database too long to answer. Ask for less: a filter with another comparison, with fewer of them or "
    "with a pattern that does not begin with %, or a smaller page."
)


def database_url(location: str) -> URL:
    """A path of an SQLite file, or a URL such as ``sqlite:///registry.db`` or ``postgresql://host/registry``: see
    postgresql_url.

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
    except (ArgumentError, ValueError):  # whose words may be a part of a password
        raise InvalidParameterValue(INVALID_URL_MESSAGE) from None
    if url.drivername != "sqlite":
        raise InvalidParameterValue(
            f"Databases of the kind '{url.drivername}' are not supported. Give the path of an SQLite file, or a URL "
            "such as postgresql://host/registry."
        )
    return url


def redact_url(location: str) -> str:
    """A database as it may be told in messages and logs: without what could be secret in it."""
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
    """An engine whose connections are set up as the module says. An SQLite file is created readable by its owner.

    ``lock_timeout``: seconds that a writer waits for others, on PostgreSQL; for ever if it is None.
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
        # The driver would begin a transaction only before the first change; this one locks from the start, so that
        # what it read is still true when it writes.
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
    """Take SQLite's lock, on a connection that does not wait, as soon as no other process has it.

    SQLite by itself looks ever more rarely, in the end ten times a second, and would seldom find a busy server's
    database free. Raises OperationalError after BUSY_TIMEOUT.
    """
    end = time.monotonic() + BUSY_TIMEOUT
    while True:
        try:
            return begin()
        except OperationalError as error:
            if not _is_busy(error) or time.monotonic() > end:
                raise
        time.sleep(LOCK_POLL_INTERVAL)


def set_busy_timeout(connection: Connection, *, seconds: float = 0) -> None:
    """For other processes' transactions; ``seconds``: how long to wait for them."""
    driver_of(connection).execute(f"PRAGMA busy_timeout = {seconds * 1000:.0f}").close()


def _is_busy(error: OperationalError) -> bool:
    return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


def driver_of(connection: Connection) -> sqlite3.Connection:
    """The driver's own connection to an SQLite file."""
    return cast("sqlite3.Connection", connection.connection.driver_connection)


def to_api_error(error: Exception) -> RegistryError | None:
    """What a client is told when the database itself refuses; None if the error is not the database's."""
    if isinstance(error, DBAPIError) and is_commit_uncertain(error):
        return TemporarilyUnavailable(
            "The database has made the change, but may yet lose it: it stopped waiting for its standby to have it. "
            "Look before you repeat it."
        )
    if isinstance(error, OperationalError) and timed_out(error):
        return InvalidParameterValue(TIMEOUT_MESSAGE)
    if isinstance(error, OperationalError | InterfaceError) or (isinstance(error, DBAPIError) and _is_unusable(error)):
        # PostgreSQL's own words name hosts and roles: they are for the log.
        reason = f" ({error.orig})" if isinstance(error.orig, sqlite3.Error) else " at the moment"
        return TemporarilyUnavailable(
            f"The database could not be used{reason}. Nothing was changed. Try again; if it stays so, ask the "
            "registry's operator to look at the disk and the log."
        )
    if isinstance(error, IntegrityError):
        return Conflict("Somebody else changed the same thing at the same time. Nothing was changed; look again.")
    return None


def _is_unusable(error: DBAPIError) -> bool:
    """Whether the database is damaged, or only to be read: which drivers do not count as a matter of operation."""
    damaged = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
    return damaged or getattr(error.orig, "sqlstate", None) == READ_ONLY


def is_commit_uncertain(error: DBAPIError) -> bool:
    """Whether a commit was made, and may yet be lost."""
    return getattr(error.orig, "sqlstate", None) == COMPLETION_UNKNOWN


def timed_out(error: DBAPIError) -> bool:
    """Whether it took longer than it may."""
    interrupted = getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT
    return interrupted or getattr(error.orig, "sqlstate", None) == QUERY_CANCELED


def describe_error(error: Exception) -> str:
    """An error of the database in one line, without the statement."""
    if isinstance(error, UnicodeDecodeError):  # what SQLite says of a damaged schema quotes it
        return "it is damaged, its schema holds a text that is not UTF-8"
    return " ".join(str(error.orig if isinstance(error, DBAPIError) else error).split())
