"""The webhooks of either form that somebody may manage, with what became of their deliveries."""

from typing import Any

from tui_registry_server.operations import subjects, webhook_deliveries
from tui_registry_server.operations.call import Answer, Call
from tui_registry_server.operations.record import without_empty
from tui_registry_server.rules.page_tokens import digest, read_token, write_token
from tui_registry_server.store import webhook_queues, webhooks
from tui_registry_server.store.engine import Connection
from tui_registry_server.store.webhooks import WebhookRow
from tui_registry_server.wire.registered_model import ModelName
from tui_registry_server.wire.webhook_overview import ListWebhookOverviews


def listed(call: Call, body: ListWebhookOverviews, subject: None) -> Answer:
    """The webhooks that the caller may manage, with the state of their deliveries, newest first."""
    model_id = None if body.model_name is None else subjects.model(call, ModelName(name=body.model_name)).model.id
    query = digest("webhook overviews", {"model": model_id})
    position = read_token(body.page_token, query, (int, str)) if body.page_token else None
    rows, more = webhooks.page(
        call.connection,
        call.principal,
        None,
        model_id=model_id,
        before=None if position is None else (int(position[0]), str(position[1])),
        limit=body.max_results,
    )
    return without_empty(
        {
            "webhooks": [_entity(call.connection, row) for row in rows],
            "next_page_token": write_token(query, (rows[-1].creation_timestamp, rows[-1].id)) if more else None,
        }
    )


def _entity(connection: Connection, webhook: WebhookRow) -> dict[str, Any]:
    queue = webhook_queues.queue_of(connection, webhook.id)
    return without_empty(
        {
            "id": webhook.id,
            "form": webhook.dialect,
            "name": webhook.name,
            "description": webhook.description,
            "url": webhook.url,
            "job_id": webhook.job_id,
            "format": webhook.format,
            "enable_ssl_verification": webhook.enable_ssl_verification,
            "has_secrets": webhook.secrets is not None,
            "events": webhook.event_names,
            "status": webhook.status,
            "model_name": webhook.model_name,
            "user_id": webhook.user_id,
            "creation_timestamp": webhook.creation_timestamp,
            "last_updated_timestamp": webhook.last_updated_timestamp,
            "pending": queue.pending,
            "dead": queue.dead,
            "last": None if queue.last is None else webhook_deliveries.entity(queue.last),
        }
    )
