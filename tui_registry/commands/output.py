"""Printing answers: as aligned plain text, or as one JSON document in the shapes of the wire.

No colours and no markup. Text from the server passes terminal.sanitize, and JSON is ASCII only, so neither can send
control sequences to a terminal. A closed pipe, such as of ``head``, does not make a command fail.
"""

import json
import os
import shutil
import sys
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Self

import click

from tui_registry.commands.exit_codes import Exit, Failure

if TYPE_CHECKING:
    from pydantic import BaseModel

GAP = "  "
_BLACK_ON_WHITE, _RESET = "\x1b[30;107m", "\x1b[0m"
_INVERTED = {"█": " ", "▀": "▄", "▄": "▀", " ": "█"}
MAX_COLUMN_WIDTH = 64  # cells; wider cells move the rest of their row
MIN_COLUMN_WIDTH = 8  # cells
BAR_WIDTH = 30  # cells


def wire(entity: "BaseModel") -> dict[str, Any]:
    """An entity as the server sent it, without fields unknown to this version."""
    shape: dict[str, Any] = entity.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return shape


def print_json(document: dict[str, Any]) -> None:
    _write(json.dumps(document, indent=2) + "\n")


def print_lines(texts: Iterable[str]) -> None:
    from tui_registry.terminal.sanitize import lines

    _write("".join(f"{' '.join(lines(text, len(text)))}\n" for text in texts))


def note(text: str) -> None:
    """Print a message to stderr."""
    from tui_registry.terminal.sanitize import message

    click.echo(message(text), err=True)


def picture(lines: Sequence[str]) -> None:
    """Print block characters to stderr, if it can show them, in black on white: in light terminals as in dark ones."""
    allowed = "".join("".join(each for each in line if each in _INVERTED) + "\n" for line in lines)
    try:
        allowed.encode(sys.stderr.encoding or "ascii")
    except UnicodeEncodeError:
        return
    if os.environ.get("NO_COLOR"):
        click.echo(allowed, err=True, nl=False)
        return
    for line in allowed.splitlines():
        click.echo(f"{_BLACK_ON_WHITE}{''.join(_INVERTED[each] for each in line)}{_RESET}", err=True, color=True)


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, fixed: Collection[str] = ()) -> list[str]:
    """Rows of one line each, in aligned columns.

    In a terminal each row is cut to fit, by narrowing the widest columns that are not ``fixed``. Elsewhere nothing is
    cut
    off: cells wider than MAX_COLUMN_WIDTH move the rest of their row.
    """
    from rich.cells import cell_len

    from tui_registry.terminal.sanitize import clip

    shown = [list(headings), *([whole(cell) for cell in row] for row in rows)]
    widths = [max(cell_len(row[column]) for row in shown) for column in range(len(headings))]
    if sys.stdout.isatty():
        room = shutil.get_terminal_size().columns - len(GAP) * (len(headings) - 1)
        widths = [min(width, room) for width in widths]
        _narrow(widths, [column for column, heading in enumerate(headings) if heading not in fixed], room)
        shown = [[clip(cell, width) for cell, width in zip(row, widths, strict=True)] for row in shown]

    def filled(cell: str, width: int) -> str:
        return cell + " " * (min(width, MAX_COLUMN_WIDTH) - cell_len(cell))

    return [GAP.join(map(filled, row, widths)).rstrip() for row in shown]


def _narrow(widths: list[int], columns: Sequence[int], room: int) -> None:
    """Narrow the widest of these columns until all fit."""
    while sum(widths) > room:
        widest = max(columns, key=lambda column: widths[column])
        if widths[widest] <= MIN_COLUMN_WIDTH:
            return
        widths[widest] -= 1


def facts(named: Sequence[tuple[str, str]]) -> list[str]:
    """A line for each name with a value; further lines of a value are indented to its column."""
    from tui_registry.terminal.sanitize import lines

    given = [(name, value) for name, value in named if value]
    width = max((len(name) for name, _ in given), default=0) + 1
    listed: list[str] = []
    for name, value in given:
        first, *others = lines(value.rstrip("\n"), len(value))
        listed += [f"{name + ':':{width}}{GAP}{first}", *(f"{'':{width}}{GAP}{line}".rstrip() for line in others)]
    return listed


def whole(value: str) -> str:
    """A text in one line, without a length limit."""
    from tui_registry.terminal.sanitize import one_line

    return one_line(value, len(value))


class Progress:
    """A bar on stderr, if that is a terminal: ``Importing ━━━━      120/2000``."""

    def __init__(self, label: str, total: int) -> None:
        self._label = label
        self._total = total
        self._done = 0
        self._is_shown = sys.stderr.isatty()
        self._draw()

    def advance(self) -> None:
        self._done += 1
        self._draw()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_shown:
            click.echo(
                "\r" + " " * (len(self._label) + BAR_WIDTH + 2 * len(str(self._total)) + 5) + "\r", nl=False, err=True
            )

    def _draw(self) -> None:
        if self._is_shown:
            filled = round(BAR_WIDTH * self._done / max(self._total, 1))
            bar = "━" * filled + " " * (BAR_WIDTH - filled)
            click.echo(f"\r{self._label} {bar} {self._done}/{self._total}", nl=False, err=True)


def _write(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes stdout again at exit
        if isinstance(error, BrokenPipeError):
            return
        raise Failure(Exit.REFUSED, f"The output could not be written: {error.strerror}.") from None
