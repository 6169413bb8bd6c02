"""Deliveries of events to webhooks of either form, and sending them again."""

from enum import StrEnum

from pydantic import Field

from tui_registry_server.wire.fields import Entity, Integer, Milliseconds, RequestBody, Text, Version


class DeliveryStatus(StrEnum):
    """PENDING: still to be sent. DEAD: given up. WITHHELD: not sent, as the webhook's owner may not read it."""

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    DEAD = "DEAD"
    WITHHELD = "WITHHELD"


class ListWebhookDeliveries(RequestBody):
    """A webhook's deliveries, newest first."""

    id: Text
    status: DeliveryStatus | None = None
    max_results: Integer = Field(default=100, ge=1, le=1000)
    page_token: Text = ""


class WebhookDelivery(Entity):
    """An event for a webhook; ``model_name`` and ``version`` say of what, named as it was then. ``sent_timestamp``,
    ``latency_ms``, ``response_status``, ``response_body`` (its first 4 KiB) and ``error`` are of the last attempt;
    ``due_timestamp`` is the time of the next one."""

    id: str
    event: str
    model_name: str | None = None
    version: Version | None = None
    status: DeliveryStatus
    attempts: int
    creation_timestamp: Milliseconds
    due_timestamp: Milliseconds | None = None
    sent_timestamp: Milliseconds | None = None
    latency_ms: int | None = None
    response_status: int | None = None
    response_body: str | None = None
    error: str | None = None


class WebhookDeliveryPage(Entity):
    deliveries: list[WebhookDelivery] = []
    next_page_token: str | None = None


class ReplayDeliveries(RequestBody):
    """Send deliveries again: one by its ``delivery_id``, or those created from ``from`` until before ``to``, or since
    ``from``, of one ``status`` or of any but PENDING. Each keeps its id."""

    id: Text
    delivery_id: Text | None = None
    from_: Milliseconds | None = Field(default=None, alias="from")
    to: Milliseconds | None = None
    status: DeliveryStatus | None = None


class ReplayedDeliveries(Entity):
    """``replayed``: how many were queued again."""

    replayed: int
