"""A cache of JSON documents, each of which is valid for one revision of its model.

Every change of a model or of its versions, in whichever process, changes the model's revision: a cached document is
current if its revision is the model's. A document must not depend on anything else, such as the caller.
"""

import threading
from collections.abc import Hashable, Iterable

from sqlalchemy import Connection, Engine

MAX_BYTES = 32 * 1024 * 1024  # for the documents of one database
ENTRY_OVERHEAD = 350  # bytes of memory for each entry, in addition to its text
_CACHE_OPTION = "documents"


class JsonCache:
    """A cache of at most ``max_bytes`` bytes. The oldest entries are evicted first."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._size = 0
        self._entries: dict[Hashable, tuple[str, bytes]] = {}
        self._lock = threading.Lock()  # for adding and evicting, which several threads do

    def get(self, key: Hashable, revision: str) -> bytes | None:
        """The document of this key, if it is of this revision."""
        entry = self._entries.get(key)
        return entry[1] if entry is not None and entry[0] == revision else None

    def get_many(self, wanted: Iterable[tuple[Hashable, str]]) -> list[bytes | None]:
        """As ``get``, for many keys with their revisions."""
        entries = self._entries
        return [
            entry[1] if (entry := entries.get(key)) is not None and entry[0] == revision else None
            for key, revision in wanted
        ]

    def put(self, key: Hashable, revision: str, document: str) -> bytes:
        """``revision`` must have been read in one statement with the document, or before it."""
        content = document.encode()
        with self._lock:
            self._evict(key)
            if len(content) + ENTRY_OVERHEAD <= self._max_bytes:
                self._entries[key] = (revision, content)
                self._size += len(content) + ENTRY_OVERHEAD
                while self._size > self._max_bytes:
                    self._evict(next(iter(self._entries)))
        return content

    def _evict(self, key: Hashable) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._size -= len(entry[1]) + ENTRY_OVERHEAD


_DISABLED = JsonCache(max_bytes=0)


def enable_json_cache(engine: Engine) -> None:
    """Only for connections that see committed data only."""
    engine.update_execution_options(**{_CACHE_OPTION: JsonCache()})


def json_cache_of(connection: Connection) -> JsonCache:
    """The cache of the connection's database; a disabled one, if the connection may see uncommitted data."""
    cache: JsonCache = connection.get_execution_options().get(_CACHE_OPTION, _DISABLED)
    return cache
