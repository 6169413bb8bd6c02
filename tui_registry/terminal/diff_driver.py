"""A terminal driver for slow connections: it sends only the cells that change.

Textual redraws whole lines and whole widgets. The driver keeps a copy of the terminal's cells and styles, and leaves
out what would not change them. Characters that are not one cell wide are always sent, and the cells that they cover
count as unknown: terminals disagree about their width. A list that moves by a row is scrolled by the terminal, unless
one of its rows has such characters.

Sequences, as in ECMA-48: CUP positions the cursor, CUF moves it to the right, SGR sets the style; as in the VT100:
DECSTBM limits the rows that scroll, RI moves the cursor up, and scrolls at the uppermost of them.
"""

import re
import signal
from collections.abc import Iterator
from functools import lru_cache
from itertools import repeat, zip_longest
from types import FrameType
from typing import NamedTuple

from rich.cells import get_character_cell_size
from textual.events import Resize
from textual.message import Message
from textual.messages import InBandWindowResize

from tui_registry.terminal.driver import TerminalDriver

MAX_GAP = 6  # unchanged cells between two changed ones are sent too: skipping them takes as many bytes
MIN_SCROLLED = 3  # rows that move: to scroll fewer takes as many bytes as to draw them

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

Row = list[Cell | None]
"""A line's cells; None for those that are unknown, as are all beyond its end."""


class Drawn(NamedTuple):
    """A text of a frame, from this row and column on. Unless it is ``narrow``, terminals disagree about its width."""

    row: int
    column: int
    style: str
    text: str
    narrow: bool


@lru_cache(maxsize=4096)
def _is_narrow(character: str) -> bool:
    return get_character_cell_size(character) == 1


def _width(text: str) -> int:
    return sum(map(get_character_cell_size, text))


class TerminalMemory:
    """A copy of the terminal's cells, as far as known, and its cursor position."""

    def __init__(self, columns: int, lines: int) -> None:
        """``columns`` and ``lines``: the terminal's size in cells."""
        self._columns, self._lines = columns, lines
        self._rows: dict[int, Row] = {}
        self._at: tuple[int, int] | None = None  # row and column, from 0; None if unknown
        self._style = ""

    def forget(self, size: tuple[int, int] | None = None) -> None:
        """Drop the copy: something else has drawn on the terminal, or it has another size."""
        if size is not None:
            self._columns, self._lines = size
        self._rows.clear()
        self._at = None

    def reduce(self, data: str) -> str:
        """The shortest output with the same effect as this one, given everything sent before."""
        parts: list[str] = []
        frame: list[Drawn] = []  # what is drawn, and not sent yet
        at, style = self._at, self._style  # as if everything had been sent
        for token in _TOKEN.finditer(data):
            kind = token.lastgroup
            if kind == "text" and at is not None:
                text = token["text"]
                narrow = text.isascii() or all(map(_is_narrow, text))
                frame.append(Drawn(*at, style, text, narrow))
                at = (at[0], at[1] + (len(text) if narrow else _width(text)))
            elif kind == "column":
                at = (int(token["row"]) - 1, int(token["column"]) - 1)
            elif kind == "home":
                at = (0, 0)
            elif kind == "line" and at is not None:
                at = (at[0] + 1, 0)
            elif kind == "style":
                code = token["style"]
                style = "" if code in {"", "0"} else f"{style};{code}" if style else code
            else:
                self._send(parts, frame)
                frame.clear()
                if kind != "unseen":
                    self._set_style(parts, style)
                    self._go(parts, at)
                    self.forget()
                    at = None
                parts.append(token[0])
        self._send(parts, frame)
        self._set_style(parts, style)
        self._go(parts, at)
        return "".join(parts)

    def _send(self, parts: list[str], frame: list[Drawn]) -> None:
        """Send what a frame changes."""
        wanted: dict[int, Row] = {}
        for drawn in frame:
            if drawn.row not in wanted:
                wanted[drawn.row] = self._known(drawn.row)
            _put(wanted[drawn.row], drawn)
        if len(wanted) > MIN_SCROLLED:
            self._scroll(parts, wanted)
        wide = [drawn for drawn in frame if not drawn.narrow]
        for row in {drawn.row for drawn in wide}:
            del wanted[row]
        for row, cells in wanted.items():
            self._update(parts, row, cells)
        if wide:
            for drawn in frame:
                if drawn.row not in wanted:
                    self._draw(parts, drawn)

    def _scroll(self, parts: list[str], wanted: dict[int, Row]) -> None:
        """Where a frame moves rows up or down by one, as a list does under a cursor at its edge, let the terminal move
        them, so that only the row that comes into view is left to be sent."""
        rows = self._rows
        for step in (1, -1):
            moved = _longest_run([row for row in sorted(wanted) if wanted[row] == rows.get(row + step)])
            if sum(wanted[row] != rows.get(row) for row in moved) >= MIN_SCROLLED:
                break
        else:
            return
        top, bottom = min(moved[0], moved[0] + step), max(moved[-1], moved[-1] + step)
        before = {row: rows.get(row, []) for row in range(top, bottom + 1)}
        if bottom >= self._lines or any(len(cells) != self._columns or None in cells for cells in before.values()):
            return  # the terminal moves whole rows, also what is not known of them
        self._set_style(parts, "")  # which the row that comes into view is filled with
        line_feed = f"\x1b[{bottom + 1}H\n" if step == 1 else f"\x1b[{top + 1}H\x1bM"
        parts.append(f"\x1b[{top + 1};{bottom + 1}r{line_feed}\x1b[r")
        self._at = (0, 0)
        for row in before:
            rows[row] = before.get(row + step) or [(" ", "")] * self._columns
        for row, cells in before.items():
            if row not in moved:
                self._update(parts, row, wanted.get(row, cells))

    def _known(self, row: int) -> Row:
        return self._rows.get(row, [])[:]

    def _draw(self, parts: list[str], drawn: Drawn) -> None:
        cells = self._known(drawn.row)
        _put(cells, drawn)
        if drawn.narrow:
            self._update(parts, drawn.row, cells)
            return
        self._go(parts, (drawn.row, drawn.column))
        self._set_style(parts, drawn.style)
        parts.append(drawn.text)
        self._rows[drawn.row] = cells
        self._at = None

    def _update(self, parts: list[str], row: int, cells: Row) -> None:
        """Send the changed cells of a row, as far as they are known."""
        before = self._rows.get(row, [])
        if cells == before:
            return
        changed = [
            (place, cell)
            for place, (cell, old) in enumerate(zip_longest(cells, before))
            if cell is not None and cell != old
        ]
        for first, end in _runs_to_send(cells, changed):
            run = [cell for cell in cells[first:end] if cell is not None]
            self._go(parts, (row, first))
            self._set_style(parts, run[0][1])
            parts.append("".join([character for character, _ in run]))
            self._at = (row, end)
        self._rows[row] = cells

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


def _put(cells: Row, drawn: Drawn) -> None:
    """Put a text into a copy of its row."""
    _, column, style, text, narrow = drawn
    cells.extend(repeat(None, column - len(cells)))
    width = len(text) if narrow else _width(text)
    cells[column : column + width] = zip(text, repeat(style), strict=False) if narrow else repeat(None, width)


def _longest_run(rows: list[int], max_gap: int = 2) -> list[int]:
    """The longest part of these rows, in order, in which nowhere more than ``max_gap`` are missing: those in which the
    ends of a scrollbar move do not look like the row before."""
    runs: list[list[int]] = []
    for row in rows:
        if runs and row - runs[-1][-1] <= max_gap + 1:
            runs[-1].append(row)
        else:
            runs.append([row])
    return max(runs, key=len, default=[])


def _runs_to_send(cells: Row, changed: list[tuple[int, Cell]]) -> Iterator[tuple[int, int]]:
    """The changed cells as runs, each from its first cell to the one after its last. All cells of a run have one style;
    up to MAX_GAP unchanged ones between two changed ones are in it, too."""
    first, last, style = 0, -1, ""
    for place, (_, own) in changed:
        if last >= 0 and own == style:
            gap = cells[last + 1 : place]
            if not gap or (len(gap) < MAX_GAP and all(cell is not None and cell[1] == style for cell in gap)):
                last = place
                continue
        if last >= 0:
            yield first, last + 1
        first = last = place
        style = own
    if last >= 0:
        yield first, last + 1


class DiffDriver(TerminalDriver):
    """The driver with a copy of the terminal. After ``forget`` it sends everything again."""

    memory: TerminalMemory
    _stale = False  # set by signals and the input thread; the memory itself is used in one thread only

    def forget(self) -> None:
        self._stale = True

    def start_application_mode(self) -> None:
        self.memory = TerminalMemory(*self._get_terminal_size())
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
            self.memory.forget(self._get_terminal_size())
        super().write(self.memory.reduce(data))
