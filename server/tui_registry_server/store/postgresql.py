"""PostgreSQL: the settings of connections, and notifications of commits by other processes."""

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
QUERY_CANCELED = "57014"  # the SQLSTATE of a statement that was cancelled at its timeout
COMPLETION_UNKNOWN = "40003"  # the SQLSTATE of a commit that may be lost: see postgresql_connection
READ_ONLY = "25006"  # the SQLSTATE of a change in a read-only transaction, for example on a standby
RECONNECT_DELAY = 1.0  # seconds before a listener that lost its connection reconnects
PROBE_INTERVAL = 15.0  # seconds without a notification after which a listener probes its server
STANDBYS = {"standby", "read-only", "prefer-standby"}  # target_session_attrs that select one

_SETTINGS = {
    "jit": "off",  # compiling lists of users and groups would take longer than running them: 25 ms for 5
    "idle_in_transaction_session_timeout": "30s",  # releases the lock of a process that hangs during a write
}
_LOCK = "SELECT pg_advisory_xact_lock(7469726567697374)"  # any number, always the same
_LOCK_AND_NOTIFY = f"{_LOCK}, pg_notify('{CHANNEL}', '')"
_HAS_NOTIFY = "SELECT to_regprocedure('pg_catalog.pg_notify(text, text)') IS NOT NULL"


def postgresql_engine(
    url: URL, *, write: bool, durable: bool, connections: int, longest_read: float, lock_timeout: float | None
) -> Engine:
    """An engine with up to ``connections`` connections, opened when they are needed. Readers cancel a statement after
    ``longest_read`` seconds; writers stop waiting for the lock after ``lock_timeout`` seconds.

    Writers of all processes are serialized by an advisory lock, as on SQLite: none depends on what another is just
    changing, and activities become visible in the order of their numbers, so that no event stream misses one. Listeners
    are notified by the same transaction, and so when it is committed. Servers without NOTIFY are not asked for it.

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
            f"The database's URL has target_session_attrs={wanted}, and a standby cannot be written to. Leave it out, "
            "or set read-write."
        )
    given["options"] = _options(given, settings)
    engine = create_engine(
        URL.create(DRIVER),
        isolation_level="READ COMMITTED" if write else "AUTOCOMMIT",
        pool_size=connections,
        max_overflow=0,
        hide_parameters=True,  # they may be users' texts, and errors go to the log
    )

    @event.listens_for(engine, "do_connect")
    def _connect(_dialect: Any, _record: Any, _arguments: Any, own: dict[str, Any]) -> Any:
        from tui_registry_server.store.postgresql_connection import connect

        return connect(given, **own)

    @event.listens_for(engine, "handle_error")
    def _reconnect_if_read_only(context: ExceptionContext) -> None:
        # There may be a writable server now, under the same name or as another of the hosts.
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

    Returns if the server has no LISTEN: then callers have to poll.
    """
    import psycopg
    from psycopg.conninfo import make_conninfo

    from tui_registry_server.store.postgresql_connection import reversed_hosts, timelines

    given = parameters(url)
    given["options"] = _options(given, {})
    current = given
    while True:
        try:
            conninfo = make_conninfo("", **current)
            async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as connection:
                if timelines.is_replaced(given, await _identity(connection)):
                    current = reversed_hosts(current)
                    await asyncio.sleep(RECONNECT_DELAY)
                    continue
                await connection.execute(f"LISTEN {CHANNEL}".encode())
                on_notify()
                while True:
                    async for _ in connection.notifies(timeout=PROBE_INTERVAL):
                        on_notify()
                    await _fetch_one(connection, "SELECT 1")
        except (psycopg.ProgrammingError, psycopg.NotSupportedError) as error:
            log.warning("the database does not notify of changes, so it is polled every second: %s", error)
            return
        except psycopg.Error:
            await asyncio.sleep(RECONNECT_DELAY)  # reads and writes log what is wrong


async def _identity(connection: "psycopg.AsyncConnection[Any]") -> "Identity":
    import psycopg

    from tui_registry_server.store.postgresql_connection import IDENTITY

    try:
        identity: Identity = await _fetch_one(connection, IDENTITY)
    except psycopg.Error:
        if connection.closed:
            raise
        identity = None  # other databases with PostgreSQL's protocol do not have these functions
    return identity


async def _fetch_one(connection: "psycopg.AsyncConnection[Any]", question: str) -> Any:
    """The only row. Disconnects if it does not arrive within IDENTITY_TIMEOUT."""
    from tui_registry_server.store.postgresql_connection import IDENTITY_TIMEOUT, disconnect

    timer = asyncio.get_running_loop().call_later(IDENTITY_TIMEOUT, disconnect, connection)
    try:
        return await (await connection.execute(question.encode())).fetchone()
    finally:
        timer.cancel()


def _options(given: dict[str, str], settings: dict[str, str]) -> str:
    """The ``options`` parameter: our settings, and after them the given ones, which override ours."""
    return " ".join(
        [*(f"-c {name}={value}" for name, value in (_SETTINGS | settings).items()), given.get("options", "")]
    )
