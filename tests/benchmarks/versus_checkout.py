"""This version compared with that of another checkout, in one run: is anything slower than it was?

``python -m tests.benchmarks.versus_checkout FOLDER``, where the other version is installed in ``FOLDER/.venv``. The
servers are filled with the same data over HTTP, and answer in turn, in short slices; the consoles start, and move their
cursor, in turn, on one server. What is compared is each pair of turns: other load of the machine affects both.
"""

import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import product
from pathlib import Path

import click

from tests.benchmarks.console import DOWN, LARGE, PAGE_DOWN, WORDS, on_models, request_one, variables
from tests.benchmarks.contestants import USER, Contestant, fill, grant
from tests.benchmarks.http_load import Script, expect_ok, run
from tests.benchmarks.metrics import SIGMAS, on_processor
from tests.benchmarks.report import print_heading, print_table
from tests.benchmarks.timed_terminal import TimedTerminal, timed_terminal
from tests.benchmarks.versus_mlflow import CONNECTIONS, OPERATIONS, Operation
from tests.bulk_models import insert_models
from tests.live_registry import ADMIN, TIMEOUT, LiveRegistry, serving

OURS, THEIRS = "this", "other"
MODELS = 1_000
REQUESTS = 400
PAGES = 3
ENVIRONMENTS = {"in a local terminal": False, "over SSH": True}
PLACES = {"models": b"", "inbox": b"1"}  # and the keys from the list of models
SLICE = 0.25  # seconds


def program(folder: Path) -> Path:
    found = folder / "tui-registry"
    if not found.exists():
        raise click.UsageError(f"{folder} has no tui-registry: install that version into the checkout's .venv.")
    return found


def command(script: Path, *arguments: str) -> str:
    return subprocess.run([script, *arguments], check=True, capture_output=True, text=True).stdout.strip()


@contextmanager
def server(name: str, script: Path, folder: Path) -> Iterator[Contestant]:
    """The server that ``script`` starts, with the same data and caller as ``contestants.ours``."""
    folder.mkdir()
    database, ready = str(folder / "registry.db"), folder / "ready.json"
    for user in ([ADMIN, "--admin"], [USER]):
        command(script, "users", "create", *user, "--database", database)
    admin, caller = (command(script, "tokens", "create", user, "--database", database) for user in (ADMIN, USER))
    began = time.perf_counter()
    arguments = ["serve", "--database", database, "--port", "0", "--state-file", str(ready)]
    with subprocess.Popen([script, *arguments], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + TIMEOUT
            while not ready.exists():
                assert process.poll() is None, "the server did not start"
                assert time.monotonic() < deadline, "the server takes too long to start"
                time.sleep(0.05)
            url: str = json.loads(ready.read_text())["url"]
            taken = time.perf_counter() - began
            fill(url, admin)
            grant(url, admin)
            yield Contestant(name, url, process.pid, taken, caller)
        finally:
            process.terminate()


def answer(contestant: Contestant, operation: Operation, seconds: float) -> tuple[float, float]:
    """Answers per second, and microseconds of processor time of each."""

    def script(requests: Iterator[bytes]) -> Script:
        for each in requests:
            expect_ok((yield each))

    before = on_processor(contestant.pid)
    scripts = [script(operation.requests(number, contestant.token)) for number in range(CONNECTIONS)]
    measured = run(contestant.url, scripts, seconds)
    return measured.rate, (on_processor(contestant.pid) - before) / len(measured.latencies) / 1000


def in_turn(turns: dict[str, Callable[[], tuple[float, ...]]], rounds: int) -> dict[str, list[tuple[float, ...]]]:
    """What each of the two measured, ``rounds`` times in random order, after a first turn for caches."""
    taken: dict[str, list[tuple[float, ...]]] = {name: [] for name in turns}
    for each in turns.values():
        each()
    for _ in range(rounds):
        for name in random.sample(list(turns), 2):
            taken[name].append(turns[name]())
    return taken


def compared(taken: dict[str, list[tuple[float, ...]]], index: int) -> tuple[float, float, str]:
    """The medians of both, and the median ratio of pairs with its standard error, from the median deviation."""
    ours, theirs = ([each[index] for each in taken[name]] for name in (OURS, THEIRS))
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    middle = statistics.median(ratios)
    spread = statistics.median(abs(each - middle) for each in ratios) * SIGMAS
    return (
        statistics.median(ours),
        statistics.median(theirs),
        f"{middle:.3f} ± {spread * 1.25 / len(ratios) ** 0.5:.3f}",
    )


def compare_servers(scripts: dict[str, Path], folder: Path, operations: Sequence[Operation], turns: int) -> None:
    with ExitStack() as stack:
        servers = {name: stack.enter_context(server(name, script, folder / name)) for name, script in scripts.items()}
        rates: list[Sequence[object]] = []
        costs: list[Sequence[object]] = []
        for operation in operations:
            taken = in_turn({name: partial(answer, each, operation, SLICE) for name, each in servers.items()}, turns)
            rates.append((operation.name, *compared(taken, 0)))
            costs.append((operation.name, *compared(taken, 1)))
    print(f"{CONNECTIONS} connections, {turns} pairs of slices of {SLICE} s.\n")
    print_table(("answers per second", OURS, THEIRS, "ratio"), rates)
    print_table(("processor time of an answer in µs", OURS, THEIRS, "ratio"), costs)


def start(script: Path, registry: LiveRegistry, remote: bool) -> tuple[float]:
    """Seconds from the command to the first row."""
    with timed_terminal([str(script)], variables(registry, remote=remote), LARGE) as shown:
        return (shown.until(lambda text: "▎ model-0" in text) - shown.begun,)


def compare_consoles(scripts: dict[str, Path], folder: Path, starts: int, presses: int) -> None:
    folder.mkdir()
    rows: list[Sequence[object]] = []
    with serving(folder) as registry:
        insert_models(registry, MODELS, *WORDS)
        for number in range(REQUESTS):
            request_one(registry, f"model-{number:06}")
        for where, remote in ENVIRONMENTS.items():
            begun = in_turn({name: partial(start, each, registry, remote) for name, each in scripts.items()}, starts)
            rows.append((f"s from the command to the first row, {where}", *compared(begun, 0)))
        for (where, remote), (what, keys) in product(ENVIRONMENTS.items(), PLACES.items()):
            with ExitStack() as stack:
                consoles = {
                    name: stack.enter_context(on_models(registry, remote=remote, program=[str(script)]))
                    for name, script in scripts.items()
                }
                for each in consoles.values():
                    if keys:
                        each.press(keys)
                moved = in_turn({name: partial(move, each) for name, each in consoles.items()}, presses)
                paged = in_turn({name: partial(page, each) for name, each in consoles.items()}, PAGES)
            rows.append((f"ms from the arrow down to its first byte, {what}, {where}", *compared(moved, 0)))
            rows.append((f"bytes of a move, {what}, {where}", *compared(moved, 1)))
            rows.append((f"bytes of a page, {what}, {where}", *compared(paged, 0)))
    print(f"{starts} pairs of starts, {presses} of moves, at {LARGE[0]}x{LARGE[1]}.\n")
    print_table(("console", OURS, THEIRS, "ratio"), rows)


def move(shown: TimedTerminal) -> tuple[float, float]:
    response = shown.press(DOWN)
    return response.delay * 1000, response.size


def page(shown: TimedTerminal) -> tuple[float]:
    return (shown.press(PAGE_DOWN).size,)


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--only", help="Only operations with this in their name; 'console' for the console, and nothing else.")
@click.option("--turns", default=60, show_default=True, help="Pairs of slices of each operation.")
@click.option("--starts", default=15, show_default=True, help="Pairs of starts of the console.")
@click.option("--presses", default=60, show_default=True, help="Pairs of moves of the console's cursor.")
def main(*, folder: Path, only: str | None, turns: int, starts: int, presses: int) -> None:
    """Compare this version with the one that is installed in FOLDER/.venv, and print the tables."""
    scripts = {OURS: program(Path(sys.executable).parent), THEIRS: program(folder.resolve() / ".venv" / "bin")}
    print_heading("This version beside another one", "starlette", "uvicorn", "textual")
    with tempfile.TemporaryDirectory() as name:
        operations = [each for each in OPERATIONS if only is None or only in each.name]
        if operations:
            compare_servers(scripts, Path(name), operations, turns)
        if only in (None, "console"):
            compare_consoles(scripts, Path(name) / "console", starts, presses)


if __name__ == "__main__":
    main()
