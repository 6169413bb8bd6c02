"""The event stream: every change that the caller may read, as it is committed (Server-Sent Events, WHATWG HTML).

An event's id is the change's sequence number. A client that comes back with ``Last-Event-ID`` misses nothing; one that
comes for the first time is told of what happens from now on. Each look at the database asks anew who the caller is and
what they may read, so a stream ends with its token, and shows nothing after a right is taken away.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from functools import partial

from pydantic_core import to_json
from sse_starlette import EventSourceResponse, ServerSentEvent
from sse_starlette.sse import AppStatus
from starlette.requests import Request
from starlette.responses import Response

from server.http.authentication import Authenticator, credentials_of
from server.operations.feed import activity_entity
from server.rules.errors import InvalidParameterValue, Unauthenticated
from server.store import activities
from server.store.engine import Database

LOOK = 1.0  # seconds between looks for changes that another process made
PING = 15  # seconds between comments that keep the connection alive through proxies


class EventStream:
    """Wakes the open streams after each commit, and ends them when the server stops."""

    def __init__(self, database: Database, authenticator: Authenticator) -> None:
        self._database = database
        self._authenticator = authenticator
        self._changed = asyncio.Condition()
        self._stopping = False

    def listen(self) -> None:
        """Be woken by commits; to be called on the event loop that serves."""
        loop = asyncio.get_running_loop()
        # The library would cut the streams off in the middle when the server is told to end; stop() lets them finish.
        AppStatus.enable_automatic_graceful_drain = False

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended, and the streams with it
                loop.call_soon_threadsafe(self._wake)

        self._database.on_commit = wake

    def stop(self) -> None:
        """End every stream."""
        self._stopping = True
        self._wake()

    async def open(self, request: Request) -> Response:
        """Every change that the caller may read, as it is committed: a stream of Server-Sent Events."""
        credentials = credentials_of(request)
        position = await self._start(request.headers.get("last-event-id"))
        return EventSourceResponse(self._events(credentials, position), ping=PING)

    async def _start(self, last_seen: str | None) -> int:
        newest = await self._database.read(activities.last_sequence)
        if last_seen is None:
            return newest
        if not last_seen.isdecimal() or len(last_seen) > 18:
            raise InvalidParameterValue("Last-Event-ID must be the id of an event, such as 42. Leave it out to begin.")
        return min(int(last_seen), newest)

    async def _events(self, credentials: tuple[str | None, str], position: int) -> AsyncIterator[ServerSentEvent]:
        yield ServerSentEvent(event="ready", id=str(position), data="{}")
        while not self._stopping:
            try:
                principal = await self._authenticator.principal_of(credentials, time.time_ns() // 1_000_000)
            except Unauthenticated:
                return
            newest = await self._database.read(activities.last_sequence)
            while position < newest:
                rows = await self._database.read(partial(activities.after, principal=principal, sequence=position))
                for row in rows:
                    data = to_json(activity_entity(row)).decode()
                    yield ServerSentEvent(event="activity", id=str(row.sequence), data=data)
                position = rows[-1].sequence if len(rows) == activities.BATCH else newest
            await self._wait()

    async def _wait(self) -> None:
        async with self._changed:
            try:
                async with asyncio.timeout(LOOK):
                    await self._changed.wait()
            except TimeoutError:
                return

    def _wake(self) -> None:
        async def notify() -> None:
            async with self._changed:
                self._changed.notify_all()

        self._waking = asyncio.ensure_future(notify())
