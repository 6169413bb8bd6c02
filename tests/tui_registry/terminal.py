"""The real console in a real terminal: a pty whose screen is read as a person would."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import pexpect
import pyte

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0  # seconds; far more than it takes, as machines may be busy
LOOK = 0.05  # seconds

KEYS = {"enter": "\r", "tab": "\t", "escape": "\x1b", "space": " ", "down": "\x1b[B", "up": "\x1b[A"}


class Terminal:
    """A program in a pty of a certain size. ``pressed`` counts the keys."""

    def __init__(
        self, arguments: list[str], environment: Mapping[str, str], *, columns: int = 80, rows: int = 24
    ) -> None:
        self.screen = pyte.Screen(columns, rows)
        self.raw = b""
        self.pressed = 0
        self._stream = pyte.ByteStream(self.screen)
        self._child = pexpect.spawn(
            sys.executable,
            ["-m", "tui_registry", *arguments],
            dimensions=(rows, columns),
            env={"TERM": "xterm-256color", "LANG": "C.UTF-8", **environment},
            cwd=str(ROOT),
            timeout=PATIENCE,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.close(force=True)

    @property
    def pid(self) -> int:
        pid: int = self._child.pid
        return pid

    @property
    def text(self) -> str:
        """What is on the screen, line by line."""
        self._read()
        return "\n".join(self.screen.display)

    def press(self, *keys: str) -> None:
        """Press keys one after the other; names of KEYS, or characters."""
        for key in keys:
            self._child.send(KEYS.get(key, key))
            self.pressed += 1

    def type(self, text: str) -> None:
        """Type text, a letter at a time as people do; it does not count as keys of the console."""
        for letter in text:
            self._child.send(letter)

    def wait_for(self, what: str | Callable[[str], bool]) -> str:
        """The screen, once it shows this."""
        shows = (lambda screen: what in screen) if isinstance(what, str) else what
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if shows(self.text):
                return self.text
            time.sleep(LOOK)
        raise AssertionError(f"{what} did not come. The screen:\n{self.text}")

    def wait_for_end(self) -> int:
        """The exit code."""
        deadline = time.monotonic() + PATIENCE
        while self._child.isalive() and time.monotonic() < deadline:
            self._read()
        self._read()
        self._child.close()
        return int(self._child.exitstatus if self._child.exitstatus is not None else -1)

    def _read(self) -> None:
        while True:
            try:
                chunk = self._child.read_nonblocking(65536, timeout=LOOK)
            except (pexpect.TIMEOUT, pexpect.EOF):
                return
            self.raw += chunk
            self._stream.feed(chunk)


def environment(home: Path, **more: str) -> dict[str, str]:
    """A user's environment with an empty home and no keyring, as on a server without a desktop."""
    return {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        **more,
    }


@contextmanager
def console(
    *arguments: str, home: Path, access: Mapping[str, str], columns: int = 80, rows: int = 24
) -> Iterator[Terminal]:
    """The console with an empty home; ``access`` are the variables that say where to."""
    with Terminal(list(arguments), environment(home, **access), columns=columns, rows=rows) as terminal:
        yield terminal
