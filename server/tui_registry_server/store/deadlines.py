"""Deadlines of database reads: some milliseconds on the event loop (the inline budget), some seconds in a thread."""

import asyncio
import contextlib
import math
import sqlite3
import threading
import time
from collections.abc import Iterator
from typing import Any, Self

from sqlalchemy import Connection

from tui_registry_server.rules.errors import InvalidParameterValue, TemporarilyUnavailable
from tui_registry_server.store.engine import TIMEOUT_MESSAGE, driver_of

INLINE_SECONDS = 0.01  # the inline budget: seconds after which a read on the event loop is restarted in a thread
STEPS_PER_CHECK = 20_000  # of SQLite's virtual machine between two checks of the clock: less than a millisecond
INTERRUPT_INTERVAL = 0.05  # seconds after which a read that still runs is interrupted again
GRACE_SECONDS = 2.0  # seconds for PostgreSQL to report that it has cancelled a statement
_BUDGET_KEY = "inline_budget"
_DEADLINE_KEY = "deadline"


class InlineBudgetExceededError(Exception):
    """A read on the event loop takes too long, and must be restarted in a thread."""


class InlineBudget:
    """Interrupts what runs on an SQLite connection in this context when it takes longer than INLINE_SECONDS.

    SQLite counts steps by statement, over all its runs. Many different statements of few steps are not interrupted.
    """

    def __init__(self, connection: Connection) -> None:
        self._deadline = math.inf
        driver_of(connection).set_progress_handler(self._is_exceeded, STEPS_PER_CHECK)
        connection.info[_BUDGET_KEY] = self

    def __enter__(self) -> Self:
        self._deadline = time.perf_counter() + INLINE_SECONDS
        return self

    def __exit__(self, *_: object) -> None:
        self._deadline = math.inf

    def is_running(self) -> bool:
        return self._deadline != math.inf

    def _is_exceeded(self) -> bool:
        return time.perf_counter() > self._deadline


def require_thread(connection: Connection) -> None:
    """To be called before what may take long without SQLite checking the clock. Raises InlineBudgetExceededError on the
    event loop, so that it is restarted in a thread."""
    budget = connection.info.get(_BUDGET_KEY)
    if budget is not None and budget.is_running():
        raise InlineBudgetExceededError


class ReadDeadline:
    """The deadline of a read in a thread. When it passes, SQLite is interrupted. PostgreSQL has its own timeout for
    each statement, and the read starts no other; if the server stays silent for GRACE_SECONDS, it is disconnected."""

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._lock = threading.Lock()
        self._cancelled = False
        self._driver: Any = None
        self._loop = loop
        self._finished = False
        self._seconds = seconds
        self._disconnect_at = time.monotonic() + seconds + GRACE_SECONDS
        self._began = math.inf
        self._timer = loop.call_later(seconds, self.cancel)

    def cancel(self) -> None:
        """Cancel the read now; to be called on the loop."""
        self._timer.cancel()
        if self._finished:
            return
        with self._lock:  # so that not the next user of the connection is interrupted
            self._cancelled = True
            if isinstance(self._driver, sqlite3.Connection):
                self._driver.interrupt()
            elif self._driver is not None and time.monotonic() > self._disconnect_at:
                from tui_registry_server.store.postgresql_connection import disconnect

                disconnect(self._driver)
        self._timer = self._loop.call_later(INTERRUPT_INTERVAL, self.cancel)  # it may have been between two statements

    def finish(self) -> None:
        """The read is over; to be called on the loop."""
        self._finished = True
        self._timer.cancel()

    def is_cancelled(self) -> bool:
        return self._cancelled

    def check(self) -> None:
        """If it was cancelled, raises InvalidParameterValue, or, if most of the time was spent waiting for a thread and
        a connection, TemporarilyUnavailable."""
        if self._cancelled and time.monotonic() - self._began > self._seconds / 2:
            raise InvalidParameterValue(TIMEOUT_MESSAGE)
        if self._cancelled:
            raise TemporarilyUnavailable("The server is busy with other searches and lists. Try again.")

    @contextlib.contextmanager
    def running_on(self, connection: Connection) -> Iterator[None]:
        """Run statements of the read on this connection in the block. Raises TemporarilyUnavailable if it was cancelled
        before."""
        with self._lock:
            self.check()
            self._driver = connection.connection.driver_connection
            self._began = time.monotonic()
        info = connection.info
        info[_DEADLINE_KEY] = self
        try:
            yield
        finally:
            del info[_DEADLINE_KEY]  # of this connection, even if it was invalidated
            with self._lock:
                self._driver = None


def check_deadline(connection: Connection, *_: object) -> None:
    """To be called before every statement. Raises as ReadDeadline.check."""
    deadline = connection.info.get(_DEADLINE_KEY)
    if deadline is not None:
        deadline.check()
