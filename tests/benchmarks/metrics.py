"""What it costs to count requests for ``/metrics``: ``python -m tests.benchmarks.metrics``.

One server counts and does not count in turn, in short slices, so that neither other load of the machine nor the luck of
a process is taken for a difference; what is compared is its processor time, by the kernel's count of nanoseconds. What
the instrumentation takes by itself, with its two looks at a clock, is timed besides: that varies least.
"""

import os
import random
import signal
import statistics
import sys
import tempfile
import time
import timeit
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click

from tests import live_registry
from tests.benchmarks.contestants import Contestant, ours
from tests.benchmarks.http_load import Script, expect_ok, run
from tests.benchmarks.report import print_heading, print_table
from tests.benchmarks.versus_mlflow import CONNECTIONS, OPERATIONS
from tui_registry_server.http.request_counts import RequestCounts

SERVER = "tests.benchmarks.counted_server"
GOAL = 3  # percent
SIGMAS = 1.4826  # median deviations in the standard deviation of a normal distribution
SIGNALS = {"counted": signal.SIGUSR2, "not counted": signal.SIGUSR1}


def on_processor(pid: int) -> int:
    """Nanoseconds that the threads of a process have run."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((each / "schedstat").read_text().split()[0]) for each in threads)


def by_itself() -> float:
    """Microseconds of what the server does for the metrics with an answer."""
    counts = RequestCounts()

    def instrumented() -> None:
        began = time.perf_counter()
        counts.add("/api/2.0/mlflow/registered-models/get", "GET", 200, time.perf_counter() - began)

    return min(timeit.repeat(instrumented, number=100_000, repeat=5)) * 10


def slice_cost(server: Contestant, requests: Callable[[int, str | None], Iterator[bytes]], seconds: float) -> float:
    """Microseconds of processor time of an answer."""

    def script(each: Iterator[bytes]) -> Script:
        for one in each:
            expect_ok((yield one))

    before = on_processor(server.pid)
    measured = run(server.url, [script(requests(number, server.token)) for number in range(CONNECTIONS)], seconds)
    return (on_processor(server.pid) - before) / len(measured.latencies) / 1000


def compare(
    server: Contestant, requests: Callable[[int, str | None], Iterator[bytes]], rounds: int, seconds: float
) -> tuple[float, float, float]:
    """In microseconds: the median cost without counting, the median difference of pairs, and its standard error, from
    the median deviation: other load of the machine makes a few slices outliers."""
    costs: dict[str, list[float]] = {name: [] for name in SIGNALS}
    slice_cost(server, requests, seconds)  # caches
    for _ in range(rounds):
        for name in random.sample(list(SIGNALS), 2):
            os.kill(server.pid, SIGNALS[name])
            time.sleep(0.02)
            costs[name].append(slice_cost(server, requests, seconds))
    os.kill(server.pid, SIGNALS["counted"])
    differences = [a - b for a, b in zip(costs["counted"], costs["not counted"], strict=True)]
    middle = statistics.median(differences)
    spread = statistics.median(abs(each - middle) for each in differences) * SIGMAS
    return statistics.median(costs["not counted"]), middle, spread * 1.25 / len(differences) ** 0.5


@click.command()
@click.option("--rounds", default=200, show_default=True, help="Pairs of slices of each operation.")
@click.option("--seconds", default=0.15, show_default=True, help="Of a slice.")
@click.option("--only", default="get a", show_default=True, help="Only operations with this in their name.")
def main(*, rounds: int, seconds: float, only: str) -> None:
    """Measure, and print the table."""
    live_registry.PROGRAM = (sys.executable, "-m", SERVER)
    with tempfile.TemporaryDirectory() as folder, ours(Path(folder) / "ours") as server:
        print_heading("Counting for /metrics", "starlette", "uvicorn")
        alone = by_itself()
        print(
            f"Processor time of an answer in µs, {CONNECTIONS} connections, {rounds} pairs of slices of {seconds} s. "
            f"By itself, the instrumentation takes {alone:.2f} µs.\n"
        )
        rows: list[Sequence[object]] = []
        for operation in OPERATIONS:
            if only in operation.name:
                without, more, error = compare(server, operation.requests, rounds, seconds)
                measured = f"{100 * more / without:.1f} ± {100 * error / without:.1f} %"
                rows.append((operation.name, without, measured, f"{100 * alone / without:.1f} %", f"{GOAL} %"))
        print_table(("operation", "without counting", "more with counting", "by itself", "goal"), rows)


if __name__ == "__main__":
    main()
