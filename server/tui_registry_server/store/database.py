"""The database: where it is read, and by whom it is written.

On SQLite, reads run at once on the event loop: they take microseconds, less than handing them to another thread. Those
of one turn of the loop share a view of the database, as beginning one costs as much as a read. What may take longer,
and what turns out to, runs in threads, each with a connection of its own, so that it holds up nobody's other calls; it
is given up when it takes too long. On PostgreSQL all reads run in threads.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from sqlalchemy import URL, Connection, event, text
from sqlalchemy.exc import DBAPIError

from tui_registry_server.store.deadlines import InlineBudget, InlineBudgetExceededError, ReadDeadline, check_deadline
from tui_registry_server.store.engine import CONNECTIONS, LONGEST_READ, LONGEST_WRITE, driver_of, make_engine, timed_out
from tui_registry_server.store.fair_thread_pool import FairThreadPool
from tui_registry_server.store.json_cache import enable_json_cache
from tui_registry_server.store.postgresql import listen
from tui_registry_server.store.read_cache import clear_read_cache
from tui_registry_server.store.statements import Statement
from tui_registry_server.store.writer import Work, Writer

T = TypeVar("T")

_COMMITS = Statement(text("PRAGMA data_version"))  # another number after every commit of another connection
THREADS = 4  # that read an SQLite file at length; each is slow to begin where there are fewer cores


class Database:
    """An open database. ``on_commit`` is called, on the writer's thread, after each commit that changed something.

    On PostgreSQL it has ``connections`` connections to read with, and two more: one that writes, and one that listens.
    """

    def __init__(
        self,
        url: URL,
        *,
        durable: bool = True,
        connections: int = CONNECTIONS,
        longest_read: float = LONGEST_READ,
        longest_write: float = LONGEST_WRITE,
    ) -> None:
        """``longest_read``: seconds after which a lengthy read is given up. ``longest_write``: as for Writer."""
        self.url = url
        self.on_commit: Callable[[], None] = lambda: None
        embedded = url.get_backend_name() == "sqlite"
        threads = THREADS if embedded else connections  # each of which never waits for a connection
        self._reader = make_engine(url, write=False, connections=threads + embedded, longest_read=longest_read)
        enable_json_cache(self._reader)
        event.listen(self._reader, "before_cursor_execute", check_deadline)
        self._view: int | None = None
        self._last_view: int | None = None
        self._reading = self._reader.connect() if embedded else None
        if self._reading is not None:
            self._driver = driver_of(self._reading)
            self._inline_budget = InlineBudget(self._reading)
        self._readers = FairThreadPool(threads, "registry-reader")
        self._longest_read = longest_read
        self._writing = make_engine(url, write=not embedded, durable=durable, lock_timeout=longest_write)
        self._writer = Writer(self._writing, self._notify_commit, longest_write)

    def view(self) -> int | None:
        """A number: while it is the same, reads see the same. None where each may see something else."""
        if self._view is None and self._reading is not None:
            self._begin_view(self._reading)
        return self._view

    async def read(self, work: Work[T], *, by: str | None = None, lengthy: bool = False) -> T:
        """Run statements that change nothing. They may be run twice. ``by``: for whom, if it is not the server itself.
        ``lengthy``: they usually take longer than it takes to hand them over."""
        if self._reading is not None and not lengthy:
            self.view()
            try:
                with self._inline_budget:
                    return work(self._reading)
            except InlineBudgetExceededError:
                pass
            except DBAPIError as error:
                if not timed_out(error):
                    raise
        loop = asyncio.get_running_loop()
        deadline = ReadDeadline(loop, self._longest_read)
        try:
            return await self._readers.run(by, partial(self._read_pooled, work, deadline), deadline.finish)
        except asyncio.CancelledError:
            deadline.cancel()  # nobody waits for it any more
            raise

    async def write(self, work: Work[T]) -> T:
        """Run statements in one transaction; returns when it is committed. An exception undoes all of it. They may be
        run twice, and only once be committed.

        A caller that stops waiting does not stop the write.
        """
        return await self._writer.put(work)

    async def listen(self) -> None:
        """Have ``on_commit`` called for the commits of other processes, too, if the database tells of them."""
        if self._reading is None:
            await listen(self.url, self.on_commit)

    def close(self) -> None:
        """Finish what is queued, then close every connection."""
        self._writer.close()
        self._readers.close()
        if self._reading is not None:
            self._end_view()
            self._reading.close()
        self._reader.dispose()
        self._writing.dispose()

    def _notify_commit(self) -> None:
        self.on_commit()  # which may be another by now

    def _begin_view(self, connection: Connection) -> None:
        self._driver.execute("BEGIN")
        try:
            self._view = _COMMITS.scalar(connection)
        except DBAPIError:
            self._end_view()
            raise
        if self._view != self._last_view:
            self._last_view = self._view
            clear_read_cache(connection)
        # Whatever follows from a commit that the view does not show, a request that was sent after it included, comes
        # to the loop later than this, and is served later.
        asyncio.get_running_loop().call_soon(self._end_view)

    def _end_view(self) -> None:
        self._view = None
        with contextlib.suppress(sqlite3.Error):  # of a damaged file; whoever reads it is told
            if self._driver.in_transaction:
                self._driver.execute("ROLLBACK")

    def _read_pooled(self, work: Work[T], deadline: ReadDeadline) -> T:
        try:
            return self._read_once(work, deadline)
        except DBAPIError as error:
            if not error.connection_invalidated or deadline.is_cancelled():
                raise
        # The server was restarted or dropped the connection. That has emptied the pool, so this is a new connection;
        # a check before every read would cost each of them a round trip.
        return self._read_once(work, deadline)

    def _read_once(self, work: Work[T], deadline: ReadDeadline) -> T:
        deadline.check()  # it may take long to find that there is no server to connect to
        with self._reader.connect() as connection, deadline.running_on(connection):
            return work(connection)
