"""Webhooks in MLflow's form: of the whole registry."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from tui_registry_server.wire.fields import Description, Entity, Integer, Milliseconds, RequestBody, Text
from tui_registry_server.wire.lists import MAX_EVENTS, MaxLength
from tui_registry_server.wire.registry_webhook import Secret, Url
from tui_registry_server.wire.webhook_events import WebhookAction, WebhookEntity

MAX_NAME_LENGTH = 256

WebhookName = Annotated[Text, Field(min_length=1, max_length=MAX_NAME_LENGTH)]


class WebhookStatus(StrEnum):
    ACTIVE = "ACTIVE"
    DISABLED = "DISABLED"


class WebhookEvent(RequestBody):
    """The action must be one of the entity's: see wire.webhook_events.VALID_ACTIONS."""

    entity: WebhookEntity
    action: WebhookAction


class CreateWebhook(RequestBody):
    name: WebhookName
    url: Url
    events: Annotated[list[WebhookEvent], MaxLength(MAX_EVENTS)]
    description: Description | None = None
    secret: Secret | None = None
    status: WebhookStatus = WebhookStatus.ACTIVE


class UpdateWebhook(RequestBody):
    """Each field that is given is replaced. An empty ``secret`` removes it."""

    webhook_id: Text
    name: WebhookName | None = None
    url: Url | None = None
    events: Annotated[list[WebhookEvent], MaxLength(MAX_EVENTS)] | None = None
    description: Description | None = None
    secret: Secret | None = None
    status: WebhookStatus | None = None


class ListWebhooks(RequestBody):
    """Newest first."""

    max_results: Integer = Field(default=100, ge=1, le=1000)
    page_token: Text = ""


class WebhookId(RequestBody):
    webhook_id: Text


class TestWebhook(RequestBody):
    """``event``: by default, the webhook's first."""

    webhook_id: Text
    event: WebhookEvent | None = None


class Webhook(Entity):
    """Without its secret."""

    webhook_id: str
    name: str
    description: str | None = None
    url: str
    events: list[WebhookEvent] = []
    status: WebhookStatus
    creation_timestamp: Milliseconds
    last_updated_timestamp: Milliseconds


class WebhookAnswer(Entity):
    webhook: Webhook


class WebhookPage(Entity):
    webhooks: list[Webhook] = []
    next_page_token: str | None = None


class WebhookTestResult(Entity):
    """The receiver's answer, or why there was none."""

    success: bool
    response_status: int | None = None
    response_body: str | None = None
    error_message: str | None = None


class WebhookTest(Entity):
    result: WebhookTestResult
