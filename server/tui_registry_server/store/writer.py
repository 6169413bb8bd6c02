"""Writes queue here. They are committed in groups, so that many writers share one wait for the disk
(``synchronous=FULL``: what is answered is on the disk). One that fails undoes nothing of the others.

On SQLite a group runs on the event loop, as reads do: two threads that share one interpreter would hand it to each
other at every statement, at several times the statement's cost. Only what waits is done in the writer's thread: the
commit, which waits for the disk; and a whole group, when another process is writing, when something takes longer than a
moment, or when one has changed something before it failed: there, each write has a savepoint to go back to. On
PostgreSQL, where every statement waits, all is done in the thread. There, each process has such a writer; they take
turns.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, RootTransaction, text
from sqlalchemy.exc import DBAPIError

from tui_registry_server.rules.errors import TemporarilyUnavailable
from tui_registry_server.store.deadlines import GRACE_SECONDS, InlineBudget, InlineBudgetExceededError
from tui_registry_server.store.engine import begin_with_retry, describe_error, driver_of, set_busy_timeout, to_api_error
from tui_registry_server.store.statements import Statement
from tui_registry_server.store.watchdog import Watchdog

log = logging.getLogger(__name__)

T = TypeVar("T")
Work = Callable[[Connection], T]
Job = tuple[Work[Any], asyncio.Future[Any]]
Waiting = tuple[float, Job]
"""Since when."""
Outcome = tuple[asyncio.Future[Any], Any, Exception | None]

MAX_GROUP_SIZE = 64  # writes in one commit at the most, so that the first does not wait long for the last
MAX_INLINE_SECONDS = 0.004  # after which no further write is begun on the event loop, so that reads get a turn
_TIMEOUT_MESSAGE = (
    "The database takes too long to write: other changes have waited before this one. Nothing was changed. Try again; "
    "if it stays so, ask the registry's operator to look at the database and the log."
)
_SAVE, _RELEASE, _UNDO, _BEGIN, _COMMIT, _ROLLBACK = (
    Statement(text(words))
    for words in (
        "SAVEPOINT one_write",
        "RELEASE SAVEPOINT one_write",
        "ROLLBACK TO SAVEPOINT one_write",
        "BEGIN IMMEDIATE",  # what it reads is still true when it writes
        "COMMIT",
        "ROLLBACK",
    )
)


class _PartialWriteError(Exception):
    """A write changed something, and then failed."""


class _Transaction:
    """On SQLite; SQLAlchemy's own does the same on PostgreSQL."""

    def __init__(self, connection: Connection) -> None:
        _BEGIN.run(connection)
        self._connection = connection
        self.is_active = True

    def commit(self) -> None:
        _COMMIT.run(self._connection)
        self.is_active = False

    def rollback(self) -> None:
        self.is_active = False
        if driver_of(self._connection).in_transaction:  # which what went wrong may have ended
            _ROLLBACK.run(self._connection)


class Writer:
    """``engine`` makes connections that write; on SQLite, such as begin no transactions by themselves. ``on_commit`` is
    called, on the writer's thread, after each commit.

    On PostgreSQL a group has ``timeout`` seconds, with its turn, and as many for its commit, which waits for a standby,
    too, if there is a synchronous one. Then its connection is cut, as the server may be gone without a word.
    """

    def __init__(self, engine: Engine, on_commit: Callable[[], None], timeout: float) -> None:
        self._engine = engine
        self._timeout = timeout
        self._on_commit = on_commit
        self._inline_connection = engine.connect() if engine.dialect.name == "sqlite" else None
        if self._inline_connection is not None:
            self._inline_budget = InlineBudget(self._inline_connection)
            set_busy_timeout(self._inline_connection)
        self._watchdog = Watchdog() if self._inline_connection is None else None
        self._queue: deque[Waiting] = deque()
        self._is_busy = False
        self._tasks: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run_tasks, name="registry-writer", daemon=True)
        self._thread.start()

    def put(self, work: Work[T]) -> asyncio.Future[T]:
        """What comes of it is known when it is committed."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._queue.append((time.monotonic(), (work, done)))
        if not self._is_busy:
            self._is_busy = True
            loop.call_soon(self._next_group, loop)
        return done

    def close(self) -> None:
        """Finish what is queued."""
        self._tasks.put(None)
        self._thread.join()
        self._is_busy = True
        wanted = [job for _, job in self._queue if not job[1].cancelled()]  # the others were never acknowledged
        self._queue.clear()
        for start in range(0, len(wanted), MAX_GROUP_SIZE):
            _resolve(self._write(wanted[start : start + MAX_GROUP_SIZE]))
        if self._inline_connection is not None:
            self._inline_connection.close()
        if self._watchdog is not None:
            self._watchdog.close()

    # --- on the event loop

    def _next_group(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._queue:
            self._is_busy = False
        elif self._inline_connection is None:
            self._reject_expired()
            self._submit(loop, partial(self._write, self._take_group()))
        else:
            self._run_inline(loop, self._inline_connection)

    def _run_inline(self, loop: asyncio.AbstractEventLoop, connection: Connection) -> None:
        group: list[Job] = []
        outcomes: list[Outcome] = []
        transaction = None
        try:
            with self._inline_budget:
                transaction = _Transaction(connection)
                end = time.perf_counter() + MAX_INLINE_SECONDS
                while self._queue and len(group) < MAX_GROUP_SIZE and (not group or time.perf_counter() < end):
                    group.append(self._queue.popleft()[1])
                    outcomes.append(_run_without_savepoint(connection, *group[-1]))
            if not _has_changed(outcomes):
                transaction.rollback()
        except Exception:  # in the thread it will take its time, or its reason be told
            _roll_back(transaction)
            self._submit(loop, partial(self._write, group or self._take_group()))
            return
        if transaction.is_active:
            self._submit(loop, partial(self._commit, transaction, outcomes))
        else:
            self._finish_group(loop, outcomes)

    def _submit(self, loop: asyncio.AbstractEventLoop, task: Callable[[], list[Outcome]]) -> None:
        """To the thread. What comes of it is told back on the loop."""

        def run() -> None:
            outcomes = task()
            with contextlib.suppress(RuntimeError):  # the loop has ended, and nobody waits any more
                loop.call_soon_threadsafe(self._finish_group, loop, outcomes)

        self._tasks.put(run)

    def _finish_group(self, loop: asyncio.AbstractEventLoop, outcomes: list[Outcome]) -> None:
        loop.call_soon(self._next_group, loop)
        _resolve(outcomes)

    def _take_group(self) -> list[Job]:
        return [self._queue.popleft()[1] for _ in range(min(MAX_GROUP_SIZE, len(self._queue)))]

    def _reject_expired(self) -> None:
        """Those that waited for too long already: each group takes its time to find that the database is away."""
        while self._queue and time.monotonic() - self._queue[0][0] > self._timeout:
            _, (_, done) = self._queue.popleft()
            if not done.done():
                done.set_exception(TemporarilyUnavailable(_TIMEOUT_MESSAGE))

    # --- in the thread

    def _run_tasks(self) -> None:
        while (task := self._tasks.get()) is not None:
            task()

    def _commit(self, transaction: _Transaction, outcomes: list[Outcome]) -> list[Outcome]:
        try:
            transaction.commit()
        except Exception as error:  # the thread must live on, and every writer of the group be told
            _roll_back(transaction)
            return _failed([done for done, _, _ in outcomes], error)
        self._notify_commit()
        return outcomes

    def _write(self, group: list[Job]) -> list[Outcome]:
        committing = False
        try:
            with self._transaction() as (connection, transaction):
                with self._watched(connection, self._timeout + GRACE_SECONDS):
                    outcomes = [_run_in_savepoint(connection, *job) for job in group]
                committing = _has_changed(outcomes)
                if committing:
                    with self._watched(connection, self._timeout):
                        transaction.commit()
        except Exception as error:  # as above
            return _failed([done for _, done in group], error, committing=committing)
        if committing:
            self._notify_commit()
        return outcomes

    def _notify_commit(self) -> None:
        try:
            self._on_commit()
        except Exception:
            log.exception("telling of a commit failed unexpectedly")  # and what was committed is committed

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[tuple[Connection, RootTransaction | _Transaction]]:
        """Undone, if it is not committed: then nobody is told, and nothing waits for the disk."""
        with contextlib.ExitStack() as stack:
            transaction: RootTransaction | _Transaction
            if self._inline_connection is not None:
                connection = self._inline_connection
                transaction = begin_with_retry(partial(_Transaction, connection))
            else:
                connection, transaction = self._begin_with_reconnect(stack)
            try:
                yield connection, transaction
            finally:
                if transaction.is_active:
                    with self._watched(connection, GRACE_SECONDS):
                        _roll_back(transaction)

    def _begin_with_reconnect(self, stack: contextlib.ExitStack) -> tuple[Connection, RootTransaction]:
        """On PostgreSQL, once more if the server was restarted or dropped the connection: a check before every group
        would cost each of them a round trip."""
        try:
            return self._begin_once(stack)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
        return self._begin_once(stack)

    def _begin_once(self, stack: contextlib.ExitStack) -> tuple[Connection, RootTransaction]:
        connection = stack.enter_context(self._engine.connect())
        with self._watched(connection, self._timeout + GRACE_SECONDS):
            return connection, connection.begin()

    def _watched(self, connection: Connection, seconds: float) -> contextlib.AbstractContextManager[None]:
        if self._watchdog is None or connection.invalidated:  # there is nothing to wait for
            return contextlib.nullcontext()
        return self._watchdog.watch(connection, seconds)


def _roll_back(transaction: RootTransaction | _Transaction | None) -> None:
    """Whatever state it is in."""
    if transaction is not None:
        with contextlib.suppress(DBAPIError):
            transaction.rollback()


def _run_without_savepoint(connection: Connection, work: Work[Any], done: asyncio.Future[Any]) -> Outcome:
    """A write without a savepoint. Raises what is no matter of this write alone."""
    driver = driver_of(connection)
    before = driver.total_changes
    try:
        return done, work(connection), None
    except InlineBudgetExceededError:
        raise
    except Exception as error:
        if isinstance(error, DBAPIError) or driver.total_changes != before:
            raise _PartialWriteError from error
        return done, None, _as_result(error)


def _run_in_savepoint(connection: Connection, work: Work[Any], done: asyncio.Future[Any]) -> Outcome:
    """Raises what is no matter of this write alone."""
    _SAVE.run(connection)
    outcome: Outcome
    try:
        outcome = (done, work(connection), None)
    except Exception as error:
        if connection.invalidated:
            raise  # the connection is gone, and with it the whole group
        if connection.dialect.name == "sqlite" and not driver_of(connection).in_transaction:
            raise  # SQLite has undone all of it, because of a full disk, say
        _UNDO.run(connection)
        outcome = (done, None, _as_result(error))
    _RELEASE.run(connection)
    return outcome


def _as_result(error: Exception) -> Exception:
    """To whoever asked for this write."""
    if not isinstance(error, StopIteration):
        return error
    answer = RuntimeError("a write raised StopIteration")  # which no future takes
    answer.__cause__ = error
    return answer


def _has_changed(outcomes: list[Outcome]) -> bool:
    return any(problem is None for _, _, problem in outcomes)


def _failed(waiting: list[asyncio.Future[Any]], error: Exception, *, committing: bool = True) -> list[Outcome]:
    failure: Exception = to_api_error(error) or error
    if committing and isinstance(error, DBAPIError) and error.connection_invalidated:
        failure = TemporarilyUnavailable(
            "The connection to the database broke while the change was committed: it may have been made, or not. Look "
            "before you repeat it."
        )
    log.error("%d changes could not be written: %s", len(waiting), describe_error(error))
    return [(done, None, failure) for done in waiting]


def _resolve(outcomes: list[Outcome]) -> None:
    """Tell all writers of a group at once: waking the event loop for each would cost as much as a small write."""
    for done, answer, problem in outcomes:
        if done.cancelled():
            continue
        if problem is None:
            done.set_result(answer)
        else:
            done.set_exception(problem)
