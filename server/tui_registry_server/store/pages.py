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
    cached: Sequence[bytes | None],
    read: Callable[[Sequence[Row]], Sequence[bytes | None]],
    position: slice,
) -> Page:
    """The page of these rows, at most ``limit`` of them. ``cached`` has the documents of the first ``limit`` rows that
    are in memory; ``read`` returns those of other rows, None for one that no longer exists; ``position`` is the slice
    of a row with its position."""
    more = len(rows) > limit
    if None not in cached:
        page = [(document, row[position]) for document, row in zip(cached, rows, strict=False) if document]
        if len(page) > 1 and sum([len(document) for document, _ in page]) > MAX_BYTES:
            return _truncate(page)
        return Page(page, more)
    page = []
    size, start, batch_size = 0, 0, FIRST_BATCH
    while start < len(cached):
        batch, known = rows[start : start + batch_size], cached[start : start + batch_size]
        missing = [row for row, document in zip(batch, known, strict=False) if document is None]
        documents = iter(read(missing) if missing else ())
        for row, document in zip(batch, known, strict=False):
            if (found := next(documents) if document is None else document) is not None:
                size += len(found)
                page.append((found, row[position]))
        if size > MAX_BYTES and len(page) > 1:
            return _truncate(page)
        start, batch_size = start + len(known), min(2 * batch_size, MAX_BATCH)
    return Page(page, more)


def _truncate(rows: list[tuple[bytes, Row]]) -> Page:
    """As many rows as fit in MAX_BYTES, and at least one."""
    size = 0
    for number, (document, _) in enumerate(rows):
        size += len(document)
        if number and size > MAX_BYTES:
            return Page(rows[:number], more=True)
    return Page(rows, more=False)
