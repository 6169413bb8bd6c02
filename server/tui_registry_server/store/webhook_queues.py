"""What became of a webhook's deliveries: how many wait, how many were given up, and the last that was tried."""

from typing import NamedTuple

from sqlalchemy import BigInteger, Connection, Integer, Text, bindparam, func, select, text

from tui_registry_server.store.statements import Statement
from tui_registry_server.store.tables import DEAD, PENDING, webhook_deliveries
from tui_registry_server.store.webhook_deliveries import DeliveryRow, listed
from tui_registry_server.wire.fields import MAX_INT64
from tui_registry_server.wire.webhook_overview import MAX_COUNTED


class Queue(NamedTuple):
    """``pending`` and ``dead``: at most MAX_COUNTED."""

    pending: int
    dead: int
    last: DeliveryRow | None


_d = webhook_deliveries.c
_of_webhook = _d.webhook_id == bindparam("webhook_id", type_=Text())
_entry = listed.where(_of_webhook)


def _count(condition: str) -> Statement:
    found = (
        select(_d.number)
        .where(_of_webhook, text(f"webhook_deliveries.{condition}"))
        .limit(bindparam("limit", type_=Integer()))
    )
    return Statement(select(func.count()).select_from(found.subquery()))


_PENDING = _count(PENDING)
_DEAD = _count(DEAD)
_NEXT = Statement(_entry.where(text(f"webhook_deliveries.{PENDING}")).order_by(_d.number).limit(1))
_BEFORE = Statement(
    _entry.where(_d.number < bindparam("before", type_=BigInteger())).order_by(_d.number.desc()).limit(1)
)


def queue_of(connection: Connection, webhook_id: str) -> Queue:
    """Deliveries are sent in their order: the one that was tried last is the next one, if it failed before, or the one
    before it. After a replay of older ones, it may be another."""
    following = _NEXT.run(connection, webhook_id=webhook_id).first()
    last = DeliveryRow(*following) if following is not None else None
    if last is None or last.sent_timestamp is None:
        before = MAX_INT64 if last is None else last.number
        found = _BEFORE.run(connection, webhook_id=webhook_id, before=before).first()
        last = None if found is None else DeliveryRow(*found)
    return Queue(
        pending=_PENDING.scalar(connection, webhook_id=webhook_id, limit=MAX_COUNTED),
        dead=_DEAD.scalar(connection, webhook_id=webhook_id, limit=MAX_COUNTED),
        last=last,
    )
