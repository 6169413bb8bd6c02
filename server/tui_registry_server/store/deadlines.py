"""How long the database may take: a moment on the event loop, longer in a thread, and not for ever."""

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
from tui_registry_server.store.engine import TOO_LONG, driver_of

MOMENT = 0.01  # seconds after which what was begun on the event loop is begun anew in a thread
STEPS = 20_000  # of SQLite's machine between two looks at the clock: a part of a millisecond
AGAIN = 0.05  # seconds until a read that goes on though it was interrupted is interrupted once more
GRACE = 2.0  # seconds that PostgreSQL has to say that it gave up a statement
_MOMENT = "moment"
_PATIENCE = "patience"


class LengthyError(Exception):
    """Raised out of what was begun on the event loop and does not belong there."""


class Moment:
    """While it lasts, what runs on an SQLite connection is interrupted when it takes longer than MOMENT.

    SQLite counts steps by statement, over all its runs. Many different statements of few steps are not interrupted.
    """

    def __init__(self, connection: Connection) -> None:
        self._end = math.inf
        driver_of(connection).set_progress_handler(self._is_over, STEPS)
        connection.info[_MOMENT] = self

    def __enter__(self) -> Self:
        self._end = time.perf_counter() + MOMENT
        return self

    def __exit__(self, *_: object) -> None:
        self._end = math.inf

    def lasts(self) -> bool:
        return self._end != math.inf

    def _is_over(self) -> bool:
        return time.perf_counter() > self._end


def expect_to_take_long(connection: Connection) -> None:
    """To be called before what may take SQLite long without a single look at the clock. Raises LengthyError on the
    event loop, from where it is begun anew in a thread."""
    moment = connection.info.get(_MOMENT)
    if moment is not None and moment.lasts():
        raise LengthyError


class Patience:
    """With a read in a thread. When it is lost, SQLite is interrupted. PostgreSQL loses its own with each statement,
    and the read begins no other; if it says nothing for GRACE, the connection is cut."""

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._lock = threading.Lock()
        self._lost = False
        self._driver: Any = None
        self._loop = loop
        self._ended = False
        self._seconds = seconds
        self._silent = time.monotonic() + seconds + GRACE
        self._began = math.inf
        self._timer = loop.call_later(seconds, self.lose)

    def lose(self) -> None:
        """At once; to be called on the loop."""
        self._timer.cancel()
        if self._ended:
            return
        with self._lock:  # so that the next to use the connection is not the one interrupted
            self._lost = True
            if isinstance(self._driver, sqlite3.Connection):
                self._driver.interrupt()
            elif self._driver is not None and time.monotonic() > self._silent:
                from tui_registry_server.store.postgresql_connection import cut

                cut(self._driver)
        self._timer = self._loop.call_later(AGAIN, self.lose)  # it may have been between two statements

    def end(self) -> None:
        """The read is over; to be called on the loop."""
        self._ended = True
        self._timer.cancel()

    def is_lost(self) -> bool:
        return self._lost

    def check(self) -> None:
        """Raises what says that it is lost: that much was asked, or, if most of the time was spent waiting for a thread
        and a connection, that the server is busy."""
        if self._lost and time.monotonic() - self._began > self._seconds / 2:
            raise InvalidParameterValue(TOO_LONG)
        if self._lost:
            raise TemporarilyUnavailable("The server is busy with other searches and lists. Try again.")

    @contextlib.contextmanager
    def with_what_runs_on(self, connection: Connection) -> Iterator[None]:
        """Raises TemporarilyUnavailable, if it was lost before anything could run."""
        with self._lock:
            self.check()
            self._driver = connection.connection.driver_connection
            self._began = time.monotonic()
        known = connection.info
        known[_PATIENCE] = self
        try:
            yield
        finally:
            del known[_PATIENCE]  # the connection's own, even if that has broken
            with self._lock:
                self._driver = None


def check_patience(connection: Connection, *_: object) -> None:
    """To be called before every statement."""
    patience = connection.info.get(_PATIENCE)
    if patience is not None:
        patience.check()
