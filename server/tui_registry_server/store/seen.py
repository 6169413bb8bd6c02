"""What a view of the database has shown already, kept in memory until a view may show something else."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

from sqlalchemy import Connection

T = TypeVar("T")

MOST = 10_000  # answers, each of some hundred bytes
_SEEN = "seen"


def forget(connection: Connection) -> None:
    """From now on what is read on this connection is kept. To be called whenever the database may have changed."""
    connection.info[_SEEN] = {}


def seen(connection: Connection, key: Hashable, read: Callable[[], T]) -> T:
    """What was read, or is read now where nothing is kept. ``key`` says what, and for whom."""
    known: dict[Hashable, Any] | None = connection.info.get(_SEEN)
    if known is None:
        return read()
    if key not in known:
        if len(known) >= MOST:
            known.clear()
        known[key] = read()
    return cast("T", known[key])
