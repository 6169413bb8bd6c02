"""The audit log's hash chain: every record of a change has a digest of itself and of the record before it.

A record is a JSON object: the columns of the activities table under their names, without null values, ``detail`` as an
object, and

- ``previous``: the digest of the record before it; 64 zeros for the first;
- ``digest``: the SHA-256, in hex, of all other members in canonical form: JSON with sorted keys, without whitespace,
  and with non-ASCII characters as ``\\uXXXX``.

Records are numbered from 1, without a gap. To change, remove, add or move one, all records after it must be rewritten.
Anyone with write access to the database can do that: only a digest that was saved elsewhere proves that nobody did,
and that nothing is missing at the end.
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
"""``previous`` of the first record."""

MAX_INTEGER = 2**63 - 1  # the largest integer of the databases
YEAR_10000 = 253_402_300_800_000  # milliseconds since the epoch: datetime ends there

_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), check_circular=False).encode
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
    "workspace_id": str,
}
_FIELDS = _REQUIRED | _OPTIONAL


class Head(NamedTuple):
    """The number and the digest of a record."""

    sequence: int
    digest: str

    def __str__(self) -> str:
        return f"{self.sequence}:{self.digest}"

    @classmethod
    def read(cls, text: str) -> Self:
        """Parse ``42:6b86b2...``. Raises InvalidParameterValue."""
        match = _HEAD.fullmatch(text.strip())
        if match is None:
            raise InvalidParameterValue("A head is what 'audit verify' prints: 42:6b86b273... (64 digits).")
        return cls(int(match[1]), match[2].lower())


def digest_of(record: Mapping[str, Any]) -> str:
    """The digest of a record, which is given without one."""
    return hashlib.sha256(_canonical(record).encode()).hexdigest()


def parse(text: str | bytes) -> Any:
    """Parse JSON strictly: no duplicate keys, no NaN, nothing too deep or too large. Raises ValueError."""
    return from_json(text if isinstance(text, bytes) else text.encode(), allow_inf_nan=False, catch_duplicate_keys=True)


class BrokenChainError(InvalidState):
    """A record was tampered with, or is missing. The message says which, and what may have happened."""


class Chain:
    """Verifies records in their order. ``count`` have been verified, from the number ``first`` to ``head``."""

    def __init__(self, expected: Head | None = None, *, partial: bool = False) -> None:
        """``expected``: an earlier head, whose record must be among them unchanged. ``partial``: the first record may
        have any number."""
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
            raise self._broken(record, "It was changed, or a record before it was changed, removed, added or moved.")
        if self.head is None:
            self._begin(record)
        elif record["previous"] != self.head.digest:
            raise self._broken(record, "A record before it was changed, removed, added or moved.")
        elif record["sequence"] != self.head.sequence + 1:
            raise self._broken(record, "Its number is not the next one: the whole log was rewritten.")
        self.head = Head(record["sequence"], record["digest"])
        self.count += 1
        if self._expected is not None and self._expected.sequence == self.head.sequence:
            if self._expected != self.head:
                raise self._broken(record, "Its digest is valid, but not the given one: the whole log was rewritten.")
            self._expected_found = True

    def end(self) -> None:
        """Raises BrokenChainError if the expected head was not among the records."""
        if self._expected is None or self._expected_found:
            return
        number = self._expected.sequence
        if self.head is None:
            raise BrokenChainError(f"Record {number} is missing: there are none. The end was cut off.")
        if number < self.first:
            raise BrokenChainError(
                f"Record {number}, the head that was given, is not in it: it begins with record {self.first}. Verify "
                "an export that goes back to that record, or the database."
            )
        raise BrokenChainError(f"Record {number} is missing: the last is {self.head.sequence}. The end was cut off.")

    def _begin(self, record: Mapping[str, Any]) -> None:
        self.first = number = record["sequence"]
        if number == 1 and record["previous"] != GENESIS_DIGEST:
            raise self._broken(record, "It refers to a record before it, but it is the first.")
        if number > 1 and not self._partial:
            raise self._broken(record, "The log begins with number 1: the records before it were removed.")
        if (
            self._expected is not None
            and self._expected.sequence == number - 1
            and self._expected.digest != record["previous"]
        ):
            raise self._broken(record, "It does not follow the head that was given: the whole log was rewritten.")

    def _broken(self, record: Mapping[str, Any], what: str) -> BrokenChainError:
        before = "the first" if self.head is None else f"the one after {self.head.sequence}"
        number, timestamp = (record.get(name) for name in ("sequence", "creation_timestamp"))
        which = number if type(number) is int else "without a number"
        return BrokenChainError(
            f"Record {which} ({before}), of {format_time(timestamp)}, is not what was written. {what}"
        )


def _shape_error(record: Mapping[str, Any]) -> str | None:
    """Why this is not a record; None if it is one. Quotes only what is safe on a terminal."""
    for name in _REQUIRED:
        if name not in record:
            return f"It has no {name}."
    for name, value in record.items():
        kind = _FIELDS.get(name)
        if kind is None:
            return f"It has an unknown field {name[:50]!a}."
        if type(value) is not kind:
            return f"Its {name} is not {'an object' if kind is dict else 'a text' if kind is str else 'an integer'}."
        if isinstance(value, int) and not (name != "creation_timestamp") <= value <= MAX_INTEGER:
            return f"Its {name} is out of range."
    if not (_DIGEST.fullmatch(record["digest"]) and _DIGEST.fullmatch(record["previous"])):
        return "Its digests are not 64 digits."
    return None


def format_time(milliseconds: object) -> str:
    """A time (milliseconds since the epoch) in words."""
    if type(milliseconds) is int and 0 <= milliseconds < YEAR_10000:
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)).isoformat(" ", "seconds")
    return "an unknown time"
