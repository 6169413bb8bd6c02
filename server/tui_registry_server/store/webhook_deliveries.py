"""Statements on the deliveries of webhooks: reading those to be sent, leases, outcomes, lists, replays."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Connection,
    Integer,
    Text,
    and_,
    bindparam,
    delete,
    func,
    literal,
    or_,
    select,
    text,
    update,
)

from tui_registry_server.rules.webhook_events import Change
from tui_registry_server.store.outbox import CHANGE_COLUMNS, CHANGE_SOURCE, change_of
from tui_registry_server.store.statements import Statement
from tui_registry_server.store.tables import PENDING, activities, webhook_deliveries, webhooks
from tui_registry_server.wire.registry_webhook import RegistryWebhookStatus
from tui_registry_server.wire.webhook_delivery import DeliveryStatus

CLEANED_AT_ONCE = 1000  # rows


class DueDelivery(NamedTuple):
    """A delivery that is to be sent, and the change that it tells of."""

    number: int
    id: str
    event: str
    attempts: int
    queued_timestamp: int
    due_timestamp: int
    change: Change


class DeliveryRow(NamedTuple):
    """A delivery as lists show it. ``model_name`` and ``version``: what was changed, named as at that time."""

    number: int
    id: str
    event: str
    status: str
    attempts: int
    creation_timestamp: int
    due_timestamp: int
    sent_timestamp: int | None
    latency_ms: int | None
    response_status: int | None
    response_body: str | None
    error: str | None
    model_name: str | None
    version: int | None


class Attempt(NamedTuple):
    """What came of an attempt; ``due_timestamp`` is the time of the next one, if the status is PENDING."""

    number: int
    status: str
    attempts: int
    due_timestamp: int
    sent_timestamp: int | None
    latency_ms: int | None
    response_status: int | None
    response_body: str | None
    error: str | None


_d = webhook_deliveries.c
_now = bindparam("now", type_=BigInteger())
_id = bindparam("webhook_id", type_=Text())
_pending = text(f"webhook_deliveries.{PENDING}")
_active = webhooks.c.status == literal(RegistryWebhookStatus.ACTIVE.value)
_free = or_(webhooks.c.lease_owner == bindparam("owner", type_=Text()), webhooks.c.lease_timestamp < _now)

_next = (
    select(func.min(_d.number)).where(_d.webhook_id == webhooks.c.id, _pending).correlate(webhooks).scalar_subquery()
)
_DUE_WEBHOOKS = Statement(
    select(webhooks.c.id)
    .select_from(webhooks.join(webhook_deliveries, _d.number == _next))
    .where(_active, _free, _d.due_timestamp <= _now)
)
_DUE = Statement(
    select(_d.number, _d.id, _d.event, _d.attempts, _d.queued_timestamp, _d.due_timestamp, *CHANGE_COLUMNS)
    .select_from(webhook_deliveries.join(CHANGE_SOURCE, activities.c.sequence == _d.sequence))
    .where(_d.webhook_id == _id, _pending)
    .order_by(_d.number)
    .limit(bindparam("limit", type_=Integer()))
)
_CLAIM = Statement(
    update(webhooks)
    .where(webhooks.c.id == _id, _active, _free)
    .values(lease_owner=bindparam("owner"), lease_timestamp=bindparam("until"))
)
_RELEASE = Statement(
    update(webhooks)
    .where(webhooks.c.id == _id, webhooks.c.lease_owner == bindparam("owner", type_=Text()))
    .values(lease_timestamp=0)
)
_RECORD = Statement(
    update(webhook_deliveries)
    .where(_d.number == bindparam("number", type_=BigInteger()), _pending)
    .values({name: bindparam(name) for name in Attempt._fields if name != "number"})
)
_OF_ACTIVITY = frozenset({"model_name", "version"})
listed = select(*((activities.c if name in _OF_ACTIVITY else _d)[name] for name in DeliveryRow._fields)).select_from(
    webhook_deliveries.join(activities, activities.c.sequence == _d.sequence)
)
"""Selects DeliveryRows."""
_RESCHEDULE = Statement(
    update(webhook_deliveries).where(_d.webhook_id == _id, _pending).values(due_timestamp=bindparam("due"))
)
_of_status = or_(bindparam("of_status", type_=Text()).is_(None), _d.status == bindparam("of_status", type_=Text()))
_PAGE = Statement(
    listed.where(_d.webhook_id == _id, _d.number < bindparam("before", type_=BigInteger()), _of_status)
    .order_by(_d.number.desc())
    .limit(bindparam("limit", type_=Integer()))
)
_again = {
    "status": literal(DeliveryStatus.PENDING.value),
    "attempts": literal(0),
    "due_timestamp": _now,
    "queued_timestamp": _now,
}
_done = _d.status != literal(DeliveryStatus.PENDING.value)
_REPLAY_ONE = Statement(
    update(webhook_deliveries).where(_d.webhook_id == _id, _d.id == bindparam("id", type_=Text()), _done).values(_again)
)
_REPLAY_RANGE = Statement(
    update(webhook_deliveries)
    .where(
        _d.webhook_id == _id,
        and_(_d.creation_timestamp >= bindparam("since", type_=BigInteger()), _done),
        _d.creation_timestamp < bindparam("until", type_=BigInteger()),
        _of_status,
    )
    .values(_again)
)
_HAS = Statement(select(_d.status).where(_d.webhook_id == _id, _d.id == bindparam("id", type_=Text())))
_OLDEST = Statement(
    select(_d.number, _d.creation_timestamp).order_by(_d.number).limit(bindparam("limit", type_=Integer()))
)
_DELETE = Statement(delete(webhook_deliveries).where(_d.number <= bindparam("number", type_=BigInteger())))


def due_webhooks(connection: Connection, owner: str, now: int) -> list[str]:
    """The ids of the webhooks whose next delivery is due, and that no other server sends."""
    return [row[0] for row in _DUE_WEBHOOKS.run(connection, owner=owner, now=now)]


def claim(connection: Connection, webhook_id: str, owner: str, now: int, until: int) -> bool:
    """Take or extend the lease of a webhook; False if another server has it, or if it is not active any more."""
    return bool(_CLAIM.run(connection, webhook_id=webhook_id, owner=owner, now=now, until=until).rowcount)


def release(connection: Connection, webhook_id: str, owner: str) -> None:
    _RELEASE.run(connection, webhook_id=webhook_id, owner=owner)


def due(connection: Connection, webhook_id: str, limit: int) -> list[DueDelivery]:
    """A webhook's next deliveries, in their order. That of the first one is the time to send it."""
    rows = _DUE.run(connection, webhook_id=webhook_id, limit=limit)
    return [_due_delivery(*row) for row in rows]


def _due_delivery(
    number: int, delivery_id: str, event: str, attempts: int, queued: int, due: int, *change: Any
) -> DueDelivery:
    return DueDelivery(number, delivery_id, event, attempts, queued, due, change_of(change))


def record(connection: Connection, attempts: Sequence[Attempt]) -> None:
    _RECORD.run_many(connection, [attempt._asdict() for attempt in attempts])


def reschedule(connection: Connection, webhook_id: str, due: int) -> None:
    """Send what is queued at another time (milliseconds)."""
    _RESCHEDULE.run(connection, webhook_id=webhook_id, due=due)


def page(
    connection: Connection, webhook_id: str, *, status: str | None, before: int, limit: int
) -> tuple[list[DeliveryRow], bool]:
    """Deliveries with lower numbers than ``before``, newest first, and whether there are more."""
    rows = _PAGE.page(connection, limit, webhook_id=webhook_id, of_status=status, before=before)
    return [DeliveryRow(*row) for row in rows], rows.more


def status_of(connection: Connection, webhook_id: str, delivery_id: str) -> str | None:
    """None if the webhook has no such delivery."""
    status: str | None = _HAS.scalar(connection, webhook_id=webhook_id, id=delivery_id)
    return status


def replay_one(connection: Connection, webhook_id: str, delivery_id: str, now: int) -> int:
    """Queue a delivery again, before those that are still to be sent. Returns how many were."""
    return _REPLAY_ONE.run(connection, webhook_id=webhook_id, id=delivery_id, now=now).rowcount


def replay_range(
    connection: Connection, webhook_id: str, *, since: int, until: int, status: str | None, now: int
) -> int:
    """The same for those that were created from ``since`` until before ``until`` (milliseconds)."""
    return _REPLAY_RANGE.run(
        connection, webhook_id=webhook_id, since=since, until=until, of_status=status, now=now
    ).rowcount


def any_before(connection: Connection, before: int) -> bool:
    """Whether the oldest delivery was created before a time (milliseconds)."""
    oldest = _OLDEST.run(connection, limit=1)
    return bool(oldest) and oldest[0][1] < before


def clean(connection: Connection, before: int) -> None:
    """Remove deliveries that were created before a time (milliseconds), some at once."""
    rows = _OLDEST.run(connection, limit=CLEANED_AT_ONCE)
    old = 0
    for number, created in rows:
        if created >= before:
            break
        old = number
    if old:
        _DELETE.run(connection, number=old)
