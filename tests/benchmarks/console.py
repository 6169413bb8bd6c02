"""The console compared with a minimal Textual application, in one run: ``python -m tests.benchmarks.console``.

Start, cursor, bytes, search as you type, memory: with 100 and with 100,000 models, by real keys in a pseudo-terminal.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from queue import Queue

from tests.benchmarks.process_tree import resident
from tests.benchmarks.report import print_heading, print_table
from tests.benchmarks.timed_terminal import TimedTerminal, timed_terminal
from tests.bulk_models import insert_models
from tests.live_registry import LiveRegistry, serving
from tests.tui_registry.proxy import proxied

LARGE = (120, 40)
BARE = (sys.executable, "-m", "tests.benchmarks.bare_table")
OURS = (sys.executable, "-m", "tui_registry")
DOWN, PAGE_DOWN = b"\x1b[B", b"\x1b[6~"
WORDS = ("zeppelin", "harbour", "quokka", "windmill", "saffron")
"""Search terms: every prefix of one matches only the model of that name."""


def variables(registry: LiveRegistry | None = None, url: str = "", *, remote: bool = False) -> dict[str, str]:
    """An environment without the user's settings."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    kept |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "XDG_CONFIG_HOME": "/nonexistent"}
    if registry is not None:
        kept |= {"TUI_REGISTRY_URL": url or registry.url, "TUI_REGISTRY_TOKEN": registry.admin_token}
    if remote:
        kept["SSH_TTY"] = "/dev/pts/0"
    return kept


def request_one(registry: LiveRegistry, model: str) -> None:
    """Create a request, so that the inbox, with which the console opens, is not empty."""
    with registry.client() as client:
        fields = {"name": model, "version": "1", "stage": "Staging", "comment": "Please have a look."}
        client.post("/mlflow/transition-requests/create", json=fields).raise_for_status()


def start(registry: LiveRegistry | None) -> float:
    """Seconds from the command to the first row."""
    program, row = (OURS, WORDS[0]) if registry else (BARE, "row 0 ")
    with timed_terminal(program, variables(registry), LARGE) as shown:
        return shown.until(lambda text: row in text) - shown.begun


@contextmanager
def bare(*, remote: bool = False) -> Iterator[TimedTerminal]:
    environment = variables(remote=remote) | ({"TEXTUAL_THEME": "ansi-dark"} if remote else {})
    with timed_terminal(BARE, environment, LARGE) as shown:
        shown.until(lambda text: "row 0 " in text)
        shown.settle()
        yield shown


@contextmanager
def on_models(
    registry: LiveRegistry, url: str = "", *, remote: bool = False, program: Sequence[str] = OURS
) -> Iterator[TimedTerminal]:
    """The console with its list of models."""
    with timed_terminal(program, variables(registry, url, remote=remote), LARGE) as shown:
        shown.until(lambda text: "● live" in text)
        shown.settle()
        shown.send(b"2")
        shown.until(lambda text: "model-000000" in text)
        shown.settle()
        yield shown


@contextmanager
def delayed(url: str, seconds: float) -> Iterator[str]:
    """The URL of a proxy that delays each call."""
    way, ended = Queue[str](), threading.Event()

    async def pass_on() -> None:
        async with proxied(url) as proxy:
            proxy.delay = seconds
            way.put(proxy.url)
            await asyncio.to_thread(ended.wait)

    thread = threading.Thread(target=asyncio.run, args=(pass_on(),))
    thread.start()
    try:
        yield way.get()
    finally:
        ended.set()
        thread.join()


def measure_starts(registries: dict[int, LiveRegistry], rounds: int) -> None:
    """Alternately, so that other load of the machine affects all in the same way."""
    taken: dict[str, list[float]] = {}
    for _ in range(rounds):
        taken.setdefault("bare Textual table", []).append(start(None))
        for models, registry in registries.items():
            taken.setdefault(f"console, {models:,} models", []).append(start(registry))
    base = statistics.median(taken["bare Textual table"])
    print_table(
        ("from the command to the first row", "median s", "least s", "ratio"),
        [(name, statistics.median(each), min(each), statistics.median(each) / base) for name, each in taken.items()],
    )


def measure_cursor(registries: dict[int, LiveRegistry], presses: int) -> None:
    with ExitStack() as stack:
        shown = {"bare Textual table": stack.enter_context(bare())}
        for models, registry in registries.items():
            shown[f"console, {models:,} models"] = stack.enter_context(on_models(registry))
        taken: dict[str, list[float]] = {name: [] for name in shown}
        for _ in range(presses):
            for name, each in shown.items():
                taken[name].append(each.press(DOWN).delay * 1000)
    base = statistics.median(taken["bare Textual table"])
    print_table(
        ("from the arrow down to its first byte", "p50 ms", "p95 ms", "ratio of p50"),
        [(name, *percentiles(each), statistics.median(each) / base) for name, each in taken.items()],
    )


def measure_bytes(registry: LiveRegistry, presses: int) -> None:
    rows: list[Sequence[object]] = []
    for name, remote in (("over SSH", True), ("in a local terminal", False)):
        for what, opened in (("bare Textual table", bare), ("console, models", partial(on_models, registry))):
            with opened(remote=remote) as shown:
                moves = [shown.press(DOWN).size for _ in range(presses)]
                pages = [shown.press(PAGE_DOWN).size for _ in range(3)]
            rows.append((f"{what}, {name}", statistics.median(moves), max(moves), statistics.median(pages)))
    print_table(("bytes at 120x40", "a move, median", "a move, most", "a page, median"), rows)


def measure_search(registry: LiveRegistry) -> None:
    """Letters typed one after the other, waiting for each; then, on a slow network, without waiting."""
    taken: list[float] = []
    with on_models(registry) as shown:
        shown.send(b"/")
        shown.settle()
        for word in WORDS:
            for end in range(1, len(word) + 1):
                at = shown.send(word[end - 1 : end].encode())
                typed = word[:end]
                seen = shown.until(partial(has_all, f"“{typed}”", f" {word}"))
                taken.append((seen - at) * 1000)
            shown.send(b"\x7f" * len(word))
            shown.until(lambda text: "model-000000" in text)
            shown.settle()
        memory = resident(shown.pid)
    rows: list[Sequence[object]] = [("to the matching rows, loopback", *percentiles(taken), len(taken))]
    with delayed(registry.url, 0.15) as url, on_models(registry, url) as shown:
        shown.send(b"/")
        shown.settle()
        echoes, stale = type_ahead(shown)
    rows.append(("to its echo, 150 ms added to each call", *percentiles(echoes), len(echoes)))
    print_table(("from a letter, on 100,000 models", "p50 ms", "p95 ms", "letters"), rows)
    print(f"Screens whose rows did not match the words above them, of those: {stale}\n")
    print(f"Memory of the console after that: {memory:.0f} MiB\n")


def type_ahead(shown: TimedTerminal) -> tuple[list[float], int]:
    """Ten letters a second, faster than answers arrive: milliseconds until each is echoed, and how often rows were
    stale."""
    echoes: list[float] = []
    stale = 0
    for word in WORDS:
        for end in range(1, len(word) + 1):
            at = shown.send(word[end - 1 : end].encode())
            typed = word[:end]
            while (left := at + 0.1 - time.perf_counter()) > 0:
                shown.read(left)
            seen = shown.until(partial(is_typed, typed), quiet=0)
            echoes.append((seen - at) * 1000)
            shown.catch_up()
            stale += is_stale(shown.text)
        shown.until(partial(has_all, f"“{word}”"))
        shown.settle()
        shown.catch_up()
        stale += is_stale(shown.text)
        shown.send(b"\x7f" * len(word))
        shown.until(lambda text: "model-000000" in text)
        shown.settle()
    return echoes, stale


def has_all(*parts: str) -> bool:
    """Whether the last argument, a screen, contains all others."""
    *wanted, text = parts
    return all(part in text for part in wanted)


def is_typed(typed: str, text: str) -> bool:
    return typed in text.split("\n")[-2]


def is_stale(text: str) -> bool:
    """Whether a row does not match the search in the heading."""
    heading, *rows = text.split("\n")
    typed = heading.partition("matching “")[2].partition("”")[0]
    listed = [row.split()[0] for row in rows[2:-2] if row.strip(" ▎")]
    return bool(typed) and not all(typed in name for name in listed if name[:1].isalpha())


def percentiles(values: Sequence[float]) -> tuple[float, float]:
    """The 50th and the 95th."""
    cut = statistics.quantiles(values, n=20, method="inclusive")
    return cut[9], cut[18]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="starts of each")
    parser.add_argument("--presses", type=int, default=40, help="cursor moves of each")
    options = parser.parse_args()
    print_heading("The console", "textual")
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        registries = {}
        for models in (100, 100_000):
            folder = Path(name) / str(models)
            folder.mkdir()
            registries[models] = stack.enter_context(serving(folder))
            insert_models(registries[models], models, *WORDS)
            request_one(registries[models], WORDS[0])
        measure_starts(registries, options.rounds)
        measure_cursor(registries, options.presses)
        measure_bytes(registries[100_000], 10)
        measure_search(registries[100_000])


if __name__ == "__main__":
    main()
