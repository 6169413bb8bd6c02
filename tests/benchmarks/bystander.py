"""Somebody who goes on asking a server for its health and for a model, in a process of their own, while others ask much
of it: how long their answers take, and how much memory the server holds meanwhile."""

import http.client
import multiprocessing
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

EVERY = 0.005  # seconds between two requests of the same kind
WARM_UP = 0.5  # seconds of asking before anybody else does
TIMEOUT = 60  # seconds
Sample = tuple[float, float]  # when it began (monotonic seconds), and seconds or MiB


@dataclass
class Seen:
    """``delays`` in milliseconds, sorted; ``memory`` in MiB, at its largest: what the server holds for itself, without
    the pages of the database's file that are mapped into it, which are the system's to take back. ``late``: how many
    milliseconds late, at the most, the machine woke a thread that only slept: what the server has no part in."""

    delays: list[float] = field(default_factory=list)
    memory: float = 0.0
    late: float = 0.0

    def percentile(self, percent: float) -> float:
        return self.delays[min(len(self.delays) - 1, int(len(self.delays) * percent / 100))] if self.delays else 0.0


class Bystander:
    """``target`` is what they ask for besides the health."""

    def __init__(self, url: str, token: str, target: str, pid: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._end, end = context.Pipe()
        self._process = context.Process(target=_watch, args=(urlsplit(url).netloc, token, target, pid, end))
        self._answers: list[Sample] = []
        self._memory: list[Sample] = []
        self._late: list[Sample] = []

    def __enter__(self) -> Self:
        self._process.start()
        self._end.recv()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.send(None)
        self._answers, self._memory, self._late = self._end.recv()
        self._process.join()

    def during(self, windows: Iterable[tuple[float, float]]) -> list[Seen]:
        """For each span of time (monotonic seconds), in their order; to be asked after the block."""
        seen = []
        for began, ended in windows:
            # Who waits sends nothing meanwhile: what would have been sent, one by one, would have waited for the rest.
            delays = [
                (seconds - late) * 1000
                for start, seconds in self._answers
                if start < ended and start + seconds > began
                for late in [number * EVERY for number in range(int(seconds / EVERY) + 1)]
            ]
            memory = [mib for at, mib in self._memory if began <= at <= ended + EVERY]
            late = [seconds * 1000 for at, seconds in self._late if began <= at <= ended]
            seen.append(Seen(sorted(delays), max(memory, default=0.0), max(late, default=0.0)))
        return seen


def _watch(host: str, token: str, target: str, pid: int, end: Connection) -> None:
    answers: list[Sample] = []
    memory: list[Sample] = []
    late: list[Sample] = []
    over = threading.Event()

    def ask(path: str) -> None:
        connection = http.client.HTTPConnection(host, timeout=TIMEOUT)
        while not over.wait(EVERY):
            began = time.monotonic()
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
            response = connection.getresponse()
            response.read()
            assert response.status == 200, f"{path}: {response.status}"
            answers.append((began, time.monotonic() - began))

    def look() -> None:
        while not over.is_set():
            began = time.monotonic()
            time.sleep(EVERY)
            woken = time.monotonic()
            late.append((woken, woken - began - EVERY))
            memory.append((woken, private_memory(pid)))

    threads = [threading.Thread(target=ask, args=(path,)) for path in ("/health", target)]
    threads.append(threading.Thread(target=look))
    for thread in threads:
        thread.start()
    time.sleep(WARM_UP)
    end.send(None)
    end.recv()
    over.set()
    for thread in threads:
        thread.join()
    end.send((answers, memory, late))


def private_memory(pid: int) -> float:
    """MiB that a process holds for itself: without what of its memory a file stands for."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("RssAnon:")[2].split()[0]) / 1024
