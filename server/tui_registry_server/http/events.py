"""The event stream: every change that the caller may read, as it is committed (Server-Sent Events, WHATWG HTML).

An event's id is the encrypted sequence number of the change (rules.cursors). A client that reconnects with it as
``Last-Event-ID`` misses nothing; a first connection gets changes from now on. Each poll of the database authenticates
and authorizes the caller again, so a stream ends with its token, and shows nothing after a permission was revoked. The
numbers of open streams, in total and per principal, are limited: see rules.limits.

One poll per second, for all streams, finds the changes of other processes, where the database does not notify of them.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import TypeAlias

from pydantic_core import to_json
from sse_starlette import EventSourceResponse, ServerSentEvent
from sse_starlette.sse import AppStatus
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tui_registry_server.http.authentication import Authenticator, credentials_of, workspace_of
from tui_registry_server.operations.feed import activity_entity
from tui_registry_server.rules.cursors import decode_cursor, encode_cursor
from tui_registry_server.rules.errors import (
    InvalidParameterValue,
    RequestLimitExceeded,
    ResourceDoesNotExist,
    TemporarilyUnavailable,
    Unauthenticated,
)
from tui_registry_server.rules.limits import Limits
from tui_registry_server.rules.principals import Principal
from tui_registry_server.store import activities, counters, feed
from tui_registry_server.store.database import Database
from tui_registry_server.store.engine import Connection, to_api_error
from tui_registry_server.store.feed import ActivityPage

log = logging.getLogger(__name__)

POLL_INTERVAL = 1.0  # seconds between polls for changes by other processes
RECHECK_INTERVAL = 5.0  # seconds after which a stream checks whether its token has expired
PING_INTERVAL = 15  # seconds between comments that keep the connection alive through proxies
MAX_CHECKPOINTS = 100  # of a stream
RECONNECT = (500, 3000)  # milliseconds after which a client connects again when the server ends
RETRY_AFTER = 30  # seconds after which a principal with too many streams may try again

_Checkpoint: TypeAlias = tuple[int, str | None]
"""The sequence number of a change that a stream has passed, and its digest, once that was read."""


class EventStream:
    """Wakes the open streams after each commit, in whichever process, and ends them when the server stops."""

    def __init__(self, database: Database, authenticator: Authenticator, limits: Limits) -> None:
        self._database = database
        self._authenticator = authenticator
        self._limits = limits
        self._committed = asyncio.Event()
        self._changed = asyncio.Condition()
        self._changes = 0
        self._open = 0
        self._open_by: Counter[str] = Counter()
        self._stopping = False

    @property
    def streams(self) -> int:
        """How many are open."""
        return self._open

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Wake the streams of this event loop while the block runs."""
        loop = asyncio.get_running_loop()
        # The library would abort the streams when the server shuts down; stop() lets them finish.
        AppStatus.enable_automatic_graceful_drain = False

        def committed() -> None:
            if not self._open:
                return  # a new stream polls first
            with contextlib.suppress(RuntimeError):  # the loop is closed, and the streams with it
                loop.call_soon_threadsafe(self._committed.set)

        self._database.commit_listeners.append(committed)
        tasks = [asyncio.ensure_future(self._watch()), asyncio.ensure_future(self._database.listen())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def stop(self) -> None:
        """End every stream."""
        self._stopping = True
        self._committed.set()

    async def open(self, request: Request, principal: Principal) -> Response:
        """Every change that the caller may read, as it is committed: a stream of Server-Sent Events."""
        self._acquire_slot(principal)
        try:
            key = await self._database.read(counters.key)
            last_seen = request.headers.get("last-event-id")
            position = await self._start(last_seen, key)
        except BaseException:
            self._release_slot(principal)
            raise
        ready = encode_cursor(position, key, fresh=True) if last_seen is None else last_seen
        events = self._events(credentials_of(request), workspace_of(request), position, ready, key)
        return _CountedStream(events, on_end=partial(self._release_slot, principal), ping=PING_INTERVAL)

    def _acquire_slot(self, principal: Principal) -> None:
        """Count a stream. Raises TemporarilyUnavailable or RequestLimitExceeded."""
        if self._open >= self._limits.streams:
            raise TemporarilyUnavailable(
                "The server has reached its limit of event streams. Try again later.", limit="streams"
            )
        if self._open_by[principal.id] >= self._limits.streams_per_principal:
            raise RequestLimitExceeded(
                f"{principal.name} has {self._limits.streams_per_principal} event streams open, which is the limit. "
                "Close some.",
                retry_after=RETRY_AFTER,
                limit="streams_per_principal",
            )
        self._open += 1
        self._open_by[principal.id] += 1

    def _release_slot(self, principal: Principal) -> None:
        self._open -= 1
        self._open_by[principal.id] -= 1
        if not self._open_by[principal.id]:
            del self._open_by[principal.id]

    async def _start(self, last_seen: str | None, key: bytes) -> int:
        newest = await self._database.read(activities.last_sequence)
        if last_seen is None:
            return newest
        position = decode_cursor(last_seen, key)
        if position is None:
            raise InvalidParameterValue("Last-Event-ID is not the id of an event of this registry. Leave it out.")
        return min(position, newest)

    async def _events(
        self, credentials: tuple[str | None, str], workspace: str, position: int, ready: str, key: bytes
    ) -> AsyncIterator[ServerSentEvent | bytes]:
        yield ServerSentEvent(event="ready", id=ready, data="{}")
        checkpoints: list[_Checkpoint] = [(position, None)]
        while not self._stopping:
            changes = self._changes
            try:
                rows, more = await self._poll(credentials, workspace, checkpoints)
            except (Unauthenticated, ResourceDoesNotExist):  # the token, or the workspace
                return
            except Exception as error:
                if to_api_error(error) is None:
                    raise
                rows, more = ActivityPage([], more=False)  # the database is unavailable: try again at the next poll
            for row in rows:
                # Formatted here, as the library would scan the data for line breaks, of which JSON has none.
                data = to_json(activity_entity(row))
                yield b"id: %s\r\nevent: activity\r\ndata: %s\r\n\r\n" % (
                    encode_cursor(row.sequence, key).encode(),
                    data,
                )
                await asyncio.sleep(0)  # let others run: sending does not wait if the client has disconnected
            if not more:
                await self._wait(changes)
        # Sent to all at once, who would all connect to the next server at once.
        yield b": this server ends; connect again\r\nretry: %d\r\n\r\n" % random.randint(*RECONNECT)  # noqa: S311

    async def _poll(
        self, credentials: tuple[str | None, str], workspace: str, checkpoints: list[_Checkpoint]
    ) -> ActivityPage:
        """The changes since the last checkpoint that the caller may read now. Adds a checkpoint after them."""
        principal = await self._authenticator.principal_of(credentials, workspace, time.time_ns() // 1_000_000)
        newest = await self._common_checkpoint(checkpoints)
        position = checkpoints[-1][0]
        if position >= newest[0]:
            return ActivityPage([], more=False)
        rows, more = page = await self._database.read(partial(feed.after, principal=principal, sequence=position))
        if more or (rows and rows[-1].sequence > newest[0]):  # written between the two reads
            checkpoints.append((rows[-1].sequence, None))
        else:
            checkpoints.append(newest)
        del checkpoints[:-MAX_CHECKPOINTS]
        return page

    async def _common_checkpoint(self, checkpoints: list[_Checkpoint]) -> tuple[int, str]:
        """Number and digest of the newest change, after the checkpoints of changes that no longer exist were removed:
        a standby was promoted that lacked them. Then other changes have, or will have, their numbers."""
        while True:
            position, digest = checkpoints[-1]
            newest, stored = await self._database.read(partial(activities.head_and, sequence=position))
            if position > newest[0] or digest not in (None, stored):
                checkpoints.pop()
                if checkpoints:
                    continue
                position, stored = newest
                checkpoints.append(newest)
            checkpoints[-1] = (position, stored)
            return newest

    async def _wait(self, changes: int) -> None:
        """Until ``_changes`` differs from ``changes``, or for RECHECK_INTERVAL."""
        async with self._changed:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RECHECK_INTERVAL):
                    await self._changed.wait_for(lambda: self._changes != changes)

    async def _watch(self) -> None:
        """Wake the streams when something has changed, and when they have to end."""
        known: tuple[int, int] | None = None
        while True:
            self._committed.clear()
            try:
                now = await self._database.read(_change_state) if self._open else known
            except Exception as error:  # none may end this loop; the streams handle errors of the database
                if to_api_error(error) is None:
                    log.exception("polling for changes failed unexpectedly")
                now = known
            if now != known or self._stopping:
                known = now
                async with self._changed:
                    self._changes += 1
                    self._changed.notify_all()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_INTERVAL):
                    await self._committed.wait()


class _CountedStream(EventSourceResponse):
    """Calls ``on_end`` when it has ended, for whatever reason."""

    def __init__(
        self, events: AsyncIterator[ServerSentEvent | bytes], *, on_end: Callable[[], None], ping: int
    ) -> None:
        super().__init__(events, ping=ping)
        self._on_end = on_end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._on_end()


def _change_state(connection: Connection) -> tuple[int, int]:
    """Differs after every change that a stream could show, or that could end it."""
    return activities.last_sequence(connection), counters.read(connection, counters.IDENTITY)
