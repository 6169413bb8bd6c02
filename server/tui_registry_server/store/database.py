"""The database: on which thread it is read and written.

On SQLite, reads run inline on the event loop: they take microseconds, less than handing them to another thread. Those
of one iteration of the loop share a read transaction ("view"), as beginning one costs as much as a read. Reads that are
lengthy, or exceed the inline budget, run in threads with connections of their own, so that they do not block others;
they have a deadline. On PostgreSQL all reads run in threads.
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

_COMMITS = Statement(text("PRAGMA data_version"))  # differs after every commit of another connection
THREADS = 4  # for lengthy reads of an SQLite file


class Database:
    """An open database. ``commit_listeners`` are called, on the writer's thread, after each commit of a change.

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
        """``longest_read``: the deadline of a read in a thread, in seconds. ``longest_write``: as for Writer."""
        self.url = url
        self.commit_listeners: list[Callable[[], None]] = []
        embedded = url.get_backend_name() == "sqlite"
        threads = THREADS if embedded else connections  # so that no thread waits for a connection
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
        self.writer = Writer(self._writing, self._notify_commit, longest_write)

    def view(self) -> int | None:
        """A number: reads with the same number see the same snapshot. None on PostgreSQL, where each has its own."""
        if self._view is None and self._reading is not None:
            self._begin_view(self._reading)
        return self._view

    @property
    def has_view(self) -> bool:
        """Whether a view was begun that has not ended: read_without_view reads it, too."""
        return self._view is not None

    def read_without_view(self, work: Work[T]) -> T | None:
        """One short statement on the event loop. If no view was begun yet, none is: that costs as much as three more.
        None on PostgreSQL."""
        return None if self._reading is None else work(self._reading)

    async def read(self, work: Work[T], *, by: str | None = None, lengthy: bool = False) -> T:
        """Run statements that change nothing. They may be run twice. ``by``: the principal's id; None for the server
        itself. ``lengthy``: whether they usually take longer than handing them to a thread."""
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
            deadline.cancel()  # the caller has stopped waiting
            raise

    async def write(self, work: Work[T]) -> T:
        """Run statements in one transaction; returns when it is committed. An exception rolls it back. They may be run
        twice, but are committed only once.

        Cancelling the caller does not cancel the write.
        """
        return await self.writer.put(work)

    async def listen(self) -> None:
        """Call the ``commit_listeners`` for the commits of other processes, too, if the database notifies of them."""
        if self._reading is None:
            await listen(self.url, self._notify_commit)

    def close(self) -> None:
        """Finish the queued writes, then close every connection."""
        self.writer.close()
        self._readers.close()
        if self._reading is not None:
            self._end_view()
            self._reading.close()
        self._reader.dispose()
        self._writing.dispose()

    def _notify_commit(self) -> None:
        for listener in self.commit_listeners:
            listener()

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
        # Anything caused by a commit after this view, such as a request that was sent after it, reaches the loop after
        # this callback, and sees a later view.
        asyncio.get_running_loop().call_soon(self._end_view)

    def _end_view(self) -> None:
        self._view = None
        with contextlib.suppress(sqlite3.Error):  # of a damaged file; reads of it raise, too
            if self._driver.in_transaction:
                self._driver.execute("ROLLBACK")

    def _read_pooled(self, work: Work[T], deadline: ReadDeadline) -> T:
        try:
            return self._read_once(work, deadline)
        except DBAPIError as error:
            if not error.connection_invalidated or deadline.is_cancelled():
                raise
        # The server was restarted or dropped the connection. The pool is empty now, so the retry gets a new connection;
        # a check before every read would cost a round trip each.
        return self._read_once(work, deadline)

    def _read_once(self, work: Work[T], deadline: ReadDeadline) -> T:
        deadline.check()  # connecting may have taken long, before it failed
        with self._reader.connect() as connection, deadline.running_on(connection):
            return work(connection)
