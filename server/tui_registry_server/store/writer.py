"""The queue of writes. They are committed in groups (group commit), so that many writers share one wait for the disk
(``synchronous=FULL``: what is answered is on the disk). A write that fails does not roll back the others.

On SQLite a group runs on the event loop, as reads do: with two threads, the interpreter's lock would change hands at
every statement, at several times the statement's cost. Only what blocks runs in the writer's thread: the commit, which
waits for the disk; and a whole group, if another process is writing, if it exceeds the inline budget, or if a write has
changed something before it failed: in the thread, each write has a savepoint. On PostgreSQL, where every statement
blocks, everything runs in the thread. There, the writers of all processes are serialized by a lock.
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
from tui_registry_server.rules.histogram import Histogram
from tui_registry_server.store.deadlines import GRACE_SECONDS, InlineBudget, InlineBudgetExceededError
from tui_registry_server.store.engine import begin_with_retry, describe_error, driver_of, set_busy_timeout, to_api_error
from tui_registry_server.store.statements import Statement
from tui_registry_server.store.watchdog import Watchdog

log = logging.getLogger(__name__)

T = TypeVar("T")
Work = Callable[[Connection], T]
Job = tuple[Work[Any], asyncio.Future[Any]]
Waiting = tuple[float, Job]
"""When it was queued (``time.monotonic()``), and the job."""
Outcome = tuple[asyncio.Future[Any], Any, Exception | None]

MAX_GROUP_SIZE = 64  # writes in one commit, so that the first does not wait long for the last
MAX_INLINE_SECONDS = 0.004  # after which no further write is started on the event loop, so that reads get a turn
GATHER_TURNS = 4  # of the event loop, from a commit to the next group, which those join who were answered and go on
GATHER_SECONDS = 0.001  # after which no further turn is waited for
_TIMEOUT_MESSAGE = (
    "Writing to the database takes too long: other changes are queued before this one. Nothing was changed. Try again; "
    "if it fails again, ask the registry's operator to check the database and the log."
)
_SAVE, _RELEASE, _ROLLBACK_TO, _BEGIN, _COMMIT, _ROLLBACK = (
    Statement(text(sql))
    for sql in (
        "SAVEPOINT one_write",
        "RELEASE SAVEPOINT one_write",
        "ROLLBACK TO SAVEPOINT one_write",
        "BEGIN IMMEDIATE",  # locks at once, so that what it reads does not change before it writes
        "COMMIT",
        "ROLLBACK",
    )
)


class _PartialWriteError(Exception):
    """A write changed something, and then failed."""


class _Transaction:
    """A transaction on SQLite, with the methods of SQLAlchemy's, which is used on PostgreSQL."""

    def __init__(self, connection: Connection) -> None:
        _BEGIN.run(connection)
        self._connection = connection
        self.is_active = True

    def commit(self) -> None:
        _COMMIT.run(self._connection)
        self.is_active = False

    def rollback(self) -> None:
        self.is_active = False
        if driver_of(self._connection).in_transaction:  # the error may have ended it
            _ROLLBACK.run(self._connection)


class Writer:
    """``engine``: for writing; on SQLite, without an implicit BEGIN. ``on_commit`` is called, on the writer's thread,
    after each commit.

    On PostgreSQL a group has ``timeout`` seconds, including its wait for the lock, and as many for its commit, which
    may wait for a synchronous standby. Then it is disconnected, as the server may have disappeared silently.

    ``commits`` and ``changes`` count what was committed, on the writer's thread.
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
        self.commits = Histogram()
        self.changes = 0
        self._tasks: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run_tasks, name="registry-writer", daemon=True)
        self._thread.start()

    @property
    def queue_length(self) -> int:
        return len(self._queue)

    def put(self, work: Work[T]) -> asyncio.Future[T]:
        """A future of the result, which is set after the commit."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._queue.append((time.monotonic(), (work, done)))
        if not self._is_busy:
            self._is_busy = True
            loop.call_soon(self._next_group, loop)
        return done

    def close(self) -> None:
        """Finish the queued writes."""
        self._tasks.put(None)
        self._thread.join()
        self._is_busy = True
        jobs = [job for _, job in self._queue if not job[1].cancelled()]  # the others were never acknowledged
        self._queue.clear()
        for start in range(0, len(jobs), MAX_GROUP_SIZE):
            _resolve(self._write(jobs[start : start + MAX_GROUP_SIZE]))
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
                deadline = time.perf_counter() + MAX_INLINE_SECONDS
                while self._queue and len(group) < MAX_GROUP_SIZE and (not group or time.perf_counter() < deadline):
                    group.append(self._queue.popleft()[1])
                    outcomes.append(_run_without_savepoint(connection, *group[-1]))
            if not _has_changed(outcomes):
                transaction.rollback()
        except Exception:  # the thread runs the group again, and reports the error if there is one
            _roll_back(transaction)
            self._submit(loop, partial(self._write, group or self._take_group()))
            return
        if transaction.is_active:
            self._submit(loop, partial(self._commit, transaction, outcomes))
        else:
            self._finish_group(loop, outcomes)

    def _submit(self, loop: asyncio.AbstractEventLoop, task: Callable[[], list[Outcome]]) -> None:
        """Run a task on the thread, and its results' callbacks on the loop."""

        def run() -> None:
            outcomes = task()
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is waiting
                loop.call_soon_threadsafe(self._finish_group, loop, outcomes)

        self._tasks.put(run)

    def _finish_group(self, loop: asyncio.AbstractEventLoop, outcomes: list[Outcome]) -> None:
        loop.call_soon(self._gather, loop, GATHER_TURNS, time.monotonic() + GATHER_SECONDS)
        _resolve(outcomes)

    def _gather(self, loop: asyncio.AbstractEventLoop, turns: int, deadline: float) -> None:
        """Start the next group after so many turns of the event loop, in which requests are read, unless it is full
        before: larger groups take a tenth less processor time for each write."""
        if turns and len(self._queue) < MAX_GROUP_SIZE and time.monotonic() < deadline:
            loop.call_soon(self._gather, loop, turns - 1, deadline)
        else:
            self._next_group(loop)

    def _take_group(self) -> list[Job]:
        return [self._queue.popleft()[1] for _ in range(min(MAX_GROUP_SIZE, len(self._queue)))]

    def _reject_expired(self) -> None:
        """Reject writes that are past their deadline: each group takes long to fail if the database is unavailable."""
        while self._queue and time.monotonic() - self._queue[0][0] > self._timeout:
            _, (_, done) = self._queue.popleft()
            if not done.done():
                done.set_exception(TemporarilyUnavailable(_TIMEOUT_MESSAGE))

    # --- in the thread

    def _run_tasks(self) -> None:
        while (task := self._tasks.get()) is not None:
            task()

    def _commit(self, transaction: _Transaction, outcomes: list[Outcome]) -> list[Outcome]:
        began = time.perf_counter()
        try:
            transaction.commit()
        except Exception as error:  # the thread must continue, and every writer of the group get a result
            _roll_back(transaction)
            return _failed([done for done, _, _ in outcomes], error)
        self._count_commit(began, outcomes)
        self._notify_commit()
        return outcomes

    def _write(self, group: list[Job]) -> list[Outcome]:
        committing = False
        try:
            with self._transaction() as (connection, transaction):
                with self._watched(connection, self._timeout + GRACE_SECONDS):
                    outcomes = [_run_in_savepoint(connection, *job) for job in group]
                committing = _has_changed(outcomes)
                began = time.perf_counter()
                if committing:
                    with self._watched(connection, self._timeout):
                        transaction.commit()
        except Exception as error:  # the thread must continue, and every writer of the group get a result
            return _failed([done for _, done in group], error, committing=committing)
        if committing:
            self._count_commit(began, outcomes)
            self._notify_commit()
        return outcomes

    def _count_commit(self, began: float, outcomes: list[Outcome]) -> None:
        self.commits.add(time.perf_counter() - began)
        self.changes += sum(problem is None for _, _, problem in outcomes)

    def _notify_commit(self) -> None:
        try:
            self._on_commit()
        except Exception:
            log.exception("the notification of a commit failed unexpectedly")  # the commit itself succeeded

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[tuple[Connection, RootTransaction | _Transaction]]:
        """A transaction, which is rolled back unless it was committed in the block."""
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
        """Retry once if PostgreSQL was restarted or dropped the connection: a check before every group would cost a
        round trip each."""
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
    """Roll back a transaction in whatever state."""
    if transaction is not None:
        with contextlib.suppress(DBAPIError):
            transaction.rollback()


def _run_without_savepoint(connection: Connection, work: Work[Any], done: asyncio.Future[Any]) -> Outcome:
    """Run a write without a savepoint. Raises errors that concern the whole group."""
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
    """Run a write in a savepoint. Raises errors that concern the whole group."""
    _SAVE.run(connection)
    outcome: Outcome
    try:
        outcome = (done, work(connection), None)
    except Exception as error:
        if connection.invalidated:
            raise  # the connection is lost, and with it the whole group
        if connection.dialect.name == "sqlite" and not driver_of(connection).in_transaction:
            raise  # SQLite has rolled back the transaction, for example because the disk is full
        _ROLLBACK_TO.run(connection)
        outcome = (done, None, _as_result(error))
    _RELEASE.run(connection)
    return outcome


def _as_result(error: Exception) -> Exception:
    """The error as the exception of a future, which cannot be StopIteration."""
    if not isinstance(error, StopIteration):
        return error
    result = RuntimeError("a write raised StopIteration")
    result.__cause__ = error
    return result


def _has_changed(outcomes: list[Outcome]) -> bool:
    return any(problem is None for _, _, problem in outcomes)


def _failed(waiting: list[asyncio.Future[Any]], error: Exception, *, committing: bool = True) -> list[Outcome]:
    failure: Exception = to_api_error(error) or error
    if committing and isinstance(error, DBAPIError) and error.connection_invalidated:
        failure = TemporarilyUnavailable(
            "The connection to the database was lost during the commit: the change may have been made, or not. Check "
            "before you repeat it."
        )
    log.error("%d changes could not be written: %s", len(waiting), describe_error(error))
    return [(done, None, failure) for done in waiting]


def _resolve(outcomes: list[Outcome]) -> None:
    """Set the results of a whole group at once: waking the event loop for each would cost as much as a small write."""
    for done, answer, problem in outcomes:
        if done.cancelled():
            continue
        if problem is None:
            done.set_result(answer)
        else:
            done.set_exception(problem)
