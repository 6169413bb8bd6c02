"""What one needs to know to decide a transition request.

One call in place of one a version, which an approver far away would wait for; all of it is of one moment.
"""

import json
from typing import Any

from tui_registry_server.operations.call import Answer, Call
from tui_registry_server.operations.comments import comment_entity
from tui_registry_server.operations.feed import activity_entity
from tui_registry_server.operations.record import without_empty
from tui_registry_server.operations.subjects import TransitionSubject, no_version
from tui_registry_server.store import comments, feed, model_versions, registered_models
from tui_registry_server.store.feed import Filter
from tui_registry_server.store.model_versions import VersionSummary
from tui_registry_server.wire.activity import ActivityType
from tui_registry_server.wire.stage import EXCLUSIVE_STAGES
from tui_registry_server.wire.transition_review import ReviewTransition

MAX_DISPLACED = 10
MAX_COMMENTS = 3
MAX_DESCRIPTION_LENGTH = 2_001  # characters of the model's description: one more than the console displays
MAX_ACTIVITIES = 5

_ACTIVITY_TYPES = tuple(
    each.value
    for each in ActivityType
    if each not in {ActivityType.NEW_COMMENT, ActivityType.EDITED_COMMENT, ActivityType.DELETED_COMMENT}
)


def review(call: Call, body: ReviewTransition, subject: TransitionSubject) -> Answer:
    """A version with its newest comments and activities, and the versions that it would displace."""
    version, stage = subject.version, subject.target
    document = model_versions.read(call.connection, call.principal, version.name, version.version)
    if document is None:
        raise no_version(version.name, version.version)
    displaced = (
        model_versions.highest_rows_in(
            call.connection, version.model_id, stage, but=version.version, limit=MAX_DISPLACED
        )
        if stage in EXCLUSIVE_STAGES
        else []
    )
    filter_ = Filter(model_id=version.model_id, version=version.version, types=_ACTIVITY_TYPES)
    activities, _ = feed.feed(call.connection, call.principal, filter_, before=None, limit=MAX_ACTIVITIES)
    newest = comments.newest_of_version(
        call.connection, call.principal, version.model_id, version.version, limit=MAX_COMMENTS
    )
    answer: dict[str, Any] = json.loads(document)
    return answer | without_empty(
        {
            "model_description": (registered_models.description(call.connection, version.model_id) or "")[
                :MAX_DESCRIPTION_LENGTH
            ],
            "displaced": [_displaced(row) for row in displaced],
            "comments": [comment_entity(call, row) for row in newest],
            "activities": [activity_entity(row) for row in activities],
        }
    )


def _displaced(row: VersionSummary) -> dict[str, Any]:
    return {
        "version": str(row.version),
        "current_stage": row.stage,
        "creation_timestamp": row.creation_timestamp,
        "last_updated_timestamp": row.last_updated_timestamp,
        "user_id": row.user_id,
    }
