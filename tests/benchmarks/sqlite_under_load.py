"""SQLite under load: many concurrent writers and readers, and the size of the write-ahead log.

``python -m tests.benchmarks.sqlite_under_load`` takes two minutes. During the writing another program has a read
transaction open for a while, as a backup does, and all the time the command line writes to the database, too.
"""

import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click

from tests.benchmarks.http_load import Measured, Script, expect_ok, request, run
from tests.benchmarks.report import print_heading, print_table
from tests.benchmarks.writing import Writing
from tests.live_registry import command, serving
from tests.server.api import Api

READERS = 8
PAUSE = 0.02  # seconds of a reader between two requests: all of them together send at most 400 per second
CALM = 100  # models that are read, but not written
COMMAND_INTERVAL = 2.0  # seconds between writes of the command line
POLL_INTERVAL = 0.02  # seconds between measurements of the size of the log


@dataclass
class Reading:
    """The script of the readers; ``latencies`` in seconds."""

    token: str
    latencies: list[float] = field(default_factory=list)

    def prepare(self, api: Api) -> None:
        for number in range(CALM):
            api.post("/mlflow/registered-models/create", name=f"calm-{number}").ok()
            api.post("/mlflow/model-versions/create", name=f"calm-{number}", source="s3://bucket/model").ok()

    def script(self, reader: int) -> Script:
        while True:
            for number in range(CALM):
                name = f"calm-{(number + reader * READERS) % CALM}"
                yield PAUSE
                sent = time.perf_counter()
                answer = yield request("GET", "/api/2.0/mlflow/registered-models/get", token=self.token, name=name)
                self.latencies.append(time.perf_counter() - sent)
                expect_ok(answer)


@dataclass
class Watch:
    """The size of the write-ahead log over time, in MiB, while the command line writes."""

    database: Path
    sizes: list[tuple[float, float]] = field(default_factory=list)
    slowest_command: float = 0.0
    failure: BaseException | None = None

    @contextmanager
    def watching(self) -> Iterator[None]:
        over = threading.Event()
        threads = [threading.Thread(target=work, args=(over,)) for work in (self._look, self._write)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join()
        if self.failure is not None:
            raise self.failure

    def largest(self, since: float, until: float) -> float:
        return max((size for at, size in self.sizes if since <= at < until), default=0.0)

    def _look(self, over: threading.Event) -> None:
        log = self.database.with_name(f"{self.database.name}-wal")
        while not over.wait(POLL_INTERVAL):
            self.sizes.append((time.perf_counter(), log.stat().st_size / 2**20))

    def _write(self, over: threading.Event) -> None:
        number = 0
        while not over.wait(COMMAND_INTERVAL):
            began = time.perf_counter()
            try:
                command(str(self.database), "users", "create", f"user-{number}")
            except BaseException as error:  # raised where the block ends
                self.failure = error
                return
            self.slowest_command = max(self.slowest_command, time.perf_counter() - began)
            number += 1


@contextmanager
def snapshot_held(database: Path, after: float, seconds: float) -> Iterator[list[float]]:
    """Keep a read transaction open for some seconds; the list gets the times of its begin and end."""
    times: list[float] = []

    def hold() -> None:
        time.sleep(after)
        connection = sqlite3.connect(database)
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM registered_models").fetchone()
        times.append(time.perf_counter())
        time.sleep(seconds)
        connection.close()
        times.append(time.perf_counter())

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        yield times
    finally:
        thread.join()


def _percentiles(latencies: Sequence[float]) -> tuple[float, float, float]:
    """p50, p99 and the largest, in milliseconds."""
    measured = Measured(1.0, sorted(latencies))
    return measured.percentile(50), measured.percentile(99), measured.percentile(100)


@click.command()
@click.option("--seconds", default=60.0, show_default=True, help="Of writing; reading alone takes half as long.")
@click.option("--writers", default=64, show_default=True)
def main(*, seconds: float, writers: int) -> None:
    """Put load on a registry, check that nothing was lost, and print the tables."""
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as registry:
        database = Path(registry.database)
        print_heading("SQLite under load", "sqlalchemy", "uvicorn")
        with Api(registry.url, registry.admin_token) as api:
            writing = Writing(api)
            alone, beside = Reading(registry.admin_token), Reading(registry.admin_token)
            alone.prepare(api)
            watch = Watch(database)
            with watch.watching():
                run(registry.url, [alone.script(reader) for reader in range(READERS)], seconds / 2)
                began = time.perf_counter()
                with snapshot_held(database, seconds / 3, seconds / 3) as held:
                    scripts = [writing.script(writer) for writer in range(writers)]
                    scripts += [beside.script(reader) for reader in range(READERS)]
                    run(registry.url, scripts, seconds)
                ended = time.perf_counter()
            found = writing.check()
        rows: list[tuple[object, ...]] = [
            (f"{READERS} readers alone", len(alone.latencies) / (seconds / 2), *_percentiles(alone.latencies)),
            (
                f"{READERS} readers beside {writers} writers",
                len(beside.latencies) / seconds,
                *_percentiles(beside.latencies),
            ),
            (f"{writers} writers", len(writing.latencies) / (ended - began), *_percentiles(writing.latencies)),
        ]
        print_table(("", "requests/s", "p50, ms", "p99, ms", "largest, ms"), rows)
        print(f"{found} No answer was an error. The slowest command line write took {watch.slowest_command:.2f} s.\n")
        print("The write-ahead log at its largest:\n")
        taken, given_back = held
        settled = given_back + (ended - given_back) / 2
        print_table(
            ("while writing", "MiB"),
            [
                ("before another program holds a snapshot", watch.largest(began, taken)),
                ("while it holds it", watch.largest(taken, given_back)),
                ("some time after", watch.largest(settled, ended)),
            ],
        )


if __name__ == "__main__":
    main()
