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


class FailureReason(StrEnum):
    """Why there is no answer, as the ``error`` of a delivery begins, before a colon and the details."""

    NAME_LOOKUP = "name lookup failed"
    ADDRESS_REFUSED = "address refused"
    NOT_REACHABLE = "not reachable"
    CONNECTION_REFUSED = "connection refused"
    CONNECTION_LOST = "connection lost"
    CERTIFICATE_REFUSED = "bad certificate"
    TLS_FAILED = "TLS failed"
    TIMEOUT = "timeout"
    NOT_HTTP = "not HTTP"
    MAIL_REFUSED = "mail refused"
    NOT_SENT = "not sent"

    def error(self, details: str) -> str:
        """The error with this reason."""
        return f"{self.value}: {details}"

    @classmethod
    def of(cls, error: str | None) -> "FailureReason | None":
        """The reason with which an error begins; None if it is of an older server, or does not say any."""
        begin = (error or "").partition(":")[0]
        return next((each for each in cls if each.value == begin), None)


class ListWebhookDeliveries(RequestBody):
    """A webhook's deliveries, newest first."""

    id: Text
    status: DeliveryStatus | None = None
    max_results: Integer = Field(default=100, ge=1, le=1000)
    page_token: Text = ""


class WebhookDelivery(Entity):
    """An event for a webhook; ``model_name`` and ``version`` say of what, named as it was then. ``sent_timestamp``,
    ``latency_ms``, ``response_status``, ``response_body`` (its first 4 KiB) and ``error`` (which begins with a
    FailureReason where the reason is known) are of the last attempt; ``due_timestamp`` is the time of the next one."""

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
    ``from``, of one ``status`` or of any but PENDING. Each keeps its id. One by its id that is PENDING is tried now,
    without waiting for its next attempt, and so are those before it, which are sent first. With a ``status``, nothing
    happens if it has another one by now: what was sent meanwhile is not sent again."""

    id: Text
    delivery_id: Text | None = None
    from_: Milliseconds | None = Field(default=None, alias="from")
    to: Milliseconds | None = None
    status: DeliveryStatus | None = None


class ReplayedDeliveries(Entity):
    """``replayed``: how many were queued again, or are tried now; 0 for one that has another status by now."""

    replayed: int
