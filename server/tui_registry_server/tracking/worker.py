"""Looking up new versions with the tracking server at their registration, and all that remains in the background.

What is to be asked for is in the database, written in the transaction that registers a version: see store.lineages. So
it survives the server, and any one of several servers takes it. No transaction is open while the tracking server is
asked.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial

from tui_registry_server.operations import lineage
from tui_registry_server.operations.call import Call
from tui_registry_server.rules.lineage import RunLookup, origin, retry_delay
from tui_registry_server.rules.principals import SERVER
from tui_registry_server.store import activities, lineages, workspaces
from tui_registry_server.store.database import Database
from tui_registry_server.store.engine import Connection, describe_error, to_api_error
from tui_registry_server.store.lineages import DueRow
from tui_registry_server.tracking.client import TrackingClient, TrackingError, TrackingMissing, TrackingUnavailable
from tui_registry_server.tracking.document import GOING_ON, retrieve, run_of
from tui_registry_server.tracking.server import TrackingServer
from tui_registry_server.wire.lineage import LineageDocument

log = logging.getLogger(__name__)

LOOKUP_SECONDS = 2.0  # that a registration waits for its run
RETRIEVAL_SECONDS = 10.0  # for all about one version, in the background
PAUSE_SECONDS = 3.0  # after the tracking server has not answered, in which it is not asked
BATCH = 16  # versions that a server takes at a time
AT_ONCE = 4  # of them that it asks for at the same time
LEASE_SECONDS = 2 * RETRIEVAL_SECONDS * BATCH / AT_ONCE
POLL_SECONDS = 15.0  # between looks for what other servers have left


class LineageWorker:
    """Asks one tracking server, on one event loop."""

    def __init__(self, database: Database, server: TrackingServer) -> None:
        self._database = database
        self._client = TrackingClient(server)
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._wake = asyncio.Event()
        self._paused_until = 0.0
        self._is_answering = True

    async def look_up(self, model_id: str, workspace: str) -> RunLookup:
        """The run that has logged a model in a workspace, by its name; empty for the default one. Within
        LOOKUP_SECONDS; while the tracking server is not answering, it is not asked: registrations do not wait for it
        one after the other."""
        if time.monotonic() < self._paused_until:
            return RunLookup(problem="The tracking server has not answered a moment ago; it is asked again soon.")
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                run_id = await run_of(self._client.in_workspace(workspace), model_id)
        except (TrackingError, TimeoutError) as error:
            pauses = isinstance(error, TrackingUnavailable | TimeoutError)
            return RunLookup(problem=f"The tracking server was asked, but {self._failed(error, pauses=pauses)}.")
        self._answered()
        return RunLookup(run_id)

    def wake(self) -> None:
        """Look for what is due: there may be something new."""
        self._wake.set()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work in the background while the block runs."""
        task = asyncio.ensure_future(self._run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self._client.close()

    async def _run(self) -> None:
        while True:
            if (pause := self._paused_until - time.monotonic()) > 0:
                await asyncio.sleep(pause)
                continue
            self._wake.clear()
            wait = POLL_SECONDS
            try:
                wait = await self._work_off()
            except Exception as error:  # none may end this loop
                if to_api_error(error) is None:
                    log.exception("retrieving lineage failed unexpectedly")
                else:
                    log.error("lineage could not be retrieved: %s", describe_error(error))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._wake.wait()

    async def _work_off(self) -> float:
        """Ask for one batch of what is due. Returns the seconds until there is more to do."""
        due = await self._database.read(lineages.next_due)
        if due is None or (wait := due / 1000 - time.time()) > 0:
            return POLL_SECONDS if due is None else min(POLL_SECONDS, wait)
        now = _now()
        until = now + round(LEASE_SECONDS * 1000)
        rows = await self._database.write(partial(lineages.lease, now=now, until=until, limit=BATCH))
        await asyncio.gather(*(self._ask(row) for row in rows))
        return 0.0 if rows else POLL_SECONDS  # another server has taken them

    async def _ask(self, row: DueRow) -> None:
        async with self._slots:
            try:
                workspace = await self._database.read(partial(workspaces.header_name, workspace_id=row.workspace_id))
                async with asyncio.timeout(RETRIEVAL_SECONDS):
                    document = await retrieve(
                        self._client.in_workspace(workspace),
                        origin(row.storage_location, row.logged_model_id, row.run_id),
                    )
            except (TrackingError, TimeoutError) as error:
                # What takes long or fails here may be this run only, which somebody may have chosen for that.
                pauses = isinstance(error, TrackingUnavailable)
                problem = f"The tracking server was asked, but {self._failed(error, pauses=pauses)}."
                delay = retry_delay(row.attempts + 1, missing=isinstance(error, TrackingMissing))
                await self._database.write(partial(_postpone, row=row, problem=problem, delay=delay))
                return
        self._answered()
        await self._database.write(partial(_keep, row=row, document=document))

    def _failed(self, error: TrackingError | TimeoutError, *, pauses: bool) -> str:
        """What is wrong. ``pauses``: whether nothing is asked for a moment, as the tracking server answers nobody."""
        problem = str(error) if isinstance(error, TrackingError) else "it takes too long to answer"
        if not pauses:
            return problem
        self._paused_until = time.monotonic() + PAUSE_SECONDS
        if self._is_answering:
            self._is_answering = False
            log.warning("the tracking server was asked for a run, but %s; it is asked again until it answers", problem)
        return problem

    def _answered(self) -> None:
        self._paused_until = 0.0
        if not self._is_answering:
            self._is_answering = True
            log.warning("the tracking server answers again")


def _keep(connection: Connection, row: DueRow, document: LineageDocument) -> None:
    """Keep the document, and the run that it found. A run that is still running is asked for again: what it measures
    after it has registered its model belongs to the version, too."""
    clock = _now()
    delay = retry_delay(row.attempts + 1) if document.run_status in GOING_ON else None
    content = document.model_dump_json(exclude_none=True, exclude_defaults=True)
    lineages.keep(connection, row, content, clock, _due(delay))
    if document.run_id:
        head = activities.head(connection)
        server = replace(SERVER, workspace_id=row.workspace_id)
        call = Call(connection, server, max(clock, head.last_timestamp), clock, head=head)
        lineage.set_run(call, row.model_id, row.name, row.version, document.run_id)


def _postpone(connection: Connection, row: DueRow, problem: str, delay: float | None) -> None:
    lineages.postpone(connection, row, problem, _due(delay))


def _due(delay: float | None) -> int | None:
    return None if delay is None else _now() + round(delay * 1000)


def _now() -> int:
    return time.time_ns() // 1_000_000
