"""A journal of the calls to the server and their results. It holds no token, body or query."""

import time
from collections import deque
from dataclasses import dataclass, field

MAX_ENTRIES = 1000  # calls


@dataclass(frozen=True, slots=True)
class Entry:
    """One call. ``number`` counts the calls; ``at`` is in seconds since the epoch; ``who`` is the token's owner,
    empty while not known; ``result`` is a status or an error; ``took`` is in seconds."""

    number: int
    at: float
    who: str
    method: str
    path: str
    result: str
    took: float


@dataclass(slots=True)
class Journal:
    """The latest calls, newest last. ``who`` is recorded with each new entry."""

    entries: deque[Entry] = field(default_factory=lambda: deque(maxlen=MAX_ENTRIES))
    who: str = ""
    count: int = 0

    def add(self, method: str, path: str, result: str, began: float) -> None:
        """``began`` is a reading of time.monotonic()."""
        self.count += 1
        took = time.monotonic() - began
        self.entries.append(Entry(self.count, time.time() - took, self.who, method, path, result, took))
