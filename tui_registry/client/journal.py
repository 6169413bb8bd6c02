"""What was asked of the server, and what came of it. No token, no body, no query is kept."""

import time
from collections import deque
from dataclasses import dataclass, field

KEPT = 1000  # calls


@dataclass(frozen=True, slots=True)
class Entry:
    """One call. ``at`` is in seconds since the epoch; ``took`` in seconds; ``result`` a status or what went wrong."""

    at: float
    method: str
    path: str
    result: str
    took: float


@dataclass(slots=True)
class Journal:
    entries: deque[Entry] = field(default_factory=lambda: deque(maxlen=KEPT))

    def add(self, method: str, path: str, result: str, began: float) -> None:
        """``began`` is a reading of time.monotonic()."""
        self.entries.append(Entry(time.time(), method, path, result, time.monotonic() - began))
