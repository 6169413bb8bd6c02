"""Statements on the deliveries of webhooks: reading those to be sent, leases, outcomes, lists, replays."""

from collections.abc import Sequence
from typing import NamedTuple

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
    true,
    update,
)

from tui_registry_server.rules.errors import InvalidParameterValue
from tui_registry_server.rules.limits import LONGEST_WEBHOOK_LEASE
from tui_registry_server.rules.webhook_events import DETAILED, Change, Dialect
from tui_registry_server.store.deadlines import require_thread
from tui_registry_server.store.dialects import database_time
from tui_registry_server.store.outbox import CHANGE_SOURCE, change_columns, change_of
from tui_registry_server.store.statements import Statement
from tui_registry_server.store.tables import activities
from tui_registry_server.store.webhook_tables import PENDING, webhook_deliveries, webhooks
from tui_registry_server.wire.registry_webhook import RegistryWebhookStatus
from tui_registry_server.wire.webhook_delivery import DeliveryStatus

CLEANED_AT_ONCE = 1000  # rows
REPLAYED_AT_ONCE = 10_000  # rows: others wait for the transaction
SKEW = 60 * 1000  # milliseconds by which servers' clocks may differ; what is further in the future was in the past
MAX_INLINE_LENGTH = 64 * 1024  # characters of a detail that is parsed on the event loop


class DueDelivery(NamedTuple):
    """A delivery that is to be sent. ``sequence``: the number of the change that it is about."""

    number: int
    id: str
    event: str
    attempts: int
    queued_timestamp: int
    due_timestamp: int
    sent_timestamp: int | None
    sequence: int


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
_other = webhook_deliveries.alias("other").c
_now = bindparam("now", type_=BigInteger())
_id = bindparam("webhook_id", type_=Text())
_pending = text(f"webhook_deliveries.{PENDING}")
_active = webhooks.c.status == literal(RegistryWebhookStatus.ACTIVE.value)
_free = or_(
    webhooks.c.lease_owner == bindparam("owner", type_=Text()),
    webhooks.c.lease_timestamp < database_time(),
    webhooks.c.lease_timestamp > database_time() + LONGEST_WEBHOOK_LEASE * 1000,  # the clock was set back
)

_next = (
    select(func.min(_d.number)).where(_d.webhook_id == webhooks.c.id, _pending).correlate(webhooks).scalar_subquery()
)
_DUE_WEBHOOKS = Statement(
    select(webhooks.c.id, webhooks.c.principal_id)
    .select_from(webhooks.join(webhook_deliveries, _d.number == _next))
    .where(
        _active,
        _free,
        or_(_d.due_timestamp <= _now, _d.queued_timestamp > _now + SKEW, _d.sent_timestamp > _now + SKEW),
    )
)
_DUE = Statement(
    select(*(_d[name] for name in DueDelivery._fields))
    .where(_d.webhook_id == _id, _pending)
    .order_by(_d.number)
    .limit(bindparam("limit", type_=Integer()))
)
_CHANGES = {
    dialect: Statement(
        select(*change_columns(needed))
        .select_from(CHANGE_SOURCE)
        .where(activities.c.sequence == bindparam("sequence", type_=BigInteger()))
    )
    for dialect, needed in (
        (Dialect.MLFLOW.value, true()),
        (Dialect.DATABRICKS.value, activities.c.activity_type.in_([literal(str(each)) for each in sorted(DETAILED)])),
    )
}
_CLAIM = Statement(
    update(webhooks)
    .where(webhooks.c.id == _id, _active, _free)
    .values(lease_owner=bindparam("owner"), lease_timestamp=database_time() + bindparam("lease", type_=BigInteger()))
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
_in_range = and_(
    _d.webhook_id == _id,
    and_(_d.creation_timestamp >= bindparam("since", type_=BigInteger()), _done),
    _d.creation_timestamp < bindparam("until", type_=BigInteger()),
    _of_status,
)
_COUNT_RANGE = Statement(
    select(func.count()).select_from(
        select(_d.number).where(_in_range).limit(bindparam("limit", type_=Integer())).subquery()
    )
)
_REPLAY_RANGE = Statement(update(webhook_deliveries).where(_in_range).values(_again))
_SEND_NOW = Statement(
    update(webhook_deliveries)
    .where(
        _d.webhook_id == _id,
        _pending,
        _d.number
        <= select(_other.number)
        .where(_other.webhook_id == _id, _other.id == bindparam("id", type_=Text()))
        .scalar_subquery(),
        _d.due_timestamp > _now,
    )
    .values(due_timestamp=_now)
)
_HAS = Statement(select(_d.status).where(_d.webhook_id == _id, _d.id == bindparam("id", type_=Text())))
_OLDEST = Statement(
    select(_d.number, _d.creation_timestamp).order_by(_d.number).limit(bindparam("limit", type_=Integer()))
)
_DELETE = Statement(delete(webhook_deliveries).where(_d.number <= bindparam("number", type_=BigInteger())))


def due_webhooks(connection: Connection, owner: str, now: int) -> list[tuple[str, str]]:
    """The webhooks whose next delivery is due, and that no other server sends: their ids and those of their owners."""
    return [(row[0], row[1]) for row in _DUE_WEBHOOKS.run(connection, owner=owner, now=now)]


def claim(connection: Connection, webhook_id: str, owner: str, lease: int) -> bool:
    """Take or extend the lease of a webhook for so many milliseconds, by the database's clock: those of servers may
    differ. False if another server has it, or if it is no longer active."""
    return bool(_CLAIM.run(connection, webhook_id=webhook_id, owner=owner, lease=lease).rowcount)


def release(connection: Connection, webhook_id: str, owner: str) -> None:
    _RELEASE.run(connection, webhook_id=webhook_id, owner=owner)


def due(connection: Connection, webhook_id: str, limit: int) -> list[DueDelivery]:
    """A webhook's next deliveries, in their order. That of the first one is the time to send it."""
    return [DueDelivery(*row) for row in _DUE.run(connection, webhook_id=webhook_id, limit=limit)]


def change(connection: Connection, sequence: int, dialect: str) -> Change:
    """A change, with as much of its detail as payloads in this form have. Raises ValueError for a detail that is not
    JSON, and LookupError if there is no such change."""
    columns = _CHANGES[dialect].run(connection, sequence=sequence)[0]
    if any(isinstance(each, str) and len(each) > MAX_INLINE_LENGTH for each in columns):
        require_thread(connection)
    return change_of(columns)


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


def replay_one(connection: Connection, webhook_id: str, delivery_id: str, now: int) -> None:
    """Queue a delivery again, before those that are still to be sent."""
    _REPLAY_ONE.run(connection, webhook_id=webhook_id, id=delivery_id, now=now)


def send_now(connection: Connection, webhook_id: str, delivery_id: str, now: int) -> None:
    """Let a delivery that is still to be sent not wait for its next attempt, nor those before it."""
    _SEND_NOW.run(connection, webhook_id=webhook_id, id=delivery_id, now=now)


def replay_range(
    connection: Connection, webhook_id: str, *, since: int, until: int, status: str | None, now: int
) -> int:
    """The same for those that were created from ``since`` until before ``until`` (milliseconds). Raises
    InvalidParameterValue if they are too many for one transaction."""
    found: int = _COUNT_RANGE.scalar(
        connection, webhook_id=webhook_id, since=since, until=until, of_status=status, limit=REPLAYED_AT_ONCE + 1
    )
    if found > REPLAYED_AT_ONCE:
        raise InvalidParameterValue(
            f"These are more than {REPLAYED_AT_ONCE:,} deliveries, which is how many can be queued again at once. Give "
            "a shorter time, by 'from' and 'to'."
        )
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
