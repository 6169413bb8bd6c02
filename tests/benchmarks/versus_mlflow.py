"""Our server compared with MLflow's own and with a bare Starlette route, in one run on the same data.

``python -m tests.benchmarks.versus_mlflow`` takes about five minutes. The systems alternate in short slices, so that
other load of the machine affects all in the same way; only the ratios matter.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count, cycle
from pathlib import Path
from typing import Any

import click

from tests.benchmarks.contestants import API, MODELS, Contestant, bare, mlflow, model_name, ours, version_of
from tests.benchmarks.http_load import Measured, Script, expect_ok, request, run
from tests.benchmarks.process_tree import processor_time, resident
from tests.benchmarks.report import print_heading, print_table

CONNECTIONS = 8
LOADS = (1, 8, 64)  # connections at which our latency is measured
STAGES = ("Staging", "Archived", "None")
STRIDE = 7  # each connection iterates over all models, with a different start

Requests = Callable[[int, str | None], Iterator[bytes]]
"""The endless requests of a connection, by its number and a token."""


def _reads(path: str, query: Callable[[str], dict[str, Any]]) -> Requests:
    def requests(connection: int, token: str | None) -> Iterator[bytes]:
        names = [model_name(number + connection * STRIDE) for number in range(MODELS)]
        return cycle([request("GET", f"{API}/{path}", token=token, **query(name)) for name in names])

    return requests


def _writes(path: str, body: Callable[[str, int], dict[str, Any]]) -> Requests:
    """``body`` gets a model's name and an increasing number."""

    def requests(connection: int, token: str | None) -> Iterator[bytes]:
        for number in count():
            name = model_name(number + connection * STRIDE)
            yield request("POST", f"{API}/{path}", token=token, body=body(name, number))

    return requests


@dataclass(frozen=True)
class Operation:
    """``goal``: the intended ratio of our rate to MLflow's."""

    name: str
    goal: int
    requests: Requests


def _transition(name: str, number: int) -> dict[str, Any]:
    return {"name": name, "version": "2", "stage": STAGES[number // MODELS % len(STAGES)]}


def _tag(name: str, number: int) -> dict[str, Any]:
    return {"name": name, "key": "checked", "value": f"value {number}"}


OPERATIONS = (
    Operation("get a model", 60, _reads("registered-models/get", lambda name: {"name": name})),
    Operation("get a version", 40, _reads("model-versions/get", lambda name: {"name": name, "version": 2})),
    Operation("search a page of 100", 60, _reads("registered-models/search", lambda _: {"max_results": 100})),
    Operation("versions of a model", 40, _reads("model-versions/search", lambda name: {"filter": f"name='{name}'"})),
    Operation("get-latest-versions", 40, _reads("registered-models/get-latest-versions", lambda name: {"name": name})),
    Operation("set a tag", 20, _writes("registered-models/set-tag", _tag)),
    Operation("transition", 20, _writes("model-versions/transition-stage", _transition)),
    Operation("create a version", 20, _writes("model-versions/create", version_of)),
)


@dataclass
class _Turns:
    """The slices of one system for one operation."""

    contestant: Contestant
    requests: Sequence[Iterator[bytes]]
    slices: list[Measured] = field(default_factory=list)
    processor_time: float = 0.0

    def take(self, seconds: float) -> None:
        before = processor_time(self.contestant.pid)
        self.slices.append(run(self.contestant.url, [_script(each) for each in self.requests], seconds))
        self.processor_time += processor_time(self.contestant.pid) - before

    @property
    def answers(self) -> int:
        return sum(len(each.latencies) for each in self.slices)

    @property
    def rate(self) -> float:
        return self.answers / sum(each.seconds for each in self.slices)

    @property
    def cost(self) -> int:
        """The server's processor time per answer in microseconds."""
        return round(self.processor_time / self.answers * 1e6)


def _script(requests: Iterator[bytes]) -> Script:
    for each in requests:
        expect_ok((yield each))


def _bare_requests(_connection: int, _token: str | None) -> Iterator[bytes]:
    return cycle([request("GET", "/bare")])


@click.command()
@click.option("--rounds", default=3, show_default=True, help="Turns that each system gets at each operation.")
@click.option("--seconds", default=1.0, show_default=True, help="Of a turn; MLflow's are three times as long.")
@click.option("--only", help="Only operations with this in their name.")
@click.option("--without-mlflow", is_flag=True, help="Leave MLflow out, which takes most of the time.")
def main(*, rounds: int, seconds: float, only: str | None, without_mlflow: bool) -> None:
    """Compare, and print the tables."""
    operations = [each for each in OPERATIONS if only is None or only in each.name]
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        print_heading("The server beside MLflow's", "mlflow", "starlette", "uvicorn", "sqlalchemy")
        theirs = None if without_mlflow else stack.enter_context(mlflow(Path(folder) / "mlflow"))
        mine = stack.enter_context(ours(Path(folder) / "ours"))
        starlette = stack.enter_context(bare())
        _compare(mine, theirs, starlette, operations, rounds, seconds)
        _latencies(mine, operations, seconds)
        _footprints([each for each in (mine, theirs, starlette) if each is not None])
        _generator(starlette, seconds)


def _compare(
    mine: Contestant,
    theirs: Contestant | None,
    starlette: Contestant,
    operations: Sequence[Operation],
    rounds: int,
    seconds: float,
) -> None:
    print(f"Requests per second over {CONNECTIONS} connections, {rounds} turns each:\n")
    rows = []
    for operation in operations:
        turns = {
            contestant.name: _Turns(
                contestant,
                [
                    (_bare_requests if contestant is starlette else operation.requests)(number, contestant.token)
                    for number in range(CONNECTIONS)
                ],
            )
            for contestant in (mine, theirs, starlette)
            if contestant is not None
        }
        for _ in range(rounds):
            for each in turns.values():
                each.take(seconds * 3 if each.contestant is theirs else seconds)
        own, other, base = turns[mine.name], turns.get(theirs.name if theirs else ""), turns[starlette.name]
        compared = (other.rate, own.rate / other.rate) if other else ("", "")
        costs = " / ".join(f"{each.cost:,}" for each in turns.values())
        rows.append((operation.name, own.rate, *compared, operation.goal, base.rate, own.rate / base.rate, costs))
    columns = ("operation", "ours", "MLflow", "times MLflow", "goal", "bare", "of bare")
    print_table((*columns, f"processor time of an answer in µs, {' / '.join(turns)}"), rows)


def _latencies(mine: Contestant, operations: Sequence[Operation], seconds: float) -> None:
    print("Latency of ours in milliseconds, p50 / p99 (and requests per second):\n")
    rows = []
    for operation in operations:
        row: list[object] = [operation.name]
        for connections in LOADS:
            requests = [operation.requests(number, mine.token) for number in range(connections)]
            measured = run(mine.url, [_script(each) for each in requests], seconds)
            p50, p99 = measured.percentile(50), measured.percentile(99)
            row.append(f"{p50:.2f} / {p99:.2f} ({measured.rate:,.0f})")
        rows.append(row)
    print_table(("operation", *(f"{each} connections" for each in LOADS)), rows)


def _footprints(contestants: Sequence[Contestant]) -> None:
    print("Start to ready (ours and MLflow's on a new database), and memory after the run, over all processes:\n")
    rows = [(each.name, each.start, resident(each.pid)) for each in contestants]
    print_table(("server", "start, s", "memory, MiB"), rows)


def _generator(starlette: Contestant, seconds: float) -> None:
    """The load generator must not be the bottleneck."""
    requests = [_bare_requests(number, None) for number in range(CONNECTIONS)]
    own = run(starlette.url, [_script(each) for each in requests], seconds * 2).rate
    wrk = shutil.which("wrk")
    if wrk is None:
        print(f"The bare route by this program: {own:,.0f}/s. Install wrk (apt install wrk) to see both.\n")
        return
    command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds * 2))}s", f"{starlette.url}/bare"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    (rate,) = (line.split()[1] for line in output.splitlines() if line.startswith("Requests/sec"))
    print(f"The load: the bare route by this program {own:,.0f}/s, by wrk {float(rate):,.0f}/s.\n")


if __name__ == "__main__":
    main()
