"""The deliveries of a webhook, and sending them again."""

from typing import Any

from tui_registry_server.operations import webhook_changes
from tui_registry_server.operations.call import Answer, Call
from tui_registry_server.operations.record import without_empty
from tui_registry_server.operations.webhook_subjects import WebhookSubject
from tui_registry_server.rules.cursors import decode_cursor, encode_cursor
from tui_registry_server.rules.errors import InvalidParameterValue, ResourceDoesNotExist
from tui_registry_server.rules.page_tokens import digest, read_token, write_token
from tui_registry_server.store import counters, webhook_deliveries
from tui_registry_server.store.webhook_deliveries import DeliveryRow
from tui_registry_server.wire.fields import MAX_INT64
from tui_registry_server.wire.webhook_delivery import DeliveryStatus, ListWebhookDeliveries, ReplayDeliveries


def listed(call: Call, body: ListWebhookDeliveries, subject: WebhookSubject) -> Answer:
    """A webhook's deliveries of the last 30 days, newest first, with what the receiver answered."""
    webhook_id = subject.webhook.id
    query = digest("deliveries", {"webhook": webhook_id, "status": body.status})
    key = counters.key(call.connection)
    before = _decode(body.page_token, query, key) if body.page_token else MAX_INT64
    rows, more = webhook_deliveries.page(
        call.connection,
        webhook_id,
        status=None if body.status is None else body.status.value,
        before=before,
        limit=body.max_results,
    )
    return without_empty(
        {
            "deliveries": [entity(row) for row in rows],
            "next_page_token": write_token(query, (encode_cursor(rows[-1].number, key),)) if more else None,
        }
    )


def _decode(page_token: str, query: str, key: bytes) -> int:
    """The number of a page's last delivery, which counts those of others, too: so a client gets it encrypted."""
    number = decode_cursor(str(read_token(page_token, query, (str,))[0]), key)
    if number is None:
        raise InvalidParameterValue("The page_token is of another registry. Send none for the first page.")
    return number


def replay(call: Call, body: ReplayDeliveries, subject: WebhookSubject) -> Answer:
    """Send one delivery again, or those of a time, with the same ids; one that is still to be sent now."""
    webhook = subject.webhook
    if body.delivery_id is not None:
        if body.from_ is not None or body.to is not None:
            raise InvalidParameterValue("Give either 'delivery_id', or 'from' with 'to'. 'status' goes with both.")
        status = webhook_deliveries.status_of(call.connection, webhook.id, body.delivery_id)
        if status is None:
            raise ResourceDoesNotExist(f"The webhook has no delivery {body.delivery_id}. They are kept for 30 days.")
        count = int(body.status in (None, status))  # one that was sent meanwhile would be twice
        if count:
            send = webhook_deliveries.send_now if status == DeliveryStatus.PENDING else webhook_deliveries.replay_one
            send(call.connection, webhook.id, body.delivery_id, call.clock)
    elif body.from_ is None:
        raise InvalidParameterValue("Give 'delivery_id', or 'from' (milliseconds since the epoch).")
    else:
        count = webhook_deliveries.replay_range(
            call.connection,
            webhook.id,
            since=body.from_,
            until=MAX_INT64 if body.to is None else body.to,
            status=None if body.status is None else body.status.value,
            now=call.clock,
        )
    webhook_changes.record_replay(call, webhook, count)
    return {"replayed": count}


def entity(row: DeliveryRow) -> dict[str, Any]:
    """A delivery as the wire shows it."""
    pending = row.status == DeliveryStatus.PENDING
    return without_empty(
        {
            "id": row.id,
            "event": row.event,
            "model_name": row.model_name,
            "version": None if row.version is None else str(row.version),
            "status": row.status,
            "attempts": row.attempts,
            "creation_timestamp": row.creation_timestamp,
            "due_timestamp": row.due_timestamp if pending else None,
            "sent_timestamp": row.sent_timestamp,
            "latency_ms": row.latency_ms,
            "response_status": row.response_status,
            "response_body": row.response_body,
            "error": row.error,
        }
    )
