"""How an answer is printed: as plain aligned text, or as one JSON document of the wire's own shapes.

No colours and no markup. What comes from the server passes terminal.sanitize, and JSON has no character outside ASCII,
so neither can do anything to a terminal. A reader that goes away, such as ``head``, does not make a command fail.
"""

import json
import os
import shutil
import sys
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from tui_registry.commands.exits import Exit, Failure

if TYPE_CHECKING:
    from pydantic import BaseModel

GAP = "  "
WIDEST = 64  # cells that a column is filled up to
NARROWEST = 8  # cells; what is narrower says nothing


def wire(entity: "BaseModel") -> dict[str, Any]:
    """An entity as the server sent it, without what this console does not know."""
    shape: dict[str, Any] = entity.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return shape


def print_json(document: dict[str, Any]) -> None:
    _write(json.dumps(document, indent=2) + "\n")


def print_lines(texts: Iterable[str]) -> None:
    from tui_registry.terminal.sanitize import lines

    _write("".join(f"{' '.join(lines(text, len(text)))}\n" for text in texts))


def note(told: str) -> None:
    """Say something that is not the answer."""
    from tui_registry.terminal.sanitize import message

    click.echo(message(told), err=True)


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, fixed: Collection[str] = ()) -> list[str]:
    """Rows of one line each, in aligned columns.

    In a terminal each row is made to fit, at the cost of the widest columns that are not ``fixed``. Nowhere else is
    anything cut off: what is wider than WIDEST moves the rest of its row.
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
        return cell + " " * (min(width, WIDEST) - cell_len(cell))

    return [GAP.join(map(filled, row, widths)).rstrip() for row in shown]


def _narrow(widths: list[int], columns: Sequence[int], room: int) -> None:
    """Take from the widest of these columns what does not fit."""
    while sum(widths) > room:
        widest = max(columns, key=lambda column: widths[column])
        if widths[widest] <= NARROWEST:
            return
        widths[widest] -= 1


def facts(named: Sequence[tuple[str, str]]) -> list[str]:
    """A line for each name with a value; a value of several lines goes on beneath itself."""
    from tui_registry.terminal.sanitize import lines

    given = [(name, value) for name, value in named if value]
    width = max((len(name) for name, _ in given), default=0) + 1
    listed: list[str] = []
    for name, value in given:
        first, *others = lines(value.rstrip("\n"), len(value))
        listed += [f"{name + ':':{width}}{GAP}{first}", *(f"{'':{width}}{GAP}{line}".rstrip() for line in others)]
    return listed


def whole(value: str) -> str:
    """A text in one line, however long it is."""
    from tui_registry.terminal.sanitize import one_line

    return one_line(value, len(value))


def _write(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes it once more at the end
        if isinstance(error, BrokenPipeError):
            return
        raise Failure(Exit.REFUSED, f"The answer could not be written: {error.strerror}.") from None
