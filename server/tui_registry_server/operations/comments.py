"""Operations on comments."""

import hashlib
import uuid
from typing import Any

from tui_registry_server.operations.call import Answer, Call
from tui_registry_server.operations.record import record, without_empty
from tui_registry_server.operations.subjects import CommentSubject, VersionSubject
from tui_registry_server.rules.errors import Conflict
from tui_registry_server.rules.page_tokens import digest, read_token, write_token
from tui_registry_server.rules.permissions import comment_actions
from tui_registry_server.store import comments
from tui_registry_server.store.comments import CommentRow
from tui_registry_server.wire.activity import ActivityType
from tui_registry_server.wire.comment import CommentId, CreateComment, ListComments, UpdateComment


def create(call: Call, body: CreateComment, subject: VersionSubject) -> Answer:
    """Comment on a version."""
    version = subject.version
    comment_id = uuid.uuid4().hex
    comments.add(
        call.connection,
        comment_id=comment_id,
        model_id=version.model_id,
        version=version.version,
        principal=call.principal,
        text=body.comment,
        now=call.now,
    )
    record(
        call,
        ActivityType.NEW_COMMENT,
        model_id=version.model_id,
        model_name=version.name,
        version=version.version,
        comment_id=comment_id,
        detail=_changed(None, body.comment),
    )
    return _read(call, comment_id)


def update(call: Call, body: UpdateComment, subject: CommentSubject) -> Answer:
    """Change the text, also in the feed."""
    comments.edit(call.connection, subject.comment.id, body.comment, call.now)
    _record(call, ActivityType.EDITED_COMMENT, subject.comment, body.comment)
    return _read(call, subject.comment.id)


def delete(call: Call, body: CommentId, subject: CommentSubject) -> Answer:
    """Delete a comment, also its text in the feed."""
    comments.remove(call.connection, subject.comment.id)
    _record(call, ActivityType.DELETED_COMMENT, subject.comment, None)
    return {}


def of_version(call: Call, body: ListComments, subject: VersionSubject) -> Answer:
    """The version's comments, oldest first."""
    version = subject.version
    query = digest("comments", {"model": version.model_id, "version": version.version})
    time, comment_id = read_token(body.page_token, query, (int, str)) if body.page_token else (0, "")
    rows, more = comments.of_version(
        call.connection,
        call.principal,
        version.model_id,
        version.version,
        after=(int(time), str(comment_id)),
        limit=body.max_results,
    )
    return without_empty(
        {
            "comments": [comment_entity(call, row) for row in rows],
            "next_page_token": write_token(query, (rows[-1].creation_timestamp, rows[-1].id)) if more else None,
        }
    )


def _read(call: Call, comment_id: str) -> Answer:
    row = comments.find(call.connection, call.principal, comment_id)
    if row is None:
        raise Conflict("The comment was deleted concurrently.")
    return {"comment": comment_entity(call, row)}


def comment_entity(call: Call, row: CommentRow) -> dict[str, Any]:
    """A comment as lists show it, with what the caller may do with it."""
    actions = comment_actions(row.level, author=row.principal_id == call.principal.id)
    entity: dict[str, Any] = {
        "id": row.id,
        "user_id": row.user_id,
        "comment": row.comment,
        "creation_timestamp": row.creation_timestamp,
        "last_updated_timestamp": row.last_updated_timestamp,
    }
    return entity | ({"available_actions": actions} if actions else {})


def _record(call: Call, activity_type: ActivityType, comment: CommentRow, text: str | None) -> None:
    """``text`` is the new one; None for a deleted comment."""
    whose = None if comment.principal_id == call.principal.id else f"{comment.user_id}'s comment"
    record(
        call,
        activity_type,
        model_id=comment.model_id,
        model_name=comment.name,
        version=comment.version,
        system_comment=whose,
        detail=_changed(comment.comment, text),
    )


def _changed(before: str | None, after: str | None) -> dict[str, Any]:
    """For the audit log, which has digests only of texts that their authors may delete."""
    digests = (None if text is None else hashlib.sha256(text.encode()).hexdigest() for text in (before, after))
    return {"comment_sha256": list(digests)}
