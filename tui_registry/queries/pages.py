"""A long list read in pages: only the visible pages are read and refreshed.

Pages are keyset-paginated: a token names the last row of the page before, so a page can be refreshed without those
before it. If it then ends at another row, the pages after it no longer fit, and are dropped.
"""

import asyncio
import json
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

Read = Callable[[str, int], Awaitable[tuple[list[T], str]]]
"""Reads a page by its token and maximum number of rows; returns its rows and the next page's token, empty at the
end."""

FIRST_PAGE_SIZE, PAGE_SIZE = 100, 500  # rows; who reads on wants many


def page_of(
    items: Iterable[T], order: Callable[[T], tuple[int | str, ...]], token: str, size: int
) -> tuple[list[T], str]:
    """A page of what the server returns all at once, sorted by ``order``, which is unique; and the next page's token,
    which names the last item, as a place in a list is another item's once one before it is removed."""
    found = sorted(items, key=order)
    start = bisect_right(found, tuple(json.loads(token)), key=order) if token else 0
    page = found[start : start + size]
    return page, json.dumps(order(page[-1])) if start + size < len(found) else ""


@dataclass(slots=True, eq=False)
class _Page(Generic[T]):
    token: str
    size: int
    rows: list[T]
    next_token: str
    stale: bool = False


class Pages(Generic[T]):
    def __init__(self, read: Read[T]) -> None:
        self._read = read
        self._pages: list[_Page[T]] = []
        self._lock = asyncio.Lock()

    @property
    def rows(self) -> list[T]:
        """Every row read so far, in order."""
        return [row for page in self._pages for row in page.rows]

    @property
    def more(self) -> bool:
        """Whether there are rows after those read so far."""
        return bool(self._pages and self._pages[-1].next_token)

    @property
    def has_stale(self) -> bool:
        """Whether the last refresh left out a page."""
        return any(page.stale for page in self._pages)

    def is_stale(self, first: int, last: int) -> bool:
        """Whether one of these rows, by index, is on a page that the last refresh left out."""
        return any(page.stale for page in self._between(first, last))

    async def refresh(self, first: int, last: int) -> None:
        """Refresh the pages that hold the rows from index ``first`` to ``last``, or read the first page."""
        async with self._lock:
            seen = self._between(first, last) or self._pages[-1:]
            for page in self._pages:
                page.stale = page not in seen
            for page in seen:
                number = self._pages.index(page)
                self._pages[number] = fresh = await self._page(page.token, page.size)
                if fresh.next_token != page.next_token:
                    del self._pages[number + 1 :]
                    break
            if not self._pages:
                self._pages.append(await self._page("", FIRST_PAGE_SIZE))
            while self.more and sum(len(page.rows) for page in self._pages) <= last:
                self._pages.append(await self._page(self._pages[-1].next_token, PAGE_SIZE))

    async def extend(self) -> None:
        """Read the next page, if there is one."""
        async with self._lock:
            if self.more:
                self._pages.append(await self._page(self._pages[-1].next_token, PAGE_SIZE))

    async def _page(self, token: str, size: int) -> _Page[T]:
        rows, next_token = await self._read(token, size)
        return _Page(token, size, rows, next_token)

    def _between(self, first: int, last: int) -> list[_Page[T]]:
        found: list[_Page[T]] = []
        start = 0
        for page in self._pages:
            end = start + len(page.rows)
            if start <= last and first < end:
                found.append(page)
            start = end
        return found
