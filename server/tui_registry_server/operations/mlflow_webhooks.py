"""Webhooks in MLflow's form."""

import json
import uuid
from typing import Any

from tui_registry_server.operations import webhook_changes
from tui_registry_server.operations.call import Answer, Call, WebhookTest
from tui_registry_server.operations.record import without_empty
from tui_registry_server.operations.subjects import Subject
from tui_registry_server.operations.webhook_subjects import WebhookSubject
from tui_registry_server.operations.webhook_test import prepared
from tui_registry_server.rules.errors import InvalidParameterValue
from tui_registry_server.rules.page_tokens import digest, read_token, write_token
from tui_registry_server.rules.webhook_events import Dialect
from tui_registry_server.rules.webhook_http import Outcome
from tui_registry_server.store import webhooks
from tui_registry_server.store.webhooks import WebhookRow
from tui_registry_server.wire.mlflow_webhook import (
    CreateWebhook,
    ListWebhooks,
    TestWebhook,
    UpdateWebhook,
    WebhookEvent,
    WebhookId,
)
from tui_registry_server.wire.webhook_events import VALID_ACTIONS


def create(call: Call, body: CreateWebhook, subject: Subject) -> Answer:
    """Create a webhook: a receiver is notified of events of the whole registry."""
    webhook = WebhookRow(
        id=uuid.uuid4().hex,
        dialect=Dialect.MLFLOW.value,
        name=body.name,
        description=body.description,
        url=body.url,
        job_id=None,
        enable_ssl_verification=True,
        secrets=webhook_changes.sealed(call, {"secret": body.secret}),
        events=_events(body.events),
        status=body.status.value,
        model_id=None,
        model_name=None,
        principal_id=call.principal.id,
        user_id=call.principal.name,
        workspace_id=call.principal.workspace_id,
        creation_timestamp=call.now,
        last_updated_timestamp=call.now,
    )
    webhook_changes.create(call, webhook)
    return {"webhook": _entity(webhook)}


def listed(call: Call, body: ListWebhooks, subject: Subject) -> Answer:
    """All webhooks in this form, newest first."""
    query = digest("mlflow webhooks")
    position = read_token(body.page_token, query, (int, str)) if body.page_token else None
    rows, more = webhooks.page(
        call.connection,
        call.principal,
        Dialect.MLFLOW.value,
        model_id=None,
        before=None if position is None else (int(position[0]), str(position[1])),
        limit=body.max_results,
    )
    return without_empty(
        {
            "webhooks": [_entity(row) for row in rows],
            "next_page_token": write_token(query, (rows[-1].creation_timestamp, rows[-1].id)) if more else None,
        }
    )


def get(call: Call, body: WebhookId, subject: WebhookSubject) -> Answer:
    """One webhook."""
    return {"webhook": _entity(subject.webhook)}


def update(call: Call, body: UpdateWebhook, subject: WebhookSubject) -> Answer:
    """Change a webhook: from now on it sends what the caller may read."""
    given = body.model_dump(include={"name", "description", "url"}, exclude_none=True)
    after = subject.webhook._replace(**given)
    if body.events is not None:
        after = after._replace(events=_events(body.events))
    if body.status is not None:
        after = after._replace(status=body.status.value)
    if body.secret is not None:
        after = after._replace(secrets=webhook_changes.sealed(call, {"secret": body.secret}))
    return {"webhook": _entity(webhook_changes.change(call, subject.webhook, after))}


def delete(call: Call, body: WebhookId, subject: WebhookSubject) -> Answer:
    """Delete a webhook with its deliveries."""
    webhook_changes.delete(call, subject.webhook)
    return {}


def test(call: Call, body: TestWebhook, subject: WebhookSubject) -> WebhookTest:
    """Send an example of an event at once, and return what the receiver answers."""
    event = subject.webhook.event_names[0] if body.event is None else _name(body.event)
    return prepared(call, subject.webhook, event, _result)


def _result(outcome: Outcome) -> Answer:
    refused = None if outcome.is_success else f"The receiver answered with status {outcome.status}."
    result = {
        "success": outcome.is_success,
        "response_status": outcome.status,
        "response_body": outcome.body,
        "error_message": outcome.error or refused,
    }
    return {"result": without_empty(result)}


def _entity(webhook: WebhookRow) -> dict[str, Any]:
    names = (event.upper().partition(".") for event in webhook.event_names)
    return without_empty(
        {
            "webhook_id": webhook.id,
            "name": webhook.name,
            "description": webhook.description,
            "url": webhook.url,
            "events": [{"entity": entity, "action": action} for entity, _, action in names],
            "status": webhook.status,
            "creation_timestamp": webhook.creation_timestamp,
            "last_updated_timestamp": webhook.last_updated_timestamp,
        }
    )


def _events(events: list[WebhookEvent]) -> str:
    """As they are stored, and sent: ``model_version.created``."""
    if not events:
        raise InvalidParameterValue("Give at least one event in 'events'.")
    return json.dumps(list(dict.fromkeys(map(_name, events))))


def _name(event: WebhookEvent) -> str:
    valid = VALID_ACTIONS[event.entity]
    if event.action not in valid:
        raise InvalidParameterValue(
            f"Invalid action '{event.action.lower()}' for entity '{event.entity.lower()}'. Valid actions are: "
            f"{[action.lower() for action in valid]}."
        )
    return f"{event.entity}.{event.action}".lower()
