"""A client in a process of its own that keeps requesting a server's health and a model while the server is under load:
measures the latency of its answers, and the server's memory."""

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

INTERVAL = 0.005  # seconds between two requests of the same kind
WARM_UP = 0.5  # seconds of requests before the load starts
TIMEOUT = 60  # seconds
Sample = tuple[float, float]  # when it began (monotonic seconds), and seconds or MiB


@dataclass
class Measurements:
    """``delays`` in milliseconds, sorted; ``memory``: the maximum of the server's private memory in MiB, without the
    pages of the database's file that are mapped, which the system can reclaim. ``late``: the maximum delay in
    milliseconds of waking up a thread that only slept, which is caused by the machine."""

    delays: list[float] = field(default_factory=list)
    memory: float = 0.0
    late: float = 0.0

    def percentile(self, percent: float) -> float:
        return self.delays[min(len(self.delays) - 1, int(len(self.delays) * percent / 100))] if self.delays else 0.0


class Probe:
    """``target``: the path that is requested in addition to /health."""

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

    def during(self, windows: Iterable[tuple[float, float]]) -> list[Measurements]:
        """The measurements of each time window (monotonic seconds), in their order; to be called after the block."""
        measurements = []
        for began, ended in windows:
            # Corrected for coordinated omission: requests that would have been sent while one waited are counted, too.
            delays = [
                (seconds - late) * 1000
                for start, seconds in self._answers
                if start < ended and start + seconds > began
                for late in [number * INTERVAL for number in range(int(seconds / INTERVAL) + 1)]
            ]
            memory = [mib for at, mib in self._memory if began <= at <= ended + INTERVAL]
            late = [seconds * 1000 for at, seconds in self._late if began <= at <= ended]
            measurements.append(Measurements(sorted(delays), max(memory, default=0.0), max(late, default=0.0)))
        return measurements


def _watch(host: str, token: str, target: str, pid: int, end: Connection) -> None:
    answers: list[Sample] = []
    memory: list[Sample] = []
    late: list[Sample] = []
    over = threading.Event()

    def ask(path: str) -> None:
        connection = http.client.HTTPConnection(host, timeout=TIMEOUT)
        while not over.wait(INTERVAL):
            began = time.monotonic()
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
            response = connection.getresponse()
            response.read()
            assert response.status == 200, f"{path}: {response.status}"
            answers.append((began, time.monotonic() - began))

    def look() -> None:
        while not over.is_set():
            began = time.monotonic()
            time.sleep(INTERVAL)
            woken = time.monotonic()
            late.append((woken, woken - began - INTERVAL))
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
    """MiB of anonymous memory of a process, without mapped files."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("RssAnon:")[2].split()[0]) / 1024
