"""A connection to PostgreSQL that detects what psycopg's own does not: that a commit may still be lost, and that the
server was replaced by another one. To be imported where PostgreSQL is used: its driver may not be installed."""

import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from typing import Any, TypeAlias

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.errors import Diagnostic, StatementCompletionUnknown

Identity: TypeAlias = tuple[int, str | None] | None
IDENTITY = """
SELECT (pg_control_system()).system_identifier,
    CASE WHEN NOT pg_is_in_recovery() THEN pg_walfile_name(pg_current_wal_lsn()) END
"""
"""The id of the cluster, and a file name whose first eight hex digits are its timeline, which increases with every
promotion."""

IDENTITY_TIMEOUT = 5.0  # seconds for a server that has accepted the connection to report its identity
REPLACED_MESSAGE = (
    "a standby was promoted to replace this server, so it is no longer used: it should have been stopped, or made a "
    "standby itself"
)
_LISTS = ("host", "hostaddr", "port")


class Connection(psycopg.Connection[Any]):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._warnings: list[str] = []
        self.add_notice_handler(self._record_warning)

    def commit(self) -> None:
        """Raises StatementCompletionUnknown if the change is on this server's disk, but perhaps not on another: the
        server stopped waiting for its standby, and sent a warning."""
        self._warnings.clear()
        super().commit()
        if self._warnings:
            raise StatementCompletionUnknown("; ".join(self._warnings))

    def _record_warning(self, notice: Diagnostic) -> None:
        if notice.severity_nonlocalized == "WARNING":
            self._warnings.append(notice.message_primary or "a warning")


class Timelines:
    """The newest timeline that was seen for each set of parameters. An older one is that of a former primary which was
    started again; writes to it would be lost."""

    def __init__(self) -> None:
        self._newest: dict[tuple[object, ...], int] = {}

    def is_replaced(self, parameters: dict[str, str], identity: Identity) -> bool:
        """``identity`` is the result of IDENTITY."""
        if identity is None or identity[1] is None:
            return False
        timeline = int(identity[1][:8], 16)
        key = (identity[0], *(parameters.get(name) for name in _LISTS))
        newest = self._newest.setdefault(key, timeline)
        self._newest[key] = max(newest, timeline)
        return timeline < newest


timelines = Timelines()
"""Those that this process has seen."""


def connect(parameters: dict[str, str], **options: Any) -> Connection:
    """Connect to the first usable host. Raises OperationalError if there is only a server that was replaced."""
    for given in (parameters, reversed_hosts(parameters)):
        connection = Connection.connect(make_conninfo("", **given), **options, autocommit=True)
        if not timelines.is_replaced(parameters, _identity(connection)):
            connection.autocommit = False
            return connection
        connection.close()
    raise psycopg.OperationalError(REPLACED_MESSAGE)


def reversed_hosts(parameters: dict[str, str]) -> dict[str, str]:
    """With the last host first."""
    return parameters | {name: ",".join(reversed(parameters[name].split(","))) for name in _LISTS if name in parameters}


def _identity(connection: Connection) -> Identity:
    try:
        with time_limit(IDENTITY_TIMEOUT, connection):
            return connection.execute(IDENTITY).fetchone()
    except psycopg.Error:
        if connection.closed:
            raise
        return None  # other databases with PostgreSQL's protocol do not have these functions


@contextlib.contextmanager
def time_limit(seconds: float, connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Disconnect if the block takes longer, so that waiting for the server fails."""
    timer = threading.Timer(seconds, disconnect, [connection])
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def disconnect(connection: psycopg.Connection[Any] | psycopg.AsyncConnection[Any]) -> None:
    """Make pending operations on the connection fail at once. If the server process is paused, but its machine is up,
    neither PostgreSQL's own timeouts nor TCP's would."""
    with (
        contextlib.suppress(OSError, psycopg.Error),
        socket.socket(fileno=os.dup(connection.pgconn.socket)) as stream,
    ):
        stream.shutdown(socket.SHUT_RDWR)
