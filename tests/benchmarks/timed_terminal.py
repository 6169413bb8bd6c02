"""A terminal that remembers when each byte came. What they showed is worked out afterwards, off the clock."""

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

import pyte

from tests.live_registry import ROOT

QUIET = 0.25  # seconds without a byte: what was asked for has been drawn
TIMEOUT = 60.0  # seconds


class TimedTerminal:
    """``seen`` is what came: the time and the bytes of every piece."""

    def __init__(self, process: "subprocess.Popen[bytes]", terminal: int, size: tuple[int, int]) -> None:
        self.pid = process.pid
        self.begun = time.perf_counter()
        self.seen: list[tuple[float, bytes]] = []
        self._terminal = terminal
        self._screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self._screen)
        self._fed = 0

    def read(self, seconds: float) -> bool:
        """Take in what comes first; whether something did."""
        if not select.select([self._terminal], [], [], max(0.0, seconds))[0]:
            return False
        content = os.read(self._terminal, 65_536)
        self.seen.append((time.perf_counter(), content))
        return True

    def settle(self, quiet: float = QUIET) -> None:
        """Read until nothing comes for so many seconds."""
        while self.read(quiet):
            pass

    def send(self, keys: bytes) -> float:
        """Press keys; when."""
        at = time.perf_counter()
        os.write(self._terminal, keys)
        return at

    def first_byte(self, keys: bytes) -> float:
        """Seconds from a key to the first byte that comes of it."""
        at, before = self.send(keys), len(self.seen)
        while len(self.seen) == before:
            assert self.read(TIMEOUT), "nothing came of the key"
        self.settle()
        return self.seen[before][0] - at

    def bytes_of(self, keys: bytes) -> int:
        """How many bytes a key brings."""
        before = len(self.seen)
        self.send(keys)
        self.read(TIMEOUT)
        self.settle()
        return sum(len(content) for _, content in self.seen[before:])

    def until(self, shown: Callable[[str], object], quiet: float = QUIET) -> float:
        """When the screen first showed something; reads until it does.

        Working out what bytes show takes long. So they are first read until nothing comes for ``quiet`` seconds.
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
        """Take in the rest of a frame, of which a terminal gives a few kilobytes at a time."""
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
    """A program in a terminal of so many columns and lines, killed after the block if it runs on."""
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
