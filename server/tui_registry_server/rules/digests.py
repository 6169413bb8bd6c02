"""When followers are notified, and of what."""

from tui_registry_server.wire.follow import Digest
from tui_registry_server.wire.webhook_events import RegistryWebhookEvent as Event

HOUR = 60 * 60 * 1000  # milliseconds
DAY = 24 * HOUR
DAILY_AT = 6 * HOUR  # after midnight, UTC

OF_MODEL = (
    Event.MODEL_VERSION_CREATED,
    Event.TRANSITION_REQUEST_CREATED,
    Event.TRANSITION_REQUEST_APPROVED,
    Event.TRANSITION_REQUEST_REJECTED,
    Event.TRANSITION_REQUEST_CANCELLED,
    Event.MODEL_VERSION_TRANSITIONED_STAGE,
    Event.COMMENT_CREATED,
    Event.ALIAS_SET,
    Event.ALIAS_DELETED,
    Event.MODEL_VERSION_DELETED,
    Event.REGISTERED_MODEL_RENAMED,
    Event.REGISTERED_MODEL_DELETED,
)
"""What followers of a model get. A change is reported once: an approved request is not a transition besides."""

OF_REQUESTS = (Event.TRANSITION_REQUEST_CREATED,)
"""What who follows the requests that wait for them is notified of."""


def due(digest: str | None, now: int) -> int:
    """When a change of now is sent (milliseconds); for webhooks, which have no digest, at once."""
    if digest == Digest.HOURLY:
        return now - now % HOUR + HOUR
    if digest == Digest.DAILY:
        return now - (now - DAILY_AT) % DAY + DAY
    return now


def is_collected(digest: str | None) -> bool:
    """Whether the changes until then are one message."""
    return digest in (Digest.HOURLY, Digest.DAILY)
