"""The audit log's chain: every record of a change holds a digest of itself and of the record before it.

A record is an object of JSON: the columns of the table of activities under their names, those without a value left
out, ``detail`` as an object, and besides

- ``previous``: the digest of the record before it, of the first one 64 zeros;
- ``digest``: the SHA-256, in hex, of the rest in its canonical form: JSON with keys in order, without blanks, and with
  all but ASCII written as ``\\uXXXX``.

Whoever changes, removes, adds or moves a record would have to write all that follow anew. Who can do that, can: so a
digest that was kept elsewhere is what proves that nobody did, and that nothing is missing at the end.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Self

from tui_registry_server.rules.errors import InvalidParameterValue, InvalidState

FIRST = "0" * 64
"""What stands for the digest before the first record."""

_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


class Head(NamedTuple):
    """A record by its number, and its digest."""

    sequence: int
    digest: str

    def __str__(self) -> str:
        return f"{self.sequence}:{self.digest}"

    @classmethod
    def read(cls, text: str) -> Self:
        """Of ``42:6b86b2...``. Raises InvalidParameterValue."""
        sequence, _, digest = text.partition(":")
        if not (sequence.isdecimal() and sequence.isascii() and len(sequence) < 19 and len(digest) == len(FIRST)):
            raise InvalidParameterValue("A head is written as verifying prints it: 42:6b86b273... (64 digits).")
        return cls(int(sequence), digest.lower())


def digest_of(record: Mapping[str, Any]) -> str:
    """``record`` has all but its own digest."""
    return hashlib.sha256(_canonical(record).encode()).hexdigest()


class BrokenChainError(InvalidState):
    """A record is not what was written. The message says which, and what can have happened."""


class Chain:
    """Follows the records in their order. ``count`` have been followed, the last of which is ``head``."""

    def __init__(self, known: Head | None = None) -> None:
        """``known`` was a head once: that record must still be there as it was."""
        self.count = 0
        self.head: Head | None = None
        self._known = known

    def follow(self, record: Mapping[str, Any]) -> None:
        """``record`` has all its members. Raises BrokenChainError."""
        content = {name: value for name, value in record.items() if name != "digest"}
        sequence, digest = record.get("sequence"), record.get("digest")
        if not isinstance(sequence, int) or digest_of(content) != digest:
            raise self._broken(record, "It was changed, or what stood before it was changed, removed, added or moved.")
        if self.head is not None and record["previous"] != self.head.digest:
            raise self._broken(record, "What stood before it was changed, removed, added or moved.")
        self.head = Head(sequence, str(digest))
        self.count += 1
        if self._known is not None and self._known.sequence == sequence and self._known != self.head:
            raise self._broken(record, "It is sound by itself, but not what it was: all of the log was written anew.")

    def end(self) -> None:
        """Raises BrokenChainError, if the known head was not among the records."""
        if self._known is not None and (self.head is None or self.head.sequence < self._known.sequence):
            last = "there are none" if self.head is None else f"the last is {self.head.sequence}"
            raise BrokenChainError(f"Record {self._known.sequence} is missing: {last}. The end was cut off.")

    def _broken(self, record: Mapping[str, Any], what: str) -> BrokenChainError:
        before = "the first" if self.head is None else f"the one after {self.head.sequence}"
        return BrokenChainError(
            f"Record {record.get('sequence')} ({before}), of {told(record.get('creation_timestamp'))}, is not what was "
            f"written. {what}"
        )


def told(milliseconds: object) -> str:
    """A time, for people."""
    if not isinstance(milliseconds, int):
        return "an unknown time"
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)).isoformat(" ", "seconds")
