"""A cache of JSON documents, each of which is valid for one revision of its model.

What tells is a model's revision, which every change of it or of its versions moves: a document that was read at a
revision is right wherever that revision is found, whichever process made the changes. What a document says must depend
on nothing else, such as the caller.
"""

import threading
from collections.abc import Hashable

from sqlalchemy import Connection, Engine

MAX_BYTES = 32 * 1024 * 1024  # bytes that the documents of one database take at the most
ENTRY_OVERHEAD = 350  # bytes that each takes besides its text
_CACHE_OPTION = "documents"


class JsonCache:
    """The oldest entries are evicted first, once there are more than ``max_bytes`` bytes."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._size = 0
        self._entries: dict[Hashable, tuple[str, bytes]] = {}
        self._lock = threading.Lock()  # of who adds: threads read, too

    def get(self, key: Hashable, revision: str) -> bytes | None:
        """``key`` says what the document is of."""
        found = self._entries.get(key)
        return found[1] if found is not None and found[0] == revision else None

    def put(self, key: Hashable, revision: str, document: str) -> bytes:
        """``revision`` was read in one statement with the document, or before it."""
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
        known = self._entries.pop(key, None)
        if known is not None:
            self._size -= len(known[1]) + ENTRY_OVERHEAD


_DISABLED = JsonCache(max_bytes=0)


def enable_json_cache(engine: Engine) -> None:
    """To be called for connections that see only what is committed."""
    engine.update_execution_options(**{_CACHE_OPTION: JsonCache()})


def json_cache_of(connection: Connection) -> JsonCache:
    """Those of the connection's database; none, where it sees what may yet be undone."""
    known: JsonCache = connection.get_execution_options().get(_CACHE_OPTION, _DISABLED)
    return known
