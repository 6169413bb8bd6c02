"""Statements on activities: every change is appended here, and the feed and the event stream read it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, bindparam, func, insert, select, update

from server.rules.audit import FIRST, digest_of
from server.rules.principals import Principal
from server.store.access import caller, readable
from server.store.statements import Statement
from server.store.tables import activities, comments, registered_models

BATCH = 500


class ActivityRow(NamedTuple):
    """One change, with the model's name as it is now, or, of a model that is gone, as it was then."""

    sequence: int
    id: str
    activity_type: str
    creation_timestamp: int
    user_id: str
    name: str
    version: int | None
    from_stage: str | None
    to_stage: str | None
    comment: str | None
    system_comment: str | None


class Filter(NamedTuple):
    """What the feed is narrowed to. Times are milliseconds: ``since`` is included, ``until`` is not."""

    model_id: str | None = None
    version: int | None = None
    user: str | None = None
    types: Sequence[str] = ()
    since: int | None = None
    until: int | None = None


_INSERT = Statement(insert(activities).values({column.name: bindparam(column.name) for column in activities.c}))
_REVISE = Statement(
    update(registered_models)
    .where(registered_models.c.id == bindparam("model_id"))
    .values(revision=bindparam("sequence"))
)
_LAST = Statement(select(func.max(activities.c.sequence)))
_HEAD = Statement(select(activities.c.sequence, activities.c.digest).order_by(activities.c.sequence.desc()).limit(1))
_DIGEST = Statement(select(activities.c.digest).where(activities.c.sequence == bindparam("sequence")))
_FIRST_SINCE = Statement(
    select(func.min(activities.c.sequence)).where(activities.c.creation_timestamp >= bindparam("since"))
)
_RECORDS = Statement(
    select(activities).where(activities.c.sequence > bindparam("sequence")).order_by(activities.c.sequence).limit(BATCH)
)

_rows = (
    select(
        activities.c.sequence,
        activities.c.id,
        activities.c.activity_type,
        activities.c.creation_timestamp,
        activities.c.user_id,
        func.coalesce(registered_models.c.name, activities.c.model_name),
        activities.c.version,
        activities.c.from_stage,
        activities.c.to_stage,
        func.coalesce(comments.c.comment, activities.c.comment),
        activities.c.system_comment,
    )
    .select_from(activities)
    .outerjoin(registered_models, registered_models.c.id == activities.c.model_id)
    .outerjoin(comments, comments.c.id == activities.c.comment_id)
    .where(activities.c.model_id.is_not(None), readable(activities.c.model_id))
)


def append(connection: Connection, *, detail: dict[str, Any] | None, **columns: Any) -> None:
    """One more record at the end of the chain, which is the model's newest revision. Writers take turns, so that there
    is one end."""
    sequence, previous = _HEAD.run(connection).first() or (0, FIRST)
    columns |= {"sequence": sequence + 1, "detail": None if detail is None else json.dumps(detail)}
    _INSERT.run(connection, digest=digest_of(audit_record(columns, previous)), **columns)
    if columns["model_id"] is not None:
        _REVISE.run(connection, model_id=columns["model_id"], sequence=sequence + 1)


def audit_record(columns: Mapping[str, Any], previous: str) -> dict[str, Any]:
    """A row as rules.audit has it: with its digest, if it has one."""
    record = {name: value for name, value in columns.items() if value is not None}
    if "detail" in record:
        record["detail"] = json.loads(record["detail"])
    return record | {"previous": previous}


def records(connection: Connection, *, after: int = 0) -> Iterator[dict[str, Any]]:
    """All that was recorded after a sequence number, oldest first, as rules.audit has it. It is read piece by piece:
    what is written meanwhile is read, too."""
    names = [column.name for column in activities.c]
    previous: str = _DIGEST.scalar(connection, sequence=after) or FIRST
    while rows := _RECORDS.run(connection, sequence=after):
        for row in rows:
            columns = dict(zip(names, row, strict=True))
            yield audit_record(columns, previous)
            after, previous = columns["sequence"], columns["digest"]


def last_before(connection: Connection, since: int) -> int:
    """The number of the record before the first of that time (milliseconds) or later."""
    first: int | None = _FIRST_SINCE.scalar(connection, since=since)
    return last_sequence(connection) if first is None else first - 1


def last_sequence(connection: Connection) -> int:
    """The number of the newest change; 0 before the first."""
    return _LAST.scalar(connection) or 0


def feed(
    connection: Connection, principal: Principal, narrowed: Filter, *, before: int | None, limit: int
) -> list[ActivityRow]:
    """Changes that the caller may read, newest first, those older than ``before`` (a sequence number)."""
    conditions: list[ColumnElement[bool]] = []
    if narrowed.model_id is not None:
        conditions.append(activities.c.model_id == narrowed.model_id)
    if narrowed.version is not None:
        conditions.append(activities.c.version == narrowed.version)
    if narrowed.user is not None:
        conditions.append(activities.c.user_id == narrowed.user)
    if narrowed.types:
        conditions.append(activities.c.activity_type.in_(narrowed.types))
    if narrowed.since is not None:
        conditions.append(activities.c.creation_timestamp >= narrowed.since)
    if narrowed.until is not None:
        conditions.append(activities.c.creation_timestamp < narrowed.until)
    if before is not None:
        conditions.append(activities.c.sequence < before)
    query = _rows.where(*conditions).order_by(activities.c.sequence.desc()).limit(limit)
    return [ActivityRow(*row) for row in connection.execute(query, caller(principal))]


def after(connection: Connection, principal: Principal, sequence: int) -> list[ActivityRow]:
    """Changes that the caller may read, oldest first, those newer than a sequence number, BATCH of them at the most."""
    query = _rows.where(activities.c.sequence > sequence).order_by(activities.c.sequence).limit(BATCH)
    return [ActivityRow(*row) for row in connection.execute(query, caller(principal))]
