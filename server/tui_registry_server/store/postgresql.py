"""PostgreSQL's own: how its connections are set up, and how one process hears of another's commits."""

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import ExceptionContext

from tui_registry_server.rules.errors import InvalidParameterValue
from tui_registry_server.store.postgresql_url import DRIVER, parameters

if TYPE_CHECKING:
    import psycopg

    from tui_registry_server.store.postgresql_connection import Identity

log = logging.getLogger(__name__)

CHANNEL = "tui_registry"
QUERY_CANCELED = "57014"  # the SQLSTATE of a statement that took too long
COMPLETION_UNKNOWN = "40003"  # the SQLSTATE of a commit that may be lost: see postgresql_connection
READ_ONLY = "25006"  # the SQLSTATE of a change where none may be made: on a standby, say
RECONNECT_DELAY = 1.0  # seconds before a listener that lost its connection tries to have another
PROBE_INTERVAL = 15.0  # seconds without a word after which a listener asks whether its server is still there
STANDBYS = {"standby", "read-only", "prefer-standby"}  # target_session_attrs that lead to one

_SETTINGS = {
    "jit": "off",  # PostgreSQL would compile lists of users and groups for longer than they take: 25 ms for 5
    "idle_in_transaction_session_timeout": "30s",  # a process that hangs in the middle of a write lets others go on
}
_LOCK = "SELECT pg_advisory_xact_lock(7469726567697374)"  # any number, always the same
_LOCK_AND_NOTIFY = f"{_LOCK}, pg_notify('{CHANNEL}', '')"
_HAS_NOTIFY = "SELECT to_regprocedure('pg_catalog.pg_notify(text, text)') IS NOT NULL"


def postgresql_engine(
    url: URL, *, write: bool, durable: bool, connections: int, longest_read: float, lock_timeout: float | None
) -> Engine:
    """An engine with ``connections`` connections at the most, made when they are needed. Those that do not write give
    up a statement after ``longest_read`` seconds; those that do, waiting for their turn after ``lock_timeout``.

    Those that write take turns over all processes, as on SQLite: nobody writes by what another is just changing, and
    activities become visible in the order of their numbers, so that no event stream misses one. Whoever listens is
    told in the same transaction: when it is committed, and only then. Servers without NOTIFY are not asked for it.

    Raises InvalidParameterValue if the URL asks for a standby to write to.
    """
    settings: dict[str, str] = {}
    if not write:
        settings["statement_timeout"] = f"{longest_read * 1000:.0f}"  # milliseconds
    if lock_timeout is not None:
        settings["lock_timeout"] = f"{lock_timeout * 1000:.0f}"
    if not durable:
        settings["synchronous_commit"] = "off"
    given = parameters(url)
    if write and (wanted := given.get("target_session_attrs")) in STANDBYS:
        raise InvalidParameterValue(
            f"The database's URL asks for target_session_attrs={wanted}, and a standby cannot be written to. Leave it "
            "out, or say read-write."
        )
    given["options"] = _options(given, settings)
    engine = create_engine(
        URL.create(DRIVER),
        isolation_level="READ COMMITTED" if write else "AUTOCOMMIT",
        pool_size=connections,
        max_overflow=0,
        hide_parameters=True,  # they may be what somebody wrote, and errors go to the log
    )

    @event.listens_for(engine, "do_connect")
    def _connect(_dialect: Any, _record: Any, _arguments: Any, own: dict[str, Any]) -> Any:
        from tui_registry_server.store.postgresql_connection import connect

        return connect(given, **own)

    @event.listens_for(engine, "handle_error")
    def _reconnect_if_read_only(context: ExceptionContext) -> None:
        # Behind the same name, or as another of the hosts, there may by now be a server that takes changes.
        if getattr(context.original_exception, "sqlstate", None) == READ_ONLY:
            context.is_disconnect = True

    if write:
        statements: list[str] = []

        @event.listens_for(engine, "begin")
        def _lock_writers(connection: Connection) -> None:
            if not statements:
                has_notify = connection.exec_driver_sql(_HAS_NOTIFY).scalar_one()
                statements.append(_LOCK_AND_NOTIFY if has_notify else _LOCK)
            connection.exec_driver_sql(statements[0])

    return engine


async def listen(url: URL, on_notify: Callable[[], None]) -> None:
    """Call ``on_notify`` after every commit of any process, and when some may have been missed; until cancelled.

    Returns if the server has no LISTEN: whoever needs to know must look from time to time.
    """
    import psycopg
    from psycopg.conninfo import make_conninfo

    from tui_registry_server.store.postgresql_connection import reversed_hosts, timelines

    given = parameters(url)
    given["options"] = _options(given, {})
    asked = given
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(make_conninfo("", **asked), autocommit=True) as connection:
                if timelines.is_replaced(given, await _identity(connection)):
                    asked = reversed_hosts(asked)
                    await asyncio.sleep(RECONNECT_DELAY)
                    continue
                await connection.execute(f"LISTEN {CHANNEL}".encode())
                on_notify()
                while True:
                    async for _ in connection.notifies(timeout=PROBE_INTERVAL):
                        on_notify()
                    await _fetch_one(connection, "SELECT 1")
        except (psycopg.ProgrammingError, psycopg.NotSupportedError) as error:
            log.warning("the database does not tell of changes, so it is asked every second: %s", error)
            return
        except psycopg.Error:
            await asyncio.sleep(RECONNECT_DELAY)  # reading and writing say in the log what is wrong


async def _identity(connection: "psycopg.AsyncConnection[Any]") -> "Identity":
    import psycopg

    from tui_registry_server.store.postgresql_connection import IDENTITY

    try:
        identity: Identity = await _fetch_one(connection, IDENTITY)
    except psycopg.Error:
        if connection.closed:
            raise
        identity = None  # others that speak PostgreSQL's protocol have no such functions
    return identity


async def _fetch_one(connection: "psycopg.AsyncConnection[Any]", question: str) -> Any:
    """The only row. The connection breaks if it does not come in time."""
    from tui_registry_server.store.postgresql_connection import IDENTITY_TIMEOUT, disconnect

    timer = asyncio.get_running_loop().call_later(IDENTITY_TIMEOUT, disconnect, connection)
    try:
        return await (await connection.execute(question.encode())).fetchone()
    finally:
        timer.cancel()


def _options(given: dict[str, str], settings: dict[str, str]) -> str:
    """What is said elsewhere comes last, and counts."""
    return " ".join(
        [*(f"-c {name}={value}" for name, value in (_SETTINGS | settings).items()), given.get("options", "")]
    )
