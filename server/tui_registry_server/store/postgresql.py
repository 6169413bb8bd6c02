"""PostgreSQL's own: how its connections are set up, and how one process hears of another's commits."""

import asyncio
import logging
import os
from collections.abc import Callable
from typing import Any

from sqlalchemy import URL, Connection, Dialect, Engine, create_engine, event

log = logging.getLogger(__name__)

CHANNEL = "tui_registry"
CANCELLED = "57014"  # the SQLSTATE of a statement that took too long
READ_ONLY = "25006"  # the SQLSTATE of a change where none may be made: on a standby, say
AGAIN = 1.0  # seconds before a listener that lost its connection tries to have another

_REACHED = {
    "connect_timeout": "5",  # seconds
    "keepalives_idle": "30",  # seconds
    "tcp_user_timeout": "30000",  # milliseconds that sent data may go unacknowledged
    "application_name": "tui-registry",
}
"""libpq's parameters, where the URL does not say otherwise: a server that is gone is noticed within half a minute."""

_ALWAYS = {
    "jit": "off",  # PostgreSQL would compile lists of users and groups for longer than they take: 25 ms for 5
    "idle_in_transaction_session_timeout": "30s",  # a process that hangs in the middle of a write lets others go on
}
_TAKE_TURNS = "SELECT pg_advisory_xact_lock(7469726567697374)"  # any number, always the same
_TAKE_TURNS_AND_TELL = f"{_TAKE_TURNS}, pg_notify('{CHANNEL}', '')"
_CAN_TELL = "SELECT to_regprocedure('pg_catalog.pg_notify(text, text)') IS NOT NULL"


def postgresql_engine(url: URL, *, write: bool, durable: bool, connections: int, longest_read: float) -> Engine:
    """An engine with ``connections`` connections at the most, made when they are needed. Those that do not write give
    up a statement after ``longest_read`` seconds.

    Those that write take turns over all processes, as on SQLite: nobody writes by what another is just changing, and
    activities become visible in the order of their numbers, so that no event stream misses one. Whoever listens is
    told in the same transaction: when it is committed, and only then. Servers without NOTIFY are not asked for it.
    """
    settings: dict[str, str] = {}
    if not write:
        settings["statement_timeout"] = f"{longest_read * 1000:.0f}"  # milliseconds
    if not durable:
        settings["synchronous_commit"] = "off"
    engine = create_engine(
        url,
        isolation_level="READ COMMITTED" if write else "AUTOCOMMIT",
        connect_args=_arguments(url, settings),
        pool_size=connections,
        max_overflow=0,
        pool_pre_ping=write,  # a read is simply read again: see tui_registry_server.store.engine
        hide_parameters=True,  # they may be what somebody wrote, and errors go to the log
    )
    if write:
        statements: list[str] = []

        @event.listens_for(engine, "begin")
        def _take_turns(connection: Connection) -> None:
            if not statements:
                can_tell = connection.exec_driver_sql(_CAN_TELL).scalar_one()
                statements.append(_TAKE_TURNS_AND_TELL if can_tell else _TAKE_TURNS)
            connection.exec_driver_sql(statements[0])

    return engine


async def listen(url: URL, heard: Callable[[], None]) -> None:
    """Call ``heard`` after every commit of any process, and when some may have been missed; until cancelled.

    Returns if the server has no LISTEN: whoever needs to know must look from time to time.
    """
    import psycopg

    dialect: Dialect = url.get_dialect()()
    args, keywords = dialect.create_connect_args(url)
    given: dict[str, Any] = {**keywords, **_arguments(url, {})}
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(*args, **given, autocommit=True) as connection:
                await connection.execute(f"LISTEN {CHANNEL}".encode())
                heard()
                async for _ in connection.notifies():
                    heard()
        except (psycopg.ProgrammingError, psycopg.NotSupportedError) as error:
            log.warning("the database does not tell of changes, so it is asked every second: %s", error)
            return
        except psycopg.Error:
            await asyncio.sleep(AGAIN)  # reading and writing say in the log what is wrong


def _arguments(url: URL, settings: dict[str, str]) -> dict[str, Any]:
    own = url.query.get("options") or os.environ.get("PGOPTIONS") or ""
    options = " ".join(
        [*(f"-c {name}={value}" for name, value in (_ALWAYS | settings).items()), str(own)]
    )  # the last one counts
    return {name: value for name, value in _REACHED.items() if name not in url.query} | {"options": options}
