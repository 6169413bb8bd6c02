"""Webhooks in Databricks' form."""

import json
import uuid
from typing import Any

from tui_registry_server.operations import subjects, webhook_changes
from tui_registry_server.operations.call import Answer, Call, WebhookTest
from tui_registry_server.operations.record import without_empty
from tui_registry_server.operations.webhook_subjects import ScopeSubject, WebhookSubject
from tui_registry_server.operations.webhook_test import prepared
from tui_registry_server.rules.errors import InvalidParameterValue
from tui_registry_server.rules.page_tokens import digest, read_token, write_token
from tui_registry_server.rules.webhook_events import Dialect
from tui_registry_server.store import webhooks
from tui_registry_server.store.webhooks import WebhookRow
from tui_registry_server.wire.registered_model import ModelName
from tui_registry_server.wire.registry_webhook import (
    CreateRegistryWebhook,
    HttpUrlSpec,
    JobSpec,
    ListRegistryWebhooks,
    RegistryWebhookId,
    TestRegistryWebhook,
    UpdateRegistryWebhook,
    WebhookFormat,
)
from tui_registry_server.wire.webhook_events import RegistryWebhookEvent


def create(call: Call, body: CreateRegistryWebhook, subject: ScopeSubject) -> Answer:
    """Create a webhook of a model or, as an administrator, of the whole registry: a receiver is notified of events."""
    model = subject.model
    if (body.http_url_spec is None) == (body.job_spec is None):
        raise InvalidParameterValue("Give exactly one of 'http_url_spec' and 'job_spec'.")
    webhook = _with_receiver(
        call,
        WebhookRow(
            id=uuid.uuid4().hex,
            dialect=Dialect.DATABRICKS.value,
            name=None,
            description=body.description,
            url="",
            job_id=None,
            enable_ssl_verification=True,
            secrets=None,
            events=_events(body.events, of_model=model is not None),
            status=body.status.value,
            model_id=None if model is None else model.id,
            model_name=None if model is None else model.name,
            principal_id=call.principal.id,
            user_id=call.principal.name,
            workspace_id=call.principal.workspace_id,
            creation_timestamp=call.now,
            last_updated_timestamp=call.now,
            format=body.format.value,
        ),
        body.http_url_spec,
        body.job_spec,
    )
    _check_format(webhook)
    webhook_changes.create(call, webhook)
    return {"webhook": entity(webhook)}


def listed(call: Call, body: ListRegistryWebhooks, subject: None) -> Answer:
    """The webhooks that the caller may manage, newest first."""
    model_id = None if body.model_name is None else subjects.model(call, ModelName(name=body.model_name)).model.id
    wanted = {event.value for event in body.events}
    query = digest("webhooks", {"model": model_id, "events": sorted(wanted)})
    position = read_token(body.page_token, query, (int, str)) if body.page_token else None
    found: list[WebhookRow] = []
    more = True
    before = None if position is None else (int(position[0]), str(position[1]))
    while more and len(found) < body.max_results:
        rows, more = webhooks.page(
            call.connection,
            call.principal,
            Dialect.DATABRICKS.value,
            model_id=model_id,
            before=before,
            limit=body.max_results - len(found),
        )
        found += [row for row in rows if not wanted or wanted & set(row.event_names)]
        if rows:
            before = (rows[-1].creation_timestamp, rows[-1].id)
    return without_empty(
        {
            "webhooks": [entity(row) for row in found],
            "next_page_token": write_token(query, before) if more and before is not None else None,
        }
    )


def update(call: Call, body: UpdateRegistryWebhook, subject: WebhookSubject) -> Answer:
    """Change a webhook: from now on it sends what the caller may read."""
    before = subject.webhook
    if body.http_url_spec is not None and body.job_spec is not None:
        raise InvalidParameterValue("Give only one of 'http_url_spec' and 'job_spec'.")
    after = _with_receiver(call, before, body.http_url_spec, body.job_spec)
    if body.events is not None:
        after = after._replace(events=_events(body.events, of_model=before.model_id is not None))
    if body.status is not None:
        after = after._replace(status=body.status.value)
    if body.description is not None:
        after = after._replace(description=body.description)
    if body.format is not None:
        after = after._replace(format=body.format.value)
    _check_format(after)
    return {"webhook": entity(webhook_changes.change(call, before, after))}


def delete(call: Call, body: RegistryWebhookId, subject: WebhookSubject) -> Answer:
    """Delete a webhook with its deliveries."""
    webhook_changes.delete(call, subject.webhook)
    return {}


def test(call: Call, body: TestRegistryWebhook, subject: WebhookSubject) -> WebhookTest:
    """Send an example of an event of a webhook of either form at once, and return what the receiver answers."""
    if body.event is not None and subject.webhook.dialect != Dialect.DATABRICKS:
        raise InvalidParameterValue("Leave out 'event': the webhook has events of MLflow's form, and gets its first.")
    event = subject.webhook.event_names[0] if body.event is None else body.event.value
    return prepared(
        call,
        subject.webhook,
        event,
        lambda outcome: without_empty(
            {
                "status_code": outcome.status,
                "body": outcome.error if outcome.status is None else outcome.body,
                "latency_ms": outcome.latency,
            }
        ),
    )


def entity(webhook: WebhookRow) -> dict[str, Any]:
    """A webhook as the wire shows it: without secrets."""
    receiver: dict[str, Any] = (
        {"http_url_spec": {"url": webhook.url, "enable_ssl_verification": webhook.enable_ssl_verification}}
        if webhook.job_id is None
        else {"job_spec": {"job_id": webhook.job_id, "workspace_url": webhook.url}}
    )
    return without_empty(
        {
            "id": webhook.id,
            "creation_timestamp": webhook.creation_timestamp,
            "last_updated_timestamp": webhook.last_updated_timestamp,
            "description": webhook.description,
            "events": webhook.event_names,
            "status": webhook.status,
            "format": None if webhook.format == WebhookFormat.JSON else webhook.format,
            "model_name": webhook.model_name,
            "user_id": webhook.user_id,
            **receiver,
        }
    )


def _events(events: list[RegistryWebhookEvent], *, of_model: bool) -> str:
    if not events:
        raise InvalidParameterValue("Give at least one event in 'events'.")
    if of_model and RegistryWebhookEvent.REGISTERED_MODEL_CREATED in events:
        raise InvalidParameterValue(
            "REGISTERED_MODEL_CREATED is an event of the whole registry: leave it out, or leave out 'model_name'."
        )
    return json.dumps([event.value for event in dict.fromkeys(events)])


def _check_format(webhook: WebhookRow) -> None:
    if webhook.format == WebhookFormat.JSON:
        return
    if webhook.job_id is not None:
        raise InvalidParameterValue("A job gets JSON: leave out 'format'.")
    if webhook.format == WebhookFormat.EMAIL and webhook.secrets is not None:
        raise InvalidParameterValue("E-mail has no signature and no header: leave out 'secret' and 'authorization'.")


def _with_receiver(call: Call, webhook: WebhookRow, http: HttpUrlSpec | None, job: JobSpec | None) -> WebhookRow:
    if http is not None:
        webhook_changes.check_header("http_url_spec.authorization", http.authorization)
        return webhook._replace(
            url=http.url,
            job_id=None,
            enable_ssl_verification=http.enable_ssl_verification,
            secrets=webhook_changes.sealed(call, {"secret": http.secret, "authorization": http.authorization}),
        )
    if job is not None:
        if job.workspace_url is None:
            raise InvalidParameterValue(
                "Give 'job_spec.workspace_url': this registry has no workspace of its own to run jobs in."
            )
        webhook_changes.check_header("job_spec.access_token", job.access_token)
        return webhook._replace(
            url=job.workspace_url,
            job_id=job.job_id,
            enable_ssl_verification=True,
            secrets=webhook_changes.sealed(call, {"access_token": job.access_token}),
        )
    return webhook
