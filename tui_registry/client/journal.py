"""A journal of the calls to the server and their results, and of the changes that they were made for.

It holds no token, body or query. A change is named: which model, version or principal, and what was done.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import NamedTuple

MAX_ENTRIES = 1000  # calls that were made for no change
MAX_CHANGES = 1000
MAX_CALLS_OF_CHANGES = 5000

_current_change: ContextVar[int] = ContextVar("_current_change", default=0)
"""The number of the change that the current task makes; 0 if it makes none."""


class Entry(NamedTuple):
    """One call. ``number`` counts calls and changes; ``at`` is in seconds since the epoch; ``who`` is the token's
    owner, empty while not known; ``result`` is a status or an error; ``took`` is in seconds. ``change`` is the number
    of the change that it was made for, or 0."""

    number: int
    at: float
    who: str
    method: str
    path: str
    result: str
    took: float
    change: int = 0


class ChangeEntry(NamedTuple):
    """One change, such as "approve churn version 3 → Production". ``verdict`` is "done", "refused" or "unknown";
    ``message`` the outcome, in the server's words if it refused. The rest is as for a call."""

    number: int
    at: float
    who: str
    action: str
    verdict: str
    message: str
    took: float


@dataclass(slots=True)
class Journal:
    """The latest calls and changes, newest last. Reads, which the console makes all the time, do not push out the calls
    of changes. ``who`` is recorded with each new entry."""

    _others: deque[Entry] = field(default_factory=lambda: deque(maxlen=MAX_ENTRIES))
    _of_changes: deque[Entry] = field(default_factory=lambda: deque(maxlen=MAX_CALLS_OF_CHANGES))
    changes: deque[ChangeEntry] = field(default_factory=lambda: deque(maxlen=MAX_CHANGES))
    who: str = ""
    count: int = 0

    def add(self, method: str, path: str, result: str, began: float) -> None:
        """``began`` is a reading of time.monotonic()."""
        self.count += 1
        took = time.monotonic() - began
        at = time.time() - took
        change = _current_change.get()
        entries = self._of_changes if change else self._others
        entries.append(Entry(self.count, at, self.who, method, path, result, took, change))

    @property
    def entries(self) -> list[Entry]:
        """All calls that are kept, in their order."""
        return sorted([*self._others, *self._of_changes], key=lambda entry: entry.number)

    @contextmanager
    def change(self, action: str) -> Iterator[Callable[[str, str], None]]:
        """The calls made in the meantime, by the same task, belong to a change. What is given is to be called at its
        end, with verdict and message."""
        self.count += 1
        number, began, at = self.count, time.monotonic(), time.time()

        def record(verdict: str, message: str) -> None:
            took = time.monotonic() - began
            self.changes.append(ChangeEntry(number, at, self.who, action, verdict, message, took))
            self.count += 1

        token = _current_change.set(number)
        try:
            yield record
        finally:
            _current_change.reset(token)

    def calls_of(self, change: ChangeEntry) -> list[Entry]:
        """The calls that a change took, as far as they are kept."""
        return [entry for entry in self._of_changes if entry.change == change.number]
