"""A thread pool that is shared fairly: no caller occupies all threads, and callers are served in turn."""

import asyncio
import contextlib
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")


class _Job(NamedTuple):
    work: Callable[[], Any]
    done: asyncio.Future[Any]
    on_end: Callable[[], None]


class FairThreadPool:
    """To be used on one event loop. A principal can use up to three quarters of the threads."""

    def __init__(self, threads: int, name: str) -> None:
        self._executor = ThreadPoolExecutor(threads, name)
        self._free = threads
        self._max_per_principal = max(1, threads * 3 // 4)
        self._running: Counter[str | None] = Counter()
        self._waiting: OrderedDict[str | None, deque[_Job]] = OrderedDict()
        """By principal; the one that was served last is at the end."""

    def run(self, principal_id: str | None, work: Callable[[], T], on_end: Callable[[], None]) -> asyncio.Future[T]:
        """A future of the work's result. ``principal_id``: for whom it is done; None for the server itself, which can
        use all threads. ``on_end`` is called on the loop when it has ended, or was cancelled before it started."""
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(principal_id, deque()).append(_Job(work, done, on_end))
        self._start()
        return done

    def close(self) -> None:
        self._executor.shutdown()

    def _start(self) -> None:
        while self._free and (principal_id := self._next()) is not _NONE_READY:
            jobs = self._waiting[principal_id]
            job = jobs.popleft()
            if jobs:
                self._waiting.move_to_end(principal_id)
            else:
                del self._waiting[principal_id]
            if job.done.cancelled():
                job.on_end()
                continue
            self._free -= 1
            self._running[principal_id] += 1
            running = self._executor.submit(job.work)
            running.add_done_callback(partial(self._call_back, job.done.get_loop(), principal_id, job))

    def _next(self) -> Any:
        """The principal to be served next."""
        return next(
            (
                principal_id
                for principal_id in self._waiting
                if principal_id is None or self._running[principal_id] < self._max_per_principal
            ),
            _NONE_READY,
        )

    def _call_back(
        self, loop: asyncio.AbstractEventLoop, principal_id: str | None, job: _Job, running: Future[Any]
    ) -> None:
        """Called on the thread."""
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(self._end, principal_id, job, running)

    def _end(self, principal_id: str | None, job: _Job, running: Future[Any]) -> None:
        self._free += 1
        self._running[principal_id] -= 1
        if not self._running[principal_id]:
            del self._running[principal_id]
        job.on_end()
        if not job.done.cancelled():
            if (error := running.exception()) is not None:
                job.done.set_exception(error)
            else:
                job.done.set_result(running.result())
        self._start()


_NONE_READY = object()
