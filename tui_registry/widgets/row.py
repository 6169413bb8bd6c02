"""The rows of a table: what is drawn of them, and the values behind it, by which they are sorted and exported."""

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from tui_registry.terminal.excerpt import Part
from tui_registry.widgets.ages import age, moment

_DIGITS = re.compile(r"([0-9]+)")

SortKey = tuple[int, float, tuple[str | tuple[int, str], ...]]


class Instant(NamedTuple):
    """A point in time, in milliseconds since the epoch."""

    milliseconds: int


class Ranked(NamedTuple):
    """A text that is sorted by its rank among others, such as a stage."""

    rank: int
    text: str


Value = str | int | float | Instant | Ranked | None
"""What a cell is about, as the server sent it: whole, with the characters that cannot be displayed."""


Span = tuple[Part, str]
"""Characters of a text, and their Rich style."""


class Row(NamedTuple):
    """A row: its key, and for each column a text and a Rich style; for each column its value, unless the texts are the
    values; for each column the part of the text that is seen where there is no room for all, unless that is the
    beginning of all; and in the last column, whose beginning is seen, the spans with styles of their own, in order."""

    key: str
    cells: tuple[tuple[str, str], ...]
    values: tuple[Value, ...] = ()
    parts: tuple[Part | None, ...] = ()
    spans: tuple[Span, ...] = ()

    def value(self, column: int) -> Value:
        """The value in a column, by its index."""
        return self.values[column] if self.values else self.cells[column][0]


def in_order(rows: Sequence[Row], column: int, *, is_descending: bool) -> list[Row]:
    """The rows sorted by a column, by its index. Rows without a value come last; equal ones keep their order."""
    keyed = [(sort_key(row.value(column)), row) for row in rows]
    known = [(key, row) for key, row in keyed if key is not None]
    known.sort(key=lambda each: each[0], reverse=is_descending)
    return [*(row for _, row in known), *(row for key, row in keyed if key is None)]


def sort_key(value: Value) -> SortKey | None:
    """Numbers and times come before texts. Texts are compared without regard to case, numbers in them as numbers, so
    that model-9 comes before model-10. None for no value."""
    match value:
        case None | "":
            return None
        case Instant():
            return 0, value.milliseconds, ()
        case Ranked():
            return 0, value.rank, ()
        case str():
            parts = _DIGITS.split(value.casefold())
            return 1, 0, tuple(_number(part) if place % 2 else part for place, part in enumerate(parts))
        case _:
            return None if math.isnan(value) else (0, value, ())


def full_text(value: Value) -> str:
    """A value as text, not sanitized; a time in the user's time zone, with how long ago it was."""
    match value:
        case None:
            return ""
        case Instant():
            return f"{moment(value.milliseconds)}, {age(value.milliseconds)} ago"
        case Ranked():
            return value.text
        case _:
            return str(value)


def plain(value: Value) -> str | int | float | None:
    """A value for programs: a time in ISO 8601, in UTC."""
    match value:
        case Instant():
            try:
                at = datetime.fromtimestamp(value.milliseconds / 1000, UTC)
            except (ValueError, OverflowError, OSError):  # out of range
                return value.milliseconds
            return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case Ranked():
            return value.text
        case _:
            return value


def _number(digits: str) -> tuple[int, str]:
    digits = digits.lstrip("0")
    return len(digits), digits
