"""A connection to PostgreSQL that tells what psycopg's own would not: that a commit may yet be lost, and that the
server behind it was replaced by another. To be imported where PostgreSQL is used: its driver may not be installed."""

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
"""Of the cluster, and its timeline, in the first eight hex digits of a name: it moves with every promotion."""

IDENTITY_TIMEOUT = 5.0  # seconds that a server which has taken the connection may need to say who it is
REPLACED_MESSAGE = (
    "a standby was promoted in this server's place, so it is not used any more: it should have been stopped, or made a "
    "standby itself"
)
_LISTS = ("host", "hostaddr", "port")


class Connection(psycopg.Connection[Any]):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._warnings: list[str] = []
        self.add_notice_handler(self._record_warning)

    def commit(self) -> None:
        """Raises StatementCompletionUnknown where the change is on this server's disk, but nobody knows whether on
        another: the server stopped waiting for its standby, which it tells as a warning."""
        self._warnings.clear()
        super().commit()
        if self._warnings:
            raise StatementCompletionUnknown("; ".join(self._warnings))

    def _record_warning(self, notice: Diagnostic) -> None:
        if notice.severity_nonlocalized == "WARNING":
            self._warnings.append(notice.message_primary or "a warning")


class Timelines:
    """The newest timeline that was seen where these parameters lead. An older one is a former primary's that came back;
    what was written there would be lost."""

    def __init__(self) -> None:
        self._newest: dict[tuple[object, ...], int] = {}

    def is_replaced(self, parameters: dict[str, str], identity: Identity) -> bool:
        """``identity`` is what IDENTITY finds."""
        if identity is None or identity[1] is None:
            return False
        timeline = int(identity[1][:8], 16)
        key = (identity[0], *(parameters.get(name) for name in _LISTS))
        newest = self._newest.setdefault(key, timeline)
        self._newest[key] = max(newest, timeline)
        return timeline < newest


timelines = Timelines()
"""Of this process."""


def connect(parameters: dict[str, str], **options: Any) -> Connection:
    """Connect to the first host that will do. Raises OperationalError if only a server that was replaced is there."""
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
        return None  # others that speak PostgreSQL's protocol have no such functions


@contextlib.contextmanager
def time_limit(seconds: float, connection: psycopg.Connection[Any]) -> Iterator[None]:
    """What waits for the server in the block, and for longer, fails."""
    timer = threading.Timer(seconds, disconnect, [connection])
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def disconnect(connection: psycopg.Connection[Any] | psycopg.AsyncConnection[Any]) -> None:
    """Have whoever waits for the server's answer on it fail at once. The server may be paused, and its machine there:
    then neither its own timeouts nor TCP's tell anything."""
    with (
        contextlib.suppress(OSError, psycopg.Error),
        socket.socket(fileno=os.dup(connection.pgconn.socket)) as stream,
    ):
        stream.shutdown(socket.SHUT_RDWR)
