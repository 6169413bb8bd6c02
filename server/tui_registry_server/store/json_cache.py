"""Answers that were read lately, in JSON, kept in memory for as long as they are true.

What tells is a model's revision, which every change of it or of its versions moves: a document that was read at a
revision is right wherever that revision is found, whichever process made the changes. What a document says must depend
on nothing else, such as the caller.
"""

import threading
from collections.abc import Hashable

from sqlalchemy import Connection, Engine

MOST = 32 * 1024 * 1024  # bytes that the documents of one database take at the most
BESIDE = 350  # bytes that each takes besides its text
_OPTION = "documents"


class Documents:
    """Those that were kept first are forgotten first, once there are more than ``most`` bytes."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._size = 0
        self._kept: dict[Hashable, tuple[str, bytes]] = {}
        self._lock = threading.Lock()  # of who adds: threads read, too

    def find(self, key: Hashable, revision: str) -> bytes | None:
        """``key`` says what the document is of."""
        found = self._kept.get(key)
        return found[1] if found is not None and found[0] == revision else None

    def keep(self, key: Hashable, revision: str, document: str) -> bytes:
        """``revision`` was read in one statement with the document, or before it."""
        content = document.encode()
        with self._lock:
            self._forget(key)
            if len(content) + BESIDE <= self._most:
                self._kept[key] = (revision, content)
                self._size += len(content) + BESIDE
                while self._size > self._most:
                    self._forget(next(iter(self._kept)))
        return content

    def _forget(self, key: Hashable) -> None:
        known = self._kept.pop(key, None)
        if known is not None:
            self._size -= len(known[1]) + BESIDE


_NONE = Documents(most=0)


def keep_documents(engine: Engine) -> None:
    """To be called for connections that see only what is committed."""
    engine.update_execution_options(**{_OPTION: Documents()})


def documents_of(connection: Connection) -> Documents:
    """Those of the connection's database; none, where it sees what may yet be undone."""
    known: Documents = connection.get_execution_options().get(_OPTION, _NONE)
    return known
