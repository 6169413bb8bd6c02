"""A page of a search: its rows' documents, as many as may be held at once."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

Row = tuple[Any, ...]

MAX_ROWS = 10_000  # of one page, as on Databricks; MLflow's client asks for as many if nothing is said
MAX_BYTES = 8 * 1024 * 1024  # of the documents of one page
FIRST_BATCH, MAX_BATCH = 10, 40  # documents read at once: each may be of some megabytes, whatever those before it were


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
    size, start, some = 0, 0, FIRST_BATCH
    while start < min(len(rows), limit):
        reading = rows[start : min(start + some, limit)]
        found = [(document, row[position]) for row, document in zip(reading, read(reading), strict=True) if document]
        size += sum(len(document) for document, _ in found)
        if size > MAX_BYTES and len(shown) + len(found) > 1:
            return _truncate(shown + found)
        shown += found
        start, some = start + len(reading), min(2 * some, MAX_BATCH)
    return Page(shown, more=len(rows) > limit)


def _truncate(rows: list[tuple[bytes, Row]]) -> Page:
    """As many as a page may hold, and at least one."""
    size = 0
    for number, (document, _) in enumerate(rows):
        size += len(document)
        if number and size > MAX_BYTES:
            return Page(rows[:number], more=True)
    return Page(rows, more=False)
