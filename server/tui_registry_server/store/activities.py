"""Statements on activities: every change is appended here, in a verifiable hash chain."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, func, insert, literal, or_, select, update

from tui_registry_server.rules.audit import GENESIS_DIGEST, digest_of, parse
from tui_registry_server.store.counters import IDENTITY
from tui_registry_server.store.statements import Statement
from tui_registry_server.store.tables import activities, counters, registered_models

BATCH = 500

_INSERT = Statement(insert(activities).values({column.name: bindparam(column.name) for column in activities.c}))
_revise = (
    update(registered_models)
    .where(registered_models.c.id == bindparam("model_id"))
    .values(revision=bindparam("digest"))
)
_REVISE = Statement(_revise)
_REVISE_AND_TOUCH = Statement(_revise.values(last_updated_timestamp=bindparam("now")))
_STATE = Statement(
    select(
        counters.c.value,
        select(activities.c.creation_timestamp)
        .order_by(activities.c.sequence.desc())
        .limit(literal(1))
        .scalar_subquery(),
    ).where(counters.c.name == literal(IDENTITY))
)
_newest = func.max(activities.c.sequence)
_LAST = Statement(select(_newest))
_HEAD = Statement(select(activities.c.sequence, activities.c.digest).order_by(activities.c.sequence.desc()).limit(1))
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


class State(NamedTuple):
    """What a change depends on: the identity counter, and the time of the change before it (0 for none)."""

    revision: int
    last_timestamp: int


def state(connection: Connection) -> State:
    """The state within a write transaction."""
    revision, last = _STATE.run(connection)[0]
    return State(revision, last or 0)


def append(connection: Connection, *, detail: dict[str, Any] | None, touches: bool, **columns: Any) -> None:
    """Append a record to the chain; its digest is the model's new revision. Writers are serialized, so that the chain
    does not fork. ``touches``: whether to set the model's last_updated_timestamp."""
    sequence, previous = _HEAD.run(connection).first() or (0, GENESIS_DIGEST)
    columns["sequence"] = sequence + 1
    digest = digest_of(_with_values(columns | {"detail": detail, "previous": previous}))
    _INSERT.run(connection, detail=None if detail is None else json.dumps(detail), digest=digest, **columns)
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
