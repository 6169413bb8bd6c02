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
from tui_registry_server.store import comments, feed, model_versions
from tui_registry_server.store.feed import Filter
from tui_registry_server.wire.activity import ActivityType
from tui_registry_server.wire.stage import EXCLUSIVE_STAGES
from tui_registry_server.wire.transition_review import ReviewTransition

MAX_DISPLACED = 10
MAX_DISPLACED_CHARACTERS = 2 * 1024 * 1024  # a version can have 4 MiB of tags
MAX_COMMENTS = 3
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
    others = model_versions.in_stage(call.connection, version.model_id, stage) if stage in EXCLUSIVE_STAGES else []
    displaced = [number for number in reversed(others) if number != version.version]
    filter_ = Filter(model_id=version.model_id, version=version.version, types=_ACTIVITY_TYPES)
    activities, _ = feed.feed(call.connection, call.principal, filter_, before=None, limit=MAX_ACTIVITIES)
    newest = comments.newest_of_version(
        call.connection, call.principal, version.model_id, version.version, limit=MAX_COMMENTS
    )
    answer: dict[str, Any] = json.loads(document)
    return answer | without_empty(
        {
            "displaced": _documents(call, version.model_id, displaced),
            "comments": [comment_entity(call, row) for row in newest],
            "activities": [activity_entity(row) for row in activities],
        }
    )


def _documents(call: Call, model_id: str, numbers: list[int]) -> list[dict[str, Any]]:
    """The first of these versions: MAX_DISPLACED, and MAX_DISPLACED_CHARACTERS of JSON, but at least one."""
    documents: list[dict[str, Any]] = []
    size = 0
    for number in numbers[:MAX_DISPLACED]:
        document = model_versions.read_document(call.connection, model_id, number)
        size += len(document)
        if documents and size > MAX_DISPLACED_CHARACTERS:
            break
        documents.append(json.loads(document))
    return documents
