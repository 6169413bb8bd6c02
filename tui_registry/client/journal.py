"""What was asked of the server, and what came of it. No token, no body, no query is kept."""

import time
from collections import deque
from dataclasses import dataclass, field

KEPT = 1000  # calls


@dataclass(frozen=True, slots=True)
class Entry:
    """One call. ``number`` counts the calls; ``at`` is in seconds since the epoch; ``who`` is whose token it was,
    empty while that is not known; ``result`` a status or what went wrong; ``took`` in seconds."""

    number: int
    at: float
    who: str
    method: str
    path: str
    result: str
    took: float


@dataclass(slots=True)
class Journal:
    """The newest calls, the newest last. ``who`` is written beside each from now on."""

    entries: deque[Entry] = field(default_factory=lambda: deque(maxlen=KEPT))
    who: str = ""
    count: int = 0

    def add(self, method: str, path: str, result: str, began: float) -> None:
        """``began`` is a reading of time.monotonic()."""
        self.count += 1
        took = time.monotonic() - began
        self.entries.append(Entry(self.count, time.time() - took, self.who, method, path, result, took))
