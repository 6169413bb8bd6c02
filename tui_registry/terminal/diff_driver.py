"""A terminal driver for slow connections: it sends only the cells that change.

Textual redraws whole lines and whole widgets. The driver keeps a copy of the terminal's cells and styles, and leaves
out what would not change them. Characters that are not one cell wide are always sent, and the cells that they cover
count as
unknown: terminals disagree about their width.

Sequences, as in ECMA-48: CUP positions the cursor, CUF moves it to the right, SGR sets the style.
"""

import re
import signal
from functools import lru_cache
from types import FrameType

from rich.cells import get_character_cell_size
from textual.events import Resize
from textual.message import Message
from textual.messages import InBandWindowResize

from tui_registry.terminal.driver import TerminalDriver

MAX_GAP = 6  # unchanged cells between two changed ones are sent too: skipping them takes as many bytes

_TOKEN = re.compile(
    r"\x1b\[(?P<row>\d+);(?P<column>\d+)H"
    r"|\x1b\[(?P<style>[\d;:]*)m"
    r"|(?P<home>\x1b\[H)"
    r"|(?P<line>\r?\n)"  # the terminal driver translates one into the other
    r"|(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
    # Modes, mode queries, the keyboard protocol, the mouse pointer's shape, the clipboard, the bell: no effect on any
    # cell.
    r"|(?P<unseen>\x1b\[\?(?!47[hl]|104[79][hl])[\d;]+(?:[hl]|\$p)|\x1b\[[<>=]\d*u"
    r"|\x1b\](?:22|52);[^\x07\x1b]*(?:\x07|\x1b\\)|\x07)"
    r"|(?P<other>\x1b\[[^@-~]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b.|.)",
    re.DOTALL,
)

Cell = tuple[str, str]
"""A character and the parameters of its SGR."""


@lru_cache(maxsize=4096)
def _is_narrow(character: str) -> bool:
    return get_character_cell_size(character) == 1


class TerminalMemory:
    """A copy of the terminal's cells, as far as known, and its cursor position."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], Cell] = {}
        self._at: tuple[int, int] | None = None  # row and column, from 0; None if unknown
        self._style = ""

    def forget(self) -> None:
        """Drop the copy: something else has drawn on the terminal."""
        self._cells.clear()
        self._at = None

    def reduce(self, data: str) -> str:
        """The shortest output with the same effect as this one, given everything sent before."""
        parts: list[str] = []
        at, style = self._at, self._style  # as if everything had been sent
        for token in _TOKEN.finditer(data):
            kind = token.lastgroup
            if kind == "text" and at is not None:
                text = token["text"]
                width = self._draw(parts, at, style, text)
                at = (at[0], at[1] + width)
            elif kind == "column":
                at = (int(token["row"]) - 1, int(token["column"]) - 1)
            elif kind == "home":
                at = (0, 0)
            elif kind == "line" and at is not None:
                at = (at[0] + 1, 0)
            elif kind == "style":
                code = token["style"]
                style = "" if code in {"", "0"} else f"{style};{code}" if style else code
            elif kind == "unseen":
                parts.append(token[0])
            else:
                self._set_style(parts, style)
                self._go(parts, at)
                parts.append(token[0])
                self.forget()
                at = None
        self._set_style(parts, style)
        self._go(parts, at)
        return "".join(parts)

    def _draw(self, parts: list[str], at: tuple[int, int], style: str, text: str) -> int:
        """Send the changed part of a text; returns its width in cells."""
        row, column = at
        if not all(map(_is_narrow, text)):
            width = sum(map(get_character_cell_size, text))
            self._go(parts, at)
            self._set_style(parts, style)
            parts.append(text)
            for covered in range(column, column + width):
                self._cells.pop((row, covered), None)
            self._at = None
            return width
        cells = self._cells
        changed = [
            place for place, character in enumerate(text, column) if cells.get((row, place)) != (character, style)
        ]
        start = 0
        while start < len(changed):
            end = start
            while end + 1 < len(changed) and changed[end + 1] - changed[end] <= MAX_GAP:
                end += 1
            first, last = changed[start], changed[end]
            self._go(parts, (row, first))
            self._set_style(parts, style)
            parts.append(text[first - column : last + 1 - column])
            self._at = (row, last + 1)
            start = end + 1
        cells.update(((row, place), (character, style)) for place, character in enumerate(text, column))
        return len(text)

    def _go(self, parts: list[str], wanted: tuple[int, int] | None) -> None:
        at = self._at
        if wanted is None or wanted == at:
            return
        row, column = wanted
        if at is not None and at[0] == row and at[1] < column:
            parts.append(f"\x1b[{column - at[1]}C")
        else:
            parts.append(f"\x1b[{row + 1};{column + 1}H")
        self._at = wanted

    def _set_style(self, parts: list[str], wanted: str) -> None:
        if wanted != self._style:
            parts.append(f"\x1b[0;{wanted}m" if self._style and wanted else f"\x1b[{wanted or '0'}m")
            self._style = wanted


class DiffDriver(TerminalDriver):
    """The driver with a copy of the terminal. After ``forget`` it sends everything again."""

    memory: TerminalMemory
    _stale = False  # set by signals and the input thread; the memory itself is used in one thread only

    def forget(self) -> None:
        self._stale = True

    def start_application_mode(self) -> None:
        self.memory = TerminalMemory()
        super().start_application_mode()
        previous = signal.getsignal(signal.SIGWINCH)

        def resized(number: int, frame: FrameType | None) -> None:
            self.forget()
            if callable(previous):
                previous(number, frame)

        signal.signal(signal.SIGWINCH, resized)

    def process_message(self, message: Message) -> None:
        if isinstance(message, Resize | InBandWindowResize):
            self.forget()
        super().process_message(message)

    def write(self, data: str) -> None:
        if self._stale:
            self._stale = False
            self.memory.forget()
        super().write(self.memory.reduce(data))
