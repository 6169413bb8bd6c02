"""``tui-registry serve`` as a process that starts quickly: forked from one that has imported the program already, by
Python's forkserver. Importing it is two thirds of the processor time of a server that a test starts."""

import multiprocessing
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path
from resource import RLIMIT_NOFILE, getrlimit, setrlimit

IMPORTED = ["tui_registry_server.commands", "tui_registry_server.service", "tui_registry_server.tls"]


@dataclass(frozen=True)
class _Surroundings:
    """What a child process has from the one that starts it, which the forkserver was started too early for."""

    folder: str
    log: str
    environment: dict[str, str]
    umask: int
    open_files: tuple[int, int]
    """The soft and the hard limit."""


class ForkedProcess:
    """What ``subprocess.Popen`` has, as far as tests/live_registry.py uses it. ``arguments`` are those of the program;
    stdin is empty, stdout and stderr are added to the file ``log``."""

    def __init__(self, arguments: list[str], folder: Path, log: Path) -> None:
        here = _Surroundings(str(folder), str(log), dict(os.environ), _umask(), getrlimit(RLIMIT_NOFILE))
        self._process = _forkserver().Process(target=_run, args=(arguments, here), daemon=True)
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("tui-registry serve", timeout or 0)
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self._process.kill()


@cache
def _forkserver() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(IMPORTED)
    return context


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _run(arguments: list[str], here: _Surroundings) -> None:
    """Be the program."""
    setrlimit(RLIMIT_NOFILE, here.open_files)
    os.umask(here.umask)
    os.environ.clear()
    os.environ.update(here.environment)
    os.chdir(here.folder)
    output = os.open(here.log, os.O_WRONLY | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["tui-registry", *arguments]
    from tui_registry_server.commands import main

    main(arguments, prog_name="tui-registry")
