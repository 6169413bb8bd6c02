"""The console's program in a pseudo-terminal: keys are sent as bytes, and pyte renders the screen."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pyte

TIMEOUT = 60  # seconds; a start takes one or two, on a loaded machine many more
PROGRAM = [sys.executable, "-P", "-m", "tui_registry"]
ROOT = Path(__file__).parents[2]
KEYS = {
    "ctrl+q": "\x11",
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "down": "\x1b[B",
    "space": " ",
    "f5": "\x1b[15~",
}
UNWANTED = ("TUI_REGISTRY_", "SSH_", "TMUX", "NO_COLOR", "TEXTUAL", "XDG_", "COLUMNS", "LINES")
"""Environment variables to remove, as they would change what the console does."""


class Terminal:
    """A terminal with the program in it. ``pressed`` counts keys; ``raw`` is all that the program wrote."""

    def __init__(self, child: "pexpect.spawn[bytes]", screen: pyte.Screen) -> None:
        self.child = child
        self.pressed = 0
        self.raw = b""
        self._screen = screen
        self._stream = pyte.ByteStream(screen)

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self._screen.display)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.pressed += 1
            self.child.send(KEYS.get(key, key))

    def type(self, text: str) -> None:
        self.press(*text)

    def read(self) -> bool:
        """Read the program's output; whether it may still write more."""
        try:
            content: bytes = self.child.read_nonblocking(65_536, timeout=0.1)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.raw += content
        self._stream.feed(content)
        return True

    def until(self, seen: Callable[[], object], what: object) -> None:
        deadline = time.monotonic() + TIMEOUT
        while not seen():
            assert time.monotonic() < deadline, f"not seen: {what}\n{self.text}"
            assert self.read(), f"the program ended before it showed {what}:\n{self.text}"

    def shows(self, *texts: str) -> None:
        self.until(lambda: all(text in self.text for text in texts), texts)

    def resize(self, columns: int, lines: int) -> None:
        self._screen.resize(lines, columns)
        self.child.setwinsize(lines, columns)

    def write_over(self, text: str) -> None:
        """Write over the screen, as another program at the same terminal may."""
        self._stream.feed(f"\x1b7\x1b[5;5H{text}\x1b8".encode())

    def ends(self) -> int:
        """Its exit code, once it has ended."""
        deadline = time.monotonic() + TIMEOUT
        while self.read():
            assert time.monotonic() < deadline, f"it does not end:\n{self.text}"
        self.child.wait()
        code: int = self.child.exitstatus
        return code


@contextmanager
def terminal(
    *arguments: str,
    variables: Mapping[str, str],
    size: tuple[int, int] = (80, 24),
    program: Sequence[str] = PROGRAM,
    cwd: Path = ROOT,
) -> Iterator[Terminal]:
    """A terminal of so many columns and lines with the program in it, killed after the block if it runs on."""
    columns, lines = size
    kept = {name: value for name, value in os.environ.items() if not name.startswith(UNWANTED)}
    child = pexpect.spawn(
        program[0],
        [*program[1:], *arguments],
        cwd=cwd,
        env=kept | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONPATH": str(ROOT)} | dict(variables),
        dimensions=(lines, columns),
        timeout=TIMEOUT,
    )
    try:
        yield Terminal(child, pyte.Screen(columns, lines))
    finally:
        child.close(force=True)
