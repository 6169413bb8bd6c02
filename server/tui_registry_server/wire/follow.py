"""What somebody follows: a model, or the requests that wait for them; and how they are notified."""

from enum import StrEnum

from pydantic import Field

from tui_registry_server.wire.fields import Entity, Milliseconds, RequestBody, Text
from tui_registry_server.wire.registry_webhook import Url

MAX_FOLLOWS = 200
"""Of one person."""
MAX_ADDRESS_LENGTH = 254  # RFC 5321


class Digest(StrEnum):
    """How often a follower is notified. NOW: of each change, at once. HOURLY, DAILY: of all since the last time, on the
    hour or at 06:00 UTC, and not at all if there were none."""

    NOW = "NOW"
    HOURLY = "HOURLY"
    DAILY = "DAILY"


class SetFollow(RequestBody):
    """Without ``model_name``, follow all requests that the caller may decide. By e-mail, to the caller's own address if
    none is given, or to one of Slack's incoming webhooks. It replaces what the caller has set before of the same."""

    model_name: Text | None = None
    digest: Digest = Digest.NOW
    email: Text | None = Field(default=None, max_length=MAX_ADDRESS_LENGTH)
    slack_url: Url | None = None


class FollowId(RequestBody):
    id: Text


class Follow(Entity):
    """One of ``email`` and ``slack_url`` is given. ``problem``: why the last message did not arrive."""

    id: str
    model_name: str | None = None
    digest: Digest
    email: str | None = None
    slack_url: str | None = None
    creation_timestamp: Milliseconds
    last_updated_timestamp: Milliseconds
    problem: str | None = None


class FollowAnswer(Entity):
    follow: Follow


class FollowList(Entity):
    follows: list[Follow] = []
