"""Our server, which SIGUSR1 keeps from counting requests until SIGUSR2: what tests.benchmarks.metrics compares."""

import signal
import sys

from tui_registry_server.commands import main
from tui_registry_server.http.request_counts import RequestCounts

ADD = "add"
count = RequestCounts.add


def nothing(*_: object) -> None:
    """What is called in place of counting."""


def without(*_: object) -> None:
    setattr(RequestCounts, ADD, nothing)


def counted(*_: object) -> None:
    setattr(RequestCounts, ADD, count)


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, without)
    signal.signal(signal.SIGUSR2, counted)
    sys.exit(main(prog_name="tui-registry"))
