"""Threads that are shared fairly: who has much to be done leaves some of them to others, and is served in turn with
them."""

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
    ended: Callable[[], None]


class FairPool:
    """To be used on one event loop. Nobody has more than three quarters of the threads."""

    def __init__(self, threads: int, name: str) -> None:
        self._executor = ThreadPoolExecutor(threads, name)
        self._free = threads
        self._share = max(1, threads * 3 // 4)
        self._running: Counter[str | None] = Counter()
        self._waiting: OrderedDict[str | None, deque[_Job]] = OrderedDict()
        """By whom; who was served last is at the end."""

    def run(self, by: str | None, work: Callable[[], T], ended: Callable[[], None]) -> asyncio.Future[T]:
        """What comes of the work. ``by``: for whom it is done; the server's own is for nobody, and has all threads.
        ``ended`` is called on the loop when it is over, or if it was cancelled before it began."""
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(by, deque()).append(_Job(work, done, ended))
        self._start()
        return done

    def close(self) -> None:
        self._executor.shutdown()

    def _start(self) -> None:
        while self._free and (by := self._next()) is not _NOBODY:
            jobs = self._waiting[by]
            job = jobs.popleft()
            if jobs:
                self._waiting.move_to_end(by)
            else:
                del self._waiting[by]
            if job.done.cancelled():
                job.ended()
                continue
            self._free -= 1
            self._running[by] += 1
            running = self._executor.submit(job.work)
            running.add_done_callback(partial(self._tell, job.done.get_loop(), by, job))

    def _next(self) -> Any:
        """Who is to be served, of those who wait."""
        return next((by for by in self._waiting if by is None or self._running[by] < self._share), _NOBODY)

    def _tell(self, loop: asyncio.AbstractEventLoop, by: str | None, job: _Job, running: Future[Any]) -> None:
        """In the thread."""
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(self._end, by, job, running)

    def _end(self, by: str | None, job: _Job, running: Future[Any]) -> None:
        self._free += 1
        self._running[by] -= 1
        if not self._running[by]:
            del self._running[by]
        job.ended()
        if not job.done.cancelled():
            if (error := running.exception()) is not None:
                job.done.set_exception(error)
            else:
                job.done.set_result(running.result())
        self._start()


_NOBODY = object()
