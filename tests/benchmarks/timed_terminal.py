"""A terminal that records when each byte arrived. They are parsed afterwards, so that this is not measured."""

import fcntl
import os
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import pyte

from tests.live_registry import ROOT

QUIET = 0.25  # seconds without output after which a screen counts as complete
TIMEOUT = 60.0  # seconds


class Response(NamedTuple):
    """``delay``: seconds from the keys to the first byte of output; ``size``: the bytes of all output."""

    delay: float
    size: int


class TimedTerminal:
    """``seen``: time and bytes of every chunk of output."""

    def __init__(self, process: "subprocess.Popen[bytes]", terminal: int, size: tuple[int, int]) -> None:
        self.pid = process.pid
        self.begun = time.perf_counter()
        self.seen: list[tuple[float, bytes]] = []
        self._terminal = terminal
        self._screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self._screen)
        self._fed = 0

    def read(self, seconds: float) -> bool:
        """Read the next output; returns whether there was some."""
        if not select.select([self._terminal], [], [], max(0.0, seconds))[0]:
            return False
        content = os.read(self._terminal, 65_536)
        self.seen.append((time.perf_counter(), content))
        return True

    def settle(self, quiet: float = QUIET) -> None:
        """Read until there is no output for ``quiet`` seconds."""
        while self.read(quiet):
            pass

    def send(self, keys: bytes) -> float:
        """Press keys; returns the time."""
        at = time.perf_counter()
        os.write(self._terminal, keys)
        return at

    def press(self, keys: bytes) -> Response:
        """Press keys, and read until the screen is complete."""
        at, before = self.send(keys), len(self.seen)
        while len(self.seen) == before:
            assert self.read(TIMEOUT), "no output after the key"
        self.settle()
        return Response(self.seen[before][0] - at, sum(len(content) for _, content in self.seen[before:]))

    def until(self, shown: Callable[[str], object], quiet: float = QUIET) -> float:
        """Read until the screen matches; returns the time when it first did.

        Parsing takes long, so output is first read until there is none for ``quiet`` seconds.
        """
        deadline = time.perf_counter() + TIMEOUT
        while True:
            self.settle(quiet)
            for at, content in self.seen[self._fed :]:
                self._stream.feed(content)
                self._fed += 1
                if shown(self.text):
                    return at
            assert time.perf_counter() < deadline, f"not seen:\n{self.text}"

    def catch_up(self) -> None:
        """Read the rest of a frame, which arrives in chunks of a few kilobytes."""
        self.settle(0.02)
        for _, content in self.seen[self._fed :]:
            self._stream.feed(content)
        self._fed = len(self.seen)

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self._screen.display)


@contextmanager
def timed_terminal(
    program: Sequence[str], variables: Mapping[str, str], size: tuple[int, int]
) -> Iterator[TimedTerminal]:
    """A program in a terminal of ``size`` columns and lines, killed after the block."""
    ours, theirs = os.openpty()
    columns, lines = size
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    process = subprocess.Popen(
        program, stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, env=variables, start_new_session=True
    )
    os.close(theirs)
    try:
        yield TimedTerminal(process, ours, size)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        os.close(ours)
