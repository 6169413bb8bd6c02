"""Statements on the stage history of a model, which is in its activities: each move of a version to another stage.

Moves are found in the index of the model's activities, which has their types: of the others, no row is read. The end of
a period is found among the activities of its version: each of those between two moves is looked at once.
"""

import json
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    String,
    and_,
    bindparam,
    exists,
    literal_column,
    or_,
    select,
)

from tui_registry_server.store.dialects import pairs
from tui_registry_server.store.feed import FeedPosition
from tui_registry_server.store.model_versions import highest_in
from tui_registry_server.store.statements import Statement
from tui_registry_server.store.tables import MOVES, activities, model_versions
from tui_registry_server.wire.activity import ActivityType
from tui_registry_server.wire.fields import MAX_INT64
from tui_registry_server.wire.stage import Stage

if TYPE_CHECKING:
    from sqlalchemy.sql.selectable import NamedFromClause

_Activities: TypeAlias = "NamedFromClause[Any]"
"""The table of activities under a name."""

_END_OF_TIME = FeedPosition(MAX_INT64, MAX_INT64)


class PeriodEnd(NamedTuple):
    """``next_stage`` is None if the version was deleted."""

    creation_timestamp: int
    user_id: str
    next_stage: str | None


class PeriodRow(NamedTuple):
    """A version in a stage. ``creation_timestamp`` and ``sequence`` are of the move that began it."""

    creation_timestamp: int
    sequence: int
    version: int
    stage: str
    user_id: str
    end: PeriodEnd | None


class PeriodPage(NamedTuple):
    """``more``: whether there are further ones."""

    rows: list[PeriodRow]
    more: bool


def _is_move(of: _Activities) -> ColumnElement[bool]:
    """Whether an activity moved a version to another stage."""
    is_transition: ColumnElement[bool] = literal_column(f"{of.name}.{MOVES}")
    return and_(is_transition, of.c.from_stage != of.c.to_stage)


def _is_after(of: _Activities, time: ColumnElement[int], sequence: ColumnElement[int]) -> ColumnElement[bool]:
    return and_(of.c.creation_timestamp >= time, or_(of.c.creation_timestamp > time, of.c.sequence > sequence))


def _is_before(of: _Activities, time: ColumnElement[int], sequence: ColumnElement[int]) -> ColumnElement[bool]:
    return and_(of.c.creation_timestamp <= time, or_(of.c.creation_timestamp < time, of.c.sequence < sequence))


def _newest_first(of: _Activities) -> tuple[ColumnElement[int], ColumnElement[int]]:
    return of.c.creation_timestamp.desc(), of.c.sequence.desc()


_time, _sequence = bindparam("time", type_=BigInteger()), bindparam("sequence", type_=BigInteger())
_model_id: ColumnElement[str] = bindparam("model_id")
_PRODUCTION: ColumnElement[str] = literal_column(f"'{Stage.PRODUCTION}'")

_move, _next, _entry = (activities.alias(name) for name in ("move", "next_move", "entry"))
_of_model = and_(
    _move.c.model_id == _model_id,
    _is_move(_move),
    # Always true: with a time, SQLite takes the index of the model's activities by time for the best, without
    # statistics, too.
    _move.c.creation_timestamp <= literal_column(str(MAX_INT64)),
)
_end = (
    select(_next.c.sequence)
    .where(
        _next.c.model_id == _move.c.model_id,
        _next.c.version == _move.c.version,
        _is_after(_next, _move.c.creation_timestamp, _move.c.sequence),
        or_(_is_move(_next), _next.c.activity_type == literal_column(f"'{ActivityType.DELETED_VERSION}'")),
    )
    .order_by(_next.c.creation_timestamp, _next.c.sequence)
    .limit(literal_column("1"))
    .correlate(_move)
    .scalar_subquery()
)
_periods = (
    select(_move.c.creation_timestamp, _move.c.sequence, _move.c.version, _move.c.to_stage, _move.c.user_id, _end)
    .where(_of_model, _is_before(_move, _time, _sequence))
    .order_by(*_newest_first(_move))
    .limit(bindparam("limit", type_=Integer()))
)
_in_stage = _move.c.to_stage == bindparam("stage")
_of_version = _move.c.version == bindparam("version", type_=BigInteger())
_PERIODS = {
    (False, False): Statement(_periods),
    (True, False): Statement(_periods.where(_in_stage)),
    (False, True): Statement(_periods.where(_of_version)),
    (True, True): Statement(_periods.where(_in_stage, _of_version)),
}
"""By whether they are of a stage, and of a version."""
_listed = pairs(bindparam("numbers", type_=String()))
_ENDS = Statement(
    select(activities.c.sequence, activities.c.creation_timestamp, activities.c.user_id, activities.c.to_stage)
    .select_from(_listed)
    .join(activities, activities.c.sequence == _listed.c.number)
)
_its_version = and_(model_versions.c.model_id == _move.c.model_id, model_versions.c.version == _move.c.version)
_START_OF_CURRENT = Statement(
    select(_move.c.creation_timestamp, _move.c.sequence)
    .join(model_versions, _its_version)
    .where(_of_model, _move.c.to_stage == _PRODUCTION, model_versions.c.stage == _PRODUCTION)
    .order_by(*_newest_first(_move))
    .limit(literal_column("1"))
)
_began_later = exists().where(
    _entry.c.model_id == _move.c.model_id,
    _entry.c.version == _move.c.version,
    _is_move(_entry),
    _entry.c.to_stage == _PRODUCTION,
    _is_after(_entry, _time, _sequence),
    _is_before(_entry, _move.c.creation_timestamp, _move.c.sequence),
)
_PREDECESSOR = Statement(
    select(_move.c.version)
    .join(model_versions, _its_version)
    .where(_of_model, _move.c.from_stage == _PRODUCTION, model_versions.c.stage != _PRODUCTION, ~_began_later)
    .order_by(*_newest_first(_move))
    .limit(literal_column("1"))
)


def periods(
    connection: Connection,
    model_id: str,
    stage: Stage | None,
    version: int | None,
    *,
    before: FeedPosition | None,
    limit: int,
) -> PeriodPage:
    """The periods that a model's versions, or one of them, were in a stage, or in each, those that began last first."""
    time, sequence = before or _END_OF_TIME
    values: dict[str, Any] = {"model_id": model_id, "time": time, "sequence": sequence}
    if stage is not None:
        values["stage"] = stage.value
    if version is not None:
        values["version"] = version
    rows = _PERIODS[stage is not None, version is not None].page(connection, limit, **values)
    numbers = json.dumps([("", row[-1]) for row in rows if row[-1] is not None])
    ends = {row[0]: PeriodEnd(*row[1:]) for row in _ENDS.run(connection, numbers=numbers)}
    found = [
        PeriodRow(time, sequence, number, name, user_id, ends.get(end))
        for time, sequence, number, name, user_id, end in rows
    ]
    return PeriodPage(found, rows.more)


def predecessor(connection: Connection, model_id: str) -> int | None:
    """The version to which Production would be rolled back: of those that were there before the newest one there now
    was moved to it, the one that left last; if none is there now, the one that left last."""
    start = None
    if highest_in(connection, model_id, Stage.PRODUCTION) is not None:
        start = _START_OF_CURRENT.run(connection, model_id=model_id).first()
    time, sequence = start or _END_OF_TIME
    version: int | None = _PREDECESSOR.scalar(connection, model_id=model_id, time=time, sequence=sequence)
    return version
