"""Webhooks of either form, with what became of their deliveries."""

from pydantic import Field

from tui_registry_server.wire.fields import Entity, Integer, Milliseconds, RequestBody, Text
from tui_registry_server.wire.registry_webhook import RegistryWebhookStatus, WebhookFormat
from tui_registry_server.wire.webhook_delivery import WebhookDelivery

MAX_COUNTED = 1000
"""Deliveries of a webhook that are counted; of more it is this number."""


class ListWebhookOverviews(RequestBody):
    """Of a model or, without ``model_name``, all that the caller may manage, newest first."""

    model_name: Text | None = None
    max_results: Integer = Field(default=100, ge=1, le=1000)
    page_token: Text = ""


class WebhookOverview(Entity):
    """A webhook without its secrets. ``form``: whose API made it, databricks or mlflow. ``pending`` and ``dead`` count
    the deliveries that are to be sent and those that were given up, up to 1000. ``last`` is the one that was tried
    last."""

    id: str
    form: str
    name: str | None = None
    description: str | None = None
    url: str
    job_id: str | None = None
    format: WebhookFormat
    enable_ssl_verification: bool
    has_secrets: bool
    events: list[str] = []
    status: RegistryWebhookStatus
    model_name: str | None = None
    user_id: str
    creation_timestamp: Milliseconds
    last_updated_timestamp: Milliseconds
    pending: int
    dead: int
    last: WebhookDelivery | None = None


class WebhookOverviewPage(Entity):
    webhooks: list[WebhookOverview] = []
    next_page_token: str | None = None
