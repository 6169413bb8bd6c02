"""Comments on a model version."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from tui_registry_server.wire.fields import Entity, Id, Integer, Milliseconds, RequestBody, Text, Version

MAX_COMMENT_LENGTH = 65_535

CommentText = Annotated[Text, Field(min_length=1, max_length=MAX_COMMENT_LENGTH)]


class CommentAction(StrEnum):
    """What the caller may do with a comment."""

    EDIT = "EDIT_COMMENT"
    DELETE = "DELETE_COMMENT"


class Comment(Entity):
    id: Id
    user_id: str
    comment: str
    creation_timestamp: Milliseconds
    last_updated_timestamp: Milliseconds
    available_actions: list[CommentAction] = []


class CreateComment(RequestBody):
    name: Text
    version: Version
    comment: CommentText


class UpdateComment(RequestBody):
    id: Text
    comment: CommentText


class CommentId(RequestBody):
    id: Text


class ListComments(RequestBody):
    """A version's comments, oldest first."""

    name: Text
    version: Version
    max_results: Integer = Field(default=1000, ge=1, le=1000)
    page_token: Text = ""


class CommentAnswer(Entity):
    comment: Comment


class CommentList(Entity):
    comments: list[Comment] = []
    next_page_token: str | None = None
