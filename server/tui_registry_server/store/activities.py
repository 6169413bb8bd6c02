"""Statements on activities: every change is appended here, in a verifiable hash chain."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Connection, bindparam, func, insert, literal, or_, outerjoin, select, update

from tui_registry_server.rules.audit import GENESIS_DIGEST, digest_of, parse
from tui_registry_server.store.counters import IDENTITY
from tui_registry_server.store.statements import Statement
from tui_registry_server.store.tables import activities, counters, registered_models

BATCH = 500

_INSERT = Statement(
    insert(activities)
    # One row is inserted or not, there is nothing to undo; see migration 0014 for what OR ABORT, the default, costs.
    .prefix_with("OR FAIL", dialect="sqlite")
    .values({column.name: bindparam(column.name) for column in activities.c})
)
_revise = (
    update(registered_models)
    .where(registered_models.c.id == bindparam("model_id"))
    .values(revision=bindparam("digest"))
)
_REVISE = Statement(_revise)
_REVISE_AND_TOUCH = Statement(_revise.values(last_updated_timestamp=bindparam("now")))
_newest = func.max(activities.c.sequence)
_HEAD = Statement(
    select(counters.c.value, activities.c.creation_timestamp, activities.c.sequence, activities.c.digest)
    .select_from(
        outerjoin(counters, activities, activities.c.sequence == select(_newest).correlate(None).scalar_subquery())
    )
    .where(counters.c.name == literal(IDENTITY))
)
_LAST = Statement(select(_newest))
_HEAD_AND_ONE = Statement(
    select(activities.c.sequence, activities.c.digest).where(
        or_(activities.c.sequence == bindparam("sequence"), activities.c.sequence == select(_newest).scalar_subquery())
    )
)
_DIGEST = Statement(select(activities.c.digest).where(activities.c.sequence == bindparam("sequence")))
_FIRST_SINCE = Statement(
    select(func.min(activities.c.sequence)).where(activities.c.creation_timestamp >= bindparam("since"))
)
_RECORDS = Statement(
    select(activities).where(activities.c.sequence > bindparam("sequence")).order_by(activities.c.sequence).limit(BATCH)
)


@dataclass(slots=True)
class Head:
    """The end of the chain within a write transaction, and what else a change depends on.

    revision: the identity counter.
    last_timestamp: the time of the newest change in milliseconds since the epoch, 0 before the first.
    sequence, digest: of the newest change, 0 and GENESIS_DIGEST before the first.
    """

    revision: int
    last_timestamp: int
    sequence: int
    digest: str


def head(connection: Connection) -> Head:
    """To be read within the write transaction: writers are serialized, so that the chain does not fork."""
    revision, last, sequence, digest = _HEAD.run(connection)[0]
    return Head(revision, last or 0, sequence or 0, digest or GENESIS_DIGEST)


def append(connection: Connection, head: Head, *, detail: dict[str, Any] | None, touches: bool, **columns: Any) -> None:
    """Append a record to the chain, and move ``head`` to it; its digest is the model's new revision. ``touches``:
    whether to set the model's last_updated_timestamp."""
    columns["sequence"] = sequence = head.sequence + 1
    digest = digest_of(_with_values(columns | {"detail": detail, "previous": head.digest}))
    _INSERT.run(connection, detail=None if detail is None else to_json(detail).decode(), digest=digest, **columns)
    head.sequence, head.digest, head.last_timestamp = sequence, digest, columns["creation_timestamp"]
    model_id = columns["model_id"]
    if touches:
        _REVISE_AND_TOUCH.run(connection, model_id=model_id, digest=digest, now=columns["creation_timestamp"])
    elif model_id is not None:
        _REVISE.run(connection, model_id=model_id, digest=digest)


def audit_record(columns: Mapping[str, Any], previous: str) -> dict[str, Any]:
    """A row as a record of rules.audit, without a digest if the row has none."""
    record = _with_values(columns)
    if isinstance(detail := record.get("detail"), str):
        with suppress(ValueError):  # invalid JSON was tampered with: as a text, it will fail the verification
            record["detail"] = parse(detail)
    return record | {"previous": previous}


def _with_values(columns: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in columns.items() if value is not None}


def records(connection: Connection, *, after: int = 0) -> Iterator[dict[str, Any]]:
    """The records of rules.audit after a sequence number, oldest first. They are read in batches, and include those
    that are appended during the iteration."""
    names = [column.name for column in activities.c]
    previous: str = _DIGEST.scalar(connection, sequence=after) or GENESIS_DIGEST
    while rows := _RECORDS.run(connection, sequence=after):
        for row in rows:
            columns = dict(zip(names, row, strict=True))
            yield audit_record(columns, previous)
            after, previous = columns["sequence"], columns["digest"]


def last_before(connection: Connection, since: int) -> int:
    """The number of the record before the first of that time (milliseconds) or later."""
    first: int | None = _FIRST_SINCE.scalar(connection, since=since)
    return last_sequence(connection) if first is None else first - 1


def head_and(connection: Connection, sequence: int) -> tuple[tuple[int, str], str | None]:
    """Number and digest of the newest change, (0, GENESIS_DIGEST) before the first; and the digest of ``sequence``."""
    digests: dict[int, str] = {row[0]: row[1] for row in _HEAD_AND_ONE.run(connection, sequence=sequence)}
    return max(digests.items(), default=(0, GENESIS_DIGEST)), digests.get(sequence)


def last_sequence(connection: Connection) -> int:
    """The number of the newest change; 0 before the first."""
    return _LAST.scalar(connection) or 0
