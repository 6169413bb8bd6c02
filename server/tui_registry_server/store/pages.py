"""A page of a search: the documents of its rows, up to a number of rows and bytes."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

Row = tuple[Any, ...]

MAX_ROWS = 10_000  # of one page, as on Databricks; it is also the default of MLflow's client
MAX_BYTES = 8 * 1024 * 1024  # of the documents of one page
FIRST_BATCH, MAX_BATCH = 10, 40  # documents read at once: few, as each may have some megabytes


class Page(NamedTuple):
    """``rows``: documents in JSON, each with its position, after which the next page begins. ``more``: whether there
    are further rows."""

    rows: list[tuple[bytes, Row]]
    more: bool


def page_of(
    rows: Sequence[Row],
    limit: int,
    cached: Callable[[Row], bytes | None],
    read: Callable[[Sequence[Row]], Sequence[bytes | None]],
    position: slice,
) -> Page:
    """The page of these rows, at most ``limit`` of them. ``cached`` returns the document of a row, if it is in memory;
    ``read`` those of some rows, None for one that no longer exists; ``position`` is the slice of a row with its
    position."""
    in_memory = [(document, row[position]) for row in rows[:limit] if (document := cached(row))]
    if len(in_memory) == min(len(rows), limit):
        if len(in_memory) > 1 and sum([len(document) for document, _ in in_memory]) > MAX_BYTES:
            return _truncate(in_memory)
        return Page(in_memory, more=len(rows) > limit)
    page: list[tuple[bytes, Row]] = []
    size, start, batch_size = 0, 0, FIRST_BATCH
    while start < min(len(rows), limit):
        batch = rows[start : min(start + batch_size, limit)]
        read_rows = [(document, row[position]) for row, document in zip(batch, read(batch), strict=True) if document]
        size += sum(len(document) for document, _ in read_rows)
        if size > MAX_BYTES and len(page) + len(read_rows) > 1:
            return _truncate(page + read_rows)
        page += read_rows
        start, batch_size = start + len(batch), min(2 * batch_size, MAX_BATCH)
    return Page(page, more=len(rows) > limit)


def _truncate(rows: list[tuple[bytes, Row]]) -> Page:
    """As many rows as fit in MAX_BYTES, and at least one."""
    size = 0
    for number, (document, _) in enumerate(rows):
        size += len(document)
        if number and size > MAX_BYTES:
            return Page(rows[:number], more=True)
    return Page(rows, more=False)
