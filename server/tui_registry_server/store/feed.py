"""Reading the activities: the feed, newest first, and new ones for an event stream.

The feed is ordered by time, and within a millisecond by number. (That is the order of commits, too, except for records
from before timestamps were monotonic.) So each filter can use an index that ends with the time.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Connection, Integer, and_, bindparam, func, or_, select, true

from tui_registry_server.rules.permissions import Level
from tui_registry_server.rules.principals import DEFAULT_WORKSPACE, Principal
from tui_registry_server.store.access import caller, readable, readable_objects
from tui_registry_server.store.dialects import unindexed
from tui_registry_server.store.statements import Rows, Statement
from tui_registry_server.store.tables import activities, comments, registered_models

BATCH = 500
BATCH_BYTES = 256 * 1024
"""Size of a batch in JSON: every event stream with a slow client has one in memory."""
MAX_SORTED_ACTIVITIES = 50_000
"""Activities that are sorted, by their index alone, in some 30 ms."""
MAX_COLLECTED_OBJECTS = 20_000
"""Objects whose ids are collected in some 10 ms."""


class ActivityRow(NamedTuple):
    """One change, with the model's current name, or, of a deleted model, the name at that time."""

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


class ActivityPage(NamedTuple):
    """``more``: whether there are further ones."""

    rows: list[ActivityRow]
    more: bool


class Filter(NamedTuple):
    """Conditions on activities. Times are milliseconds: ``since`` is inclusive, ``until`` exclusive."""

    model_id: str | None = None
    version: int | None = None
    user: str | None = None
    types: Sequence[str] = ()
    since: int | None = None
    until: int | None = None


class FeedPosition(NamedTuple):
    """The position of an activity in the feed."""

    creation_timestamp: int
    sequence: int


class _Shape(NamedTuple):
    """A query of the feed without its values.

    given: the fields of Filter that are set, without the types.
    types: the number of types.
    has_position: whether it is for a page after the first.
    rights: a key of _RIGHTS.
    in_default: whether of the default workspace.
    """

    given: frozenset[str]
    types: int
    has_position: bool
    rights: str
    in_default: bool


_time, _sequence = activities.c.creation_timestamp, activities.c.sequence
_CONDITIONS = {
    "model_id": activities.c.model_id == bindparam("model_id"),
    "version": activities.c.version == bindparam("version", type_=BigInteger()),
    "user": activities.c.user_id == bindparam("user"),
    "since": _time >= bindparam("since", type_=BigInteger()),
    "until": _time < bindparam("until", type_=BigInteger()),
}
_ALL, _OWN, _AMONG_OWN, _ANY = "all", "own", "among own", "any"
_RIGHTS = {
    _ALL: true(),  # with a level on the whole registry
    _OWN: activities.c.model_id.in_(readable_objects()),  # the driving index is that of the models
    _AMONG_OWN: unindexed(activities.c.model_id).in_(readable_objects()),  # collected once
    _ANY: readable(activities.c.model_id, activities),  # looked up for each activity
}
"""Strategies to filter what the caller may read, of the workspace."""
HERE = {
    True: activities.c.workspace_id.is_(None),
    False: activities.c.workspace_id == bindparam("workspace_id"),  # by an index of its own
}
"""Whether an activity is of the caller's workspace, by whether that is the default one."""

_rows = (
    select(
        _sequence,
        activities.c.id,
        activities.c.activity_type,
        _time,
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
)
_of_models = activities.c.model_id.is_not(None)
_AFTER = Statement(
    _rows.where(_of_models, readable(activities.c.model_id, activities), _sequence > bindparam("sequence"))
    .order_by(_sequence)
    .limit(bindparam("limit", type_=Integer()))
)
_COUNT_OBJECTS = Statement(
    select(func.count()).select_from(readable_objects().limit(MAX_COLLECTED_OBJECTS + 1).subquery())
)
_COUNT_OWN = Statement(
    select(func.count()).select_from(
        select(_sequence)
        .where(activities.c.model_id.in_(readable_objects()))
        .limit(MAX_SORTED_ACTIVITIES + 1)
        .subquery()
    )
)


def feed(
    connection: Connection, principal: Principal, filter_: Filter, *, before: FeedPosition | None, limit: int
) -> ActivityPage:
    """Changes that the caller may read, newest first, older than ``before``."""
    values = {name: value for name, value in filter_._asdict().items() if value is not None and name != "types"}
    given = frozenset(values)
    values |= {f"type_{number}": each for number, each in enumerate(filter_.types)} | caller(principal)
    if before is not None:
        values |= {"before_time": before.creation_timestamp, "before_sequence": before.sequence}
    rights = _rights(connection, principal, given)
    in_default = principal.workspace_id == DEFAULT_WORKSPACE
    statement = _statement(_Shape(given, len(filter_.types), before is not None, rights, in_default))
    return _page(statement.page(connection, limit, **values))


def after(connection: Connection, principal: Principal, sequence: int) -> ActivityPage:
    """Changes that the caller may read, oldest first, after a sequence number; at most BATCH of them."""
    return _page(_AFTER.page(connection, BATCH, BATCH_BYTES, sequence=sequence, **caller(principal)))


def _page(rows: Rows) -> ActivityPage:
    return ActivityPage([ActivityRow(*row) for row in rows], rows.more)


def reads_few_objects(connection: Connection, principal: Principal) -> bool:
    """Whether what the caller's own grants let them read is collected in a short time."""
    count: int = _COUNT_OBJECTS.scalar(connection, **caller(principal))
    return count <= MAX_COLLECTED_OBJECTS


def _rights(connection: Connection, principal: Principal, given: frozenset[str]) -> str:
    if principal.root_level >= Level.READ:
        return _ALL
    if "model_id" in given or not reads_few_objects(connection, principal):
        return _ANY
    if "user" not in given and _COUNT_OWN.scalar(connection, **caller(principal)) <= MAX_SORTED_ACTIVITIES:
        return _OWN
    return _AMONG_OWN


@lru_cache(512)
def _statement(shape: _Shape) -> Statement:
    conditions: list[ColumnElement[bool]] = [_of_models, _RIGHTS[shape.rights], HERE[shape.in_default]]
    conditions += [_CONDITIONS[name] for name in sorted(shape.given)]
    if shape.types:
        types: list[ColumnElement[str]] = [bindparam(f"type_{number}") for number in range(shape.types)]
        conditions.append(activities.c.activity_type.in_(types))
    if shape.has_position:
        time, sequence = bindparam("before_time", type_=BigInteger()), bindparam("before_sequence", type_=BigInteger())
        conditions.append(and_(_time <= time, or_(_time < time, _sequence < sequence)))
    newest_first = (_time.desc(), _sequence.desc())
    limit = bindparam("limit", type_=Integer())
    if shape.rights != _OWN:
        return Statement(_rows.where(*conditions).order_by(*newest_first).limit(limit))
    page = select(_sequence).where(*conditions).order_by(*newest_first).limit(limit)  # a covering index
    return Statement(_rows.where(_sequence.in_(page)).order_by(*newest_first))
