"""What one needs to know to decide a transition request: one answer for all of it."""

from tui_registry_server.wire.activity import FeedActivity
from tui_registry_server.wire.comment import Comment
from tui_registry_server.wire.fields import Entity, Milliseconds, RequestBody, Text, Version
from tui_registry_server.wire.model_version import ModelVersion
from tui_registry_server.wire.stage import Stage


class ReviewTransition(RequestBody):
    """A version, and the stage that it is to be moved to."""

    name: Text
    version: Version
    stage: Text


class DisplacedVersion(Entity):
    """A summary of a version that would be displaced."""

    version: str
    current_stage: Stage
    creation_timestamp: Milliseconds
    last_updated_timestamp: Milliseconds
    user_id: str | None = None


class TransitionReview(Entity):
    """``model_description``: the beginning of the model's description, at most 2,001 characters. ``displaced``: the
    highest versions in the stage, if it is one that a version has to itself; not all of them, if they are many.
    ``comments`` are the version's newest, oldest first; ``activities`` its newest, newest first, without comments."""

    model_version: ModelVersion
    model_description: str | None = None
    displaced: list[DisplacedVersion] = []
    comments: list[Comment] = []
    activities: list[FeedActivity] = []
