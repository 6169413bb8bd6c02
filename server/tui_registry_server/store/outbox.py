"""From changes to deliveries: the activities are the outbox of webhooks.

Every change is an activity, written in its transaction, in order and permanently. So a change need not write anything
else for webhooks: what is to be delivered follows from the activities after the last one that webhooks were notified
of. Its number is a counter. A transaction that adds deliveries moves the counter, too, so that none is lost or added
twice, whichever server does it and wherever it is killed.
"""

import json
import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Text,
    bindparam,
    case,
    func,
    insert,
    literal,
    or_,
    select,
)

from tui_registry_server.rules.digests import due
from tui_registry_server.rules.principals import DEFAULT_WORKSPACE, ROOT
from tui_registry_server.rules.search_filter import IS_PROMPT
from tui_registry_server.rules.webhook_events import IMPORTED_FROM, Change, Dialect, events_of
from tui_registry_server.store import activities as records
from tui_registry_server.store import counters, webhooks
from tui_registry_server.store.statements import Statement
from tui_registry_server.store.tables import activities, comments, model_tags
from tui_registry_server.store.webhook_tables import webhook_deliveries
from tui_registry_server.store.webhooks import WebhookRow
from tui_registry_server.wire.activity import ActivityType
from tui_registry_server.wire.webhook_delivery import DeliveryStatus

BATCH = 200  # activities that are looked at in one transaction
MAX_ADDED = 200  # deliveries after which no further activity is looked at
CAUGHT_UP_BATCHES = 20

_NAMESPACE = uuid.UUID("5b0c7f0e-7a55-4a7e-9d0f-1d4f4c1f0a53")


def change_columns(detail_if: ColumnElement[bool]) -> tuple[ColumnElement[Any], ...]:
    """The columns of ``change_of``, in CHANGE_SOURCE. The detail, which can have megabytes, is read where it is needed
    only."""
    return (
        activities.c.id,
        activities.c.activity_type,
        activities.c.creation_timestamp,
        activities.c.user_id,
        activities.c.model_id,
        activities.c.model_name,
        activities.c.version,
        activities.c.from_stage,
        activities.c.to_stage,
        func.coalesce(comments.c.comment, activities.c.comment),  # of a version; of a request, or a decision
        case((detail_if, activities.c.detail)),
        model_tags.c.value,
        activities.c.workspace_id,
    )


CHANGE_SOURCE = activities.outerjoin(comments, comments.c.id == activities.c.comment_id).outerjoin(
    model_tags, (model_tags.c.model_id == activities.c.model_id) & (model_tags.c.key == IS_PROMPT)
)

_says_where = or_(activities.c.model_id.is_(None), activities.c.detail.contains(f'"{IMPORTED_FROM}"'))
_AFTER = Statement(
    select(activities.c.sequence, *change_columns(_says_where))
    .select_from(CHANGE_SOURCE)
    .where(activities.c.sequence > bindparam("sequence", type_=BigInteger()))
    .order_by(activities.c.sequence)
    .limit(bindparam("limit", type_=Integer()))
)
_CREATION = Statement(
    select(activities.c.detail)
    .where(
        activities.c.model_id == bindparam("model_id", type_=Text()),
        activities.c.activity_type == literal(ActivityType.CREATED_MODEL.value),
        activities.c.detail.contains(IS_PROMPT),  # which costs less than parsing it
    )
    .limit(1)
)
_INSERT = Statement(
    insert(webhook_deliveries).values(
        {
            name: bindparam(name)
            for name in (
                "id",
                "webhook_id",
                "sequence",
                "event",
                "status",
                "attempts",
                "creation_timestamp",
                "queued_timestamp",
                "due_timestamp",
            )
        }
    )
)


def has_backlog(connection: Connection) -> bool:
    """Whether there are activities that webhooks were not notified of."""
    return counters.read(connection, counters.WEBHOOKS) < records.last_sequence(connection)


def fan_out(connection: Connection, now: int) -> bool:
    """Add the deliveries of the next activities, within the write transaction. Returns whether there may be more."""
    newest = records.last_sequence(connection)
    position = counters.read(connection, counters.WEBHOOKS)
    if position > newest or not webhooks.any_active(connection):  # a standby was promoted that lacks the last changes
        counters.write(connection, counters.WEBHOOKS, newest)
        return False
    rows = _AFTER.page(connection, BATCH, sequence=position)
    if not rows:
        return False
    found = webhooks.subscribed(connection, position, rows[-1][0])
    subscribed = [(webhook, webhook.event_names) for webhook in found]
    added: list[dict[str, Any]] = []
    prompts: dict[str, bool] = {}
    for sequence, *columns in rows:
        change = change_of(columns)
        added += [
            {
                "id": uuid.uuid5(_NAMESPACE, f"{webhook.id}{change.activity_id}{event}").hex,
                "webhook_id": webhook.id,
                "sequence": sequence,
                "event": event,
                "status": DeliveryStatus.PENDING.value,
                "attempts": 0,
                "creation_timestamp": now,
                "queued_timestamp": now,
                "due_timestamp": due(webhook.digest, now),
            }
            for webhook, event in _deliveries(connection, change, subscribed, prompts)
            if sequence > webhook.since
        ]
        position = sequence
        if len(added) >= MAX_ADDED:
            break
    _INSERT.run_many(connection, added)
    counters.write(connection, counters.WEBHOOKS, position)
    return position < newest


def catch_up(connection: Connection, now: int) -> int:
    """Add the deliveries of the changes until now, before a webhook is created or changed: they are for the webhooks as
    they were. Returns the number of the last change. If many changes were just made, some are left for later, as others
    wait for this transaction: of those, a webhook gets what it is subscribed to by then."""
    for _ in range(CAUGHT_UP_BATCHES):
        if not fan_out(connection, now):
            break
    return records.last_sequence(connection)


def change_of(columns: Sequence[Any]) -> Change:
    """The change of a row of ``change_columns``."""
    *shared, detail, is_prompt, workspace_id = columns
    return Change._make([*shared, json.loads(detail) if detail else {}, _says_true(is_prompt), workspace_id])


def _deliveries(
    connection: Connection,
    change: Change,
    subscribed: Sequence[tuple[WebhookRow, Collection[str]]],
    prompts: dict[str, bool],
) -> list[tuple[WebhookRow, str]]:
    """``prompts``: which models are known to have been prompts, or not."""
    if change.model_id is None and change.detail.get("object") != ROOT:
        return []  # users, groups, tokens: nothing that webhooks notify of
    events: dict[str, tuple[str, ...]] = {}
    found = []
    for webhook, wanted in subscribed:
        if webhook.workspace_id != (change.workspace_id or DEFAULT_WORKSPACE):
            continue
        if webhook.model_id not in (None, change.model_id):
            continue
        if webhook.dialect not in events:
            if webhook.dialect == Dialect.MLFLOW:
                change = _with_prompt(connection, change, prompts)
            events[webhook.dialect] = events_of(change, webhook.dialect)
        matching = [(webhook, event) for event in events[webhook.dialect] if event in wanted]
        if webhook.digest is None:
            found += matching
        elif change.user_id != webhook.user_id:  # followers are notified of a change once, and not of their own
            found += matching[:1]
    return found


def _with_prompt(connection: Connection, change: Change, prompts: dict[str, bool]) -> Change:
    """Whether it is a prompt's, also if that was deleted since: its tags are gone, but it was created with the tag."""
    if change.is_prompt or change.model_id is None:
        return change
    if change.model_id not in prompts:
        prompts[change.model_id] = _was_prompt(connection, change.model_id)
    return change._replace(is_prompt=prompts[change.model_id])


def _was_prompt(connection: Connection, model_id: str) -> bool:
    detail = _CREATION.scalar(connection, model_id=model_id)
    tags: Mapping[str, str] = (json.loads(detail).get("tags") if detail else None) or {}
    return _says_true(tags.get(IS_PROMPT))


def _says_true(value: str | None) -> bool:
    return value is not None and value.lower() == "true"
