"""What one needs to know to decide a transition request: one answer for all of it."""

from tui_registry_server.wire.activity import FeedActivity
from tui_registry_server.wire.comment import Comment
from tui_registry_server.wire.fields import Entity, RequestBody, Text, Version
from tui_registry_server.wire.model_version import ModelVersion


class ReviewTransition(RequestBody):
    """A version, and the stage that it is to be moved to."""

    name: Text
    version: Version
    stage: Text


class TransitionReview(Entity):
    """``displaced``: the highest versions in the stage, if it is one that a version has to itself; not all of them, if
    they are many or large. ``comments`` are the version's newest, oldest first; ``activities`` its newest, newest
    first, without comments."""

    model_version: ModelVersion
    displaced: list[ModelVersion] = []
    comments: list[Comment] = []
    activities: list[FeedActivity] = []
