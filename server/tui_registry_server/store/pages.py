"""A page of a search: its rows' documents, as many as may be held at once."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

Row = tuple[Any, ...]

MAX_ROWS = 10_000  # of one page, as on Databricks; MLflow's client asks for as many if nothing is said
MAX_BYTES = 8 * 1024 * 1024  # of the documents of one page
FIRST = 16  # documents read at first: they may be of some megabytes each


class Page(NamedTuple):
    """``rows``: each a document in JSON with its position, from which the next page goes on. ``more``: whether there
    are further ones."""

    rows: list[tuple[bytes, Row]]
    more: bool


def page_of(
    rows: Sequence[Row], limit: int, read: Callable[[Sequence[Row]], Sequence[bytes | None]], position: slice
) -> Page:
    """The page of these rows, ``limit`` of them at the most. ``read`` is given some of them, and finds their documents,
    or None where one is gone; ``position`` is where a row has its own."""
    shown: list[tuple[bytes, Row]] = []
    size, start, some = 0, 0, FIRST
    while start < min(len(rows), limit):
        reading = rows[start : min(start + some, limit)]
        for row, document in zip(reading, read(reading), strict=True):
            if document is None:
                continue
            if shown and size + len(document) > MAX_BYTES:
                return Page(shown, more=True)
            shown.append((document, row[position]))
            size += len(document)
        start += len(reading)
        each = size // max(len(shown), 1) + 1
        some = max(1, min((MAX_BYTES - size) // each, 1000))
    return Page(shown, more=len(rows) > limit)
