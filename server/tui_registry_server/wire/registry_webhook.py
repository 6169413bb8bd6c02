"""Webhooks in Databricks' form: of one model, or of the whole registry."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from tui_registry_server.wire.fields import Description, Entity, Integer, Milliseconds, RequestBody, Text
from tui_registry_server.wire.lists import MAX_EVENTS, MaxLength
from tui_registry_server.wire.webhook_events import RegistryWebhookEvent

MAX_URL_LENGTH = 2000
MAX_SECRET_LENGTH = 4000

Url = Annotated[Text, Field(min_length=1, max_length=MAX_URL_LENGTH, examples=["https://hooks.example.com/registry"])]
Secret = Annotated[Text, Field(max_length=MAX_SECRET_LENGTH)]
"""Stored encrypted, and never shown again."""


class RegistryWebhookStatus(StrEnum):
    """TEST_MODE: sends only when it is tested. DISABLED: sends nothing."""

    ACTIVE = "ACTIVE"
    TEST_MODE = "TEST_MODE"
    DISABLED = "DISABLED"


class WebhookFormat(StrEnum):
    """Of a webhook's messages. JSON: as Databricks or MLflow document them. SLACK, TEAMS: as incoming webhooks of Slack
    and workflows of Microsoft Teams take them. EMAIL: to an address, with the URL ``mailto:ada@example.com``."""

    JSON = "JSON"
    SLACK = "SLACK"
    TEAMS = "TEAMS"
    EMAIL = "EMAIL"


class HttpUrlSpec(RequestBody):
    """Where to POST events. ``secret`` is the key of the signature, ``authorization`` the header of that name."""

    url: Url
    enable_ssl_verification: bool = True
    secret: Secret | None = None
    authorization: Secret | None = None


class JobSpec(RequestBody):
    """A job of a Databricks workspace, which every event runs."""

    job_id: Text = Field(pattern=r"^[0-9]{1,18}$")
    access_token: Secret = Field(min_length=1)
    workspace_url: Url | None = None


class CreateRegistryWebhook(RequestBody):
    """Without ``model_name``, of the whole registry. Exactly one of ``http_url_spec`` and ``job_spec`` is given."""

    events: Annotated[list[RegistryWebhookEvent], MaxLength(MAX_EVENTS)]
    model_name: Text | None = None
    description: Description | None = None
    status: RegistryWebhookStatus = RegistryWebhookStatus.ACTIVE
    format: WebhookFormat = WebhookFormat.JSON
    http_url_spec: HttpUrlSpec | None = None
    job_spec: JobSpec | None = None


class UpdateRegistryWebhook(RequestBody):
    """Each field that is given is replaced as a whole."""

    id: Text
    events: Annotated[list[RegistryWebhookEvent], MaxLength(MAX_EVENTS)] | None = None
    description: Description | None = None
    status: RegistryWebhookStatus | None = None
    format: WebhookFormat | None = None
    http_url_spec: HttpUrlSpec | None = None
    job_spec: JobSpec | None = None


class ListRegistryWebhooks(RequestBody):
    """Of a model or, without ``model_name``, all that the caller may manage; with ``events``, those of any of them."""

    model_name: Text | None = None
    events: Annotated[list[RegistryWebhookEvent], MaxLength(MAX_EVENTS)] = []
    max_results: Integer = Field(default=100, ge=1, le=1000)
    page_token: Text = ""


class RegistryWebhookId(RequestBody):
    id: Text


class TestRegistryWebhook(RequestBody):
    """``event``: by default, the webhook's first."""

    id: Text
    event: RegistryWebhookEvent | None = None


class HttpUrl(Entity):
    """Without secrets."""

    url: str
    enable_ssl_verification: bool


class Job(Entity):
    """Without the access token."""

    job_id: str
    workspace_url: str


class RegistryWebhook(Entity):
    id: str
    creation_timestamp: Milliseconds
    last_updated_timestamp: Milliseconds
    description: str | None = None
    events: list[RegistryWebhookEvent] = []
    status: RegistryWebhookStatus
    format: WebhookFormat | None = None
    """None for JSON."""
    model_name: str | None = None
    http_url_spec: HttpUrl | None = None
    job_spec: Job | None = None
    user_id: str | None = None
    """Who created or last changed it: it sends what they may read."""


class RegistryWebhookAnswer(Entity):
    webhook: RegistryWebhook


class RegistryWebhookPage(Entity):
    webhooks: list[RegistryWebhook] = []
    next_page_token: str | None = None


class RegistryWebhookTest(Entity):
    """The receiver's answer: its status, the beginning of its body, and how long it took; without ``status_code``,
    ``body`` says why there was none."""

    status_code: int | None = None
    body: str | None = None
    latency_ms: int | None = None
