"""Statements that count what the overview shows and no search does: requests, transitions and tokens. Each reads a
bounded number of rows from an index."""

from typing import NamedTuple

from sqlalchemy import BigInteger, Connection, Integer, bindparam, func, select

from tui_registry_server.rules.permissions import Level
from tui_registry_server.rules.principals import DEFAULT_WORKSPACE, Principal
from tui_registry_server.store.access import caller, here, readable, readable_objects
from tui_registry_server.store.dialects import unindexed
from tui_registry_server.store.feed import HERE, reads_few_objects
from tui_registry_server.store.statements import Statement
from tui_registry_server.store.tables import activities, registered_models, tokens, transition_requests
from tui_registry_server.wire.activity import ActivityType

TRANSITION_TYPES = (ActivityType.APPLIED_TRANSITION.value, ActivityType.APPROVED_REQUEST.value)
"""Transitions by people, not the archiving that follows from them. All are of models."""

_limit = bindparam("limit", type_=Integer())
_open = (
    select(transition_requests.c.creation_timestamp)
    .join(registered_models, registered_models.c.id == transition_requests.c.model_id)
    .where(readable(transition_requests.c.model_id, registered_models))
    .order_by(transition_requests.c.creation_timestamp, transition_requests.c.id)
    .limit(_limit)
    .subquery()
)
_OPEN_REQUESTS = Statement(select(func.count(), func.min(_open.c.creation_timestamp)))

_time = activities.c.creation_timestamp
_since = _time >= bindparam("since", type_=BigInteger())
_newest_first = (_time.desc(), activities.c.sequence.desc())
_recent = select(_time).where(_since).order_by(*_newest_first).limit(_limit)
_of_type = _recent.where(activities.c.activity_type == bindparam("type"))
_TRANSITIONS = {in_default: Statement(_of_type.where(is_here)) for in_default, is_here in HERE.items()}
"""By whether of the default workspace."""
_READABLE_TRANSITIONS = Statement(_of_type.where(readable(activities.c.model_id, activities)))
_OWN_TRANSITIONS = Statement(
    _recent.where(
        unindexed(activities.c.activity_type) == bindparam("type"),
        here(activities),
        activities.c.model_id.in_(readable_objects()),
    )
)
"""By the index of the models that the caller may read."""

_expiring = select(tokens.c.id).where(
    tokens.c.expiry_timestamp >= bindparam("now", type_=BigInteger()),
    tokens.c.expiry_timestamp < bindparam("until", type_=BigInteger()),
)
_EXPIRING_TOKENS = Statement(select(func.count()).select_from(_expiring.limit(_limit).subquery()))
_EXPIRING_OWN_TOKENS = Statement(
    select(func.count()).select_from(
        _expiring.where(tokens.c.principal_id == bindparam("principal_id")).limit(_limit).subquery()
    )
)


class OpenRequests(NamedTuple):
    """``oldest``: when the first of them was made, in milliseconds; None if there is none."""

    number: int
    oldest: int | None


def open_requests(connection: Connection, principal: Principal, limit: int) -> OpenRequests:
    """The open requests that the caller may read, counted up to ``limit``, the oldest first."""
    (row,) = _OPEN_REQUESTS.run(connection, limit=limit, **caller(principal))
    return OpenRequests(*row)


def transition_times(connection: Connection, principal: Principal, since: int, limit: int) -> list[int]:
    """When the newest transitions by people were that the caller may read: at most ``limit`` times since ``since``, in
    milliseconds, newest first."""
    if principal.root_level >= Level.READ:
        statement = _TRANSITIONS[principal.workspace_id == DEFAULT_WORKSPACE]
    else:
        statement = _OWN_TRANSITIONS if reads_few_objects(connection, principal) else _READABLE_TRANSITIONS
    given = {"since": since, "limit": limit, **caller(principal)}
    times = [row[0] for each in TRANSITION_TYPES for row in statement.run(connection, type=each, **given)]
    return sorted(times, reverse=True)[:limit]


def expiring_tokens(connection: Connection, owner_id: str | None, *, now: int, until: int, limit: int) -> int:
    """How many tokens, of an owner or of all, expire from ``now`` on and before ``until``, counted up to ``limit``."""
    given = {"now": now, "until": until, "limit": limit}
    count: int
    if owner_id is None:
        count = _EXPIRING_TOKENS.scalar(connection, **given)
    else:
        count = _EXPIRING_OWN_TOKENS.scalar(connection, principal_id=owner_id, **given)
    return count
