"""The audit log's chain: every record of a change holds a digest of itself and of the record before it.

A record is an object of JSON: the columns of the table of activities under their names, those without a value left
out, ``detail`` as an object, and besides

- ``previous``: the digest of the record before it, of the first one 64 zeros;
- ``digest``: the SHA-256, in hex, of the rest in its canonical form: JSON with keys in order, without blanks, and with
  all but ASCII written as ``\\uXXXX``.

Records are numbered from 1, without a gap. Whoever changes, removes, adds or moves one would have to write all that
follow anew. Who can do that, can: so a digest that was kept elsewhere is what proves that nobody did, and that nothing
is missing at the end.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Self

from jiter import from_json

from tui_registry_server.rules.errors import InvalidParameterValue, InvalidState

GENESIS_DIGEST = "0" * 64
"""What stands for the digest before the first record."""

MAX_INTEGER = 2**63 - 1  # what the databases hold
YEAR_10000 = 253_402_300_800_000  # milliseconds: no calendar of ours goes so far

_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
_DIGEST = re.compile("[0-9a-f]{64}")
_HEAD = re.compile("([1-9][0-9]{0,17}):([0-9a-fA-F]{64})")

_REQUIRED: dict[str, type] = {
    "sequence": int,
    "id": str,
    "activity_type": str,
    "creation_timestamp": int,
    "principal_id": str,
    "user_id": str,
    "previous": str,
    "digest": str,
}
_OPTIONAL: dict[str, type] = {
    "token_id": str,
    "address": str,
    "model_id": str,
    "model_name": str,
    "version": int,
    "from_stage": str,
    "to_stage": str,
    "comment": str,
    "comment_id": str,
    "system_comment": str,
    "detail": dict,
}
_FIELDS = _REQUIRED | _OPTIONAL


class Head(NamedTuple):
    """A record by its number, and its digest."""

    sequence: int
    digest: str

    def __str__(self) -> str:
        return f"{self.sequence}:{self.digest}"

    @classmethod
    def read(cls, text: str) -> Self:
        """Of ``42:6b86b2...``. Raises InvalidParameterValue."""
        match = _HEAD.fullmatch(text.strip())
        if match is None:
            raise InvalidParameterValue("A head is written as verifying prints it: 42:6b86b273... (64 digits).")
        return cls(int(match[1]), match[2].lower())


def digest_of(record: Mapping[str, Any]) -> str:
    """``record`` has all but its own digest."""
    return hashlib.sha256(_canonical(record).encode()).hexdigest()


def parse(text: str | bytes) -> Any:
    """JSON that can be read in one way only: no key twice, no NaN, nothing too deep or too large. Raises ValueError."""
    return from_json(text if isinstance(text, bytes) else text.encode(), allow_inf_nan=False, catch_duplicate_keys=True)


class BrokenChainError(InvalidState):
    """A record is not what was written, or not there. The message says which, and what can have happened."""


class Chain:
    """Follows the records in their order. ``count`` have been followed, from the number ``first`` to ``head``."""

    def __init__(self, expected: Head | None = None, *, partial: bool = False) -> None:
        """``expected``: an earlier head, whose record must be among them unchanged. ``partial``: they may begin
        anywhere."""
        self.count = 0
        self.first = 1
        self.head: Head | None = None
        self._expected = expected
        self._expected_found = False
        self._partial = partial

    def verify(self, record: Mapping[str, Any]) -> None:
        """``record`` may have any members. Raises BrokenChainError."""
        if problem := _shape_error(record):
            raise self._broken(record, problem)
        content = {name: value for name, value in record.items() if name != "digest"}
        if digest_of(content) != record["digest"]:
            raise self._broken(record, "It was changed, or what stood before it was changed, removed, added or moved.")
        if self.head is None:
            self._begin(record)
        elif record["previous"] != self.head.digest:
            raise self._broken(record, "What stood before it was changed, removed, added or moved.")
        elif record["sequence"] != self.head.sequence + 1:
            raise self._broken(record, "Its number is not the next one: all of the log was written anew.")
        self.head = Head(record["sequence"], record["digest"])
        self.count += 1
        if self._expected is not None and self._expected.sequence == self.head.sequence:
            if self._expected != self.head:
                raise self._broken(
                    record, "It is sound by itself, but not what it was: all of the log was written anew."
                )
            self._expected_found = True

    def end(self) -> None:
        """Raises BrokenChainError, if the known head was not among the records."""
        if self._expected is None or self._expected_found:
            return
        number = self._expected.sequence
        if self.head is None:
            raise BrokenChainError(f"Record {number} is missing: there are none. The end was cut off.")
        if number < self.first:
            raise BrokenChainError(
                f"Record {number}, the head that was given, is not in it: it begins with record {self.first}. Nothing "
                "is shown of what came before. Verify an export that goes back to that record, or the database."
            )
        raise BrokenChainError(f"Record {number} is missing: the last is {self.head.sequence}. The end was cut off.")

    def _begin(self, record: Mapping[str, Any]) -> None:
        self.first = number = record["sequence"]
        if number == 1 and record["previous"] != GENESIS_DIGEST:
            raise self._broken(record, "It names a record before it, and there is none before the first.")
        if number > 1 and not self._partial:
            raise self._broken(record, "The log begins with number 1: what stood before was removed.")
        if (
            self._expected is not None
            and self._expected.sequence == number - 1
            and self._expected.digest != record["previous"]
        ):
            raise self._broken(record, "It does not follow the head that was given: all of the log was written anew.")

    def _broken(self, record: Mapping[str, Any], what: str) -> BrokenChainError:
        before = "the first" if self.head is None else f"the one after {self.head.sequence}"
        number, timestamp = (record.get(name) for name in ("sequence", "creation_timestamp"))
        which = number if type(number) is int else "without a number"
        return BrokenChainError(
            f"Record {which} ({before}), of {format_time(timestamp)}, is not what was written. {what}"
        )


def _shape_error(record: Mapping[str, Any]) -> str | None:
    """What makes this no record; None for nothing. Only what may be shown on a terminal is quoted."""
    for name in _REQUIRED:
        if name not in record:
            return f"It has no {name}."
    for name, value in record.items():
        kind = _FIELDS.get(name)
        if kind is None:
            return f"It has a field {name[:50]!a}, which no record has that this program knows."
        if type(value) is not kind:
            return f"Its {name} is no {'object' if kind is dict else 'text' if kind is str else 'integer'}."
        if isinstance(value, int) and not (name != "creation_timestamp") <= value <= MAX_INTEGER:
            return f"Its {name} is out of range."
    if not (_DIGEST.fullmatch(record["digest"]) and _DIGEST.fullmatch(record["previous"])):
        return "Its digests are not 64 digits."
    return None


def format_time(milliseconds: object) -> str:
    """A time, for people."""
    if type(milliseconds) is int and 0 <= milliseconds < YEAR_10000:
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)).isoformat(" ", "seconds")
    return "an unknown time"
