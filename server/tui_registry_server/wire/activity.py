"""Activities: who did what, when. The first seven types are Databricks'; the rest are this registry's."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from tui_registry_server.wire.fields import Entity, Integer, Milliseconds, RequestBody, Text, Version
from tui_registry_server.wire.lists import MAX_ACTIVITY_TYPES, MaxLength
from tui_registry_server.wire.stage import Stage


class ActivityType(StrEnum):
    APPLIED_TRANSITION = "APPLIED_TRANSITION"
    REQUESTED_TRANSITION = "REQUESTED_TRANSITION"
    CANCELLED_REQUEST = "CANCELLED_REQUEST"
    APPROVED_REQUEST = "APPROVED_REQUEST"
    REJECTED_REQUEST = "REJECTED_REQUEST"
    NEW_COMMENT = "NEW_COMMENT"
    SYSTEM_TRANSITION = "SYSTEM_TRANSITION"
    EDITED_COMMENT = "EDITED_COMMENT"
    DELETED_COMMENT = "DELETED_COMMENT"
    CREATED_MODEL = "CREATED_MODEL"
    RENAMED_MODEL = "RENAMED_MODEL"
    UPDATED_MODEL = "UPDATED_MODEL"
    DELETED_MODEL = "DELETED_MODEL"
    CREATED_VERSION = "CREATED_VERSION"
    UPDATED_VERSION = "UPDATED_VERSION"
    DELETED_VERSION = "DELETED_VERSION"
    SET_TAG = "SET_TAG"
    DELETED_TAG = "DELETED_TAG"
    SET_ALIAS = "SET_ALIAS"
    DELETED_ALIAS = "DELETED_ALIAS"
    CHANGED_PERMISSIONS = "CHANGED_PERMISSIONS"
    CREATED_PRINCIPAL = "CREATED_PRINCIPAL"
    CHANGED_PRINCIPAL = "CHANGED_PRINCIPAL"
    DELETED_PRINCIPAL = "DELETED_PRINCIPAL"
    OFFBOARDED_PRINCIPAL = "OFFBOARDED_PRINCIPAL"
    CREATED_TOKEN = "CREATED_TOKEN"  # noqa: S105  # no password
    CHANGED_TOKEN = "CHANGED_TOKEN"  # noqa: S105  # no password
    DELETED_TOKEN = "DELETED_TOKEN"  # noqa: S105  # no password
    CREATED_SECRET = "CREATED_SECRET"  # noqa: S105  # no password
    DELETED_SECRET = "DELETED_SECRET"  # noqa: S105  # no password
    CREATED_FEDERATION_RULE = "CREATED_FEDERATION_RULE"
    DELETED_FEDERATION_RULE = "DELETED_FEDERATION_RULE"
    CREATED_WEBHOOK = "CREATED_WEBHOOK"
    CHANGED_WEBHOOK = "CHANGED_WEBHOOK"
    DELETED_WEBHOOK = "DELETED_WEBHOOK"
    TESTED_WEBHOOK = "TESTED_WEBHOOK"
    FOLLOWED = "FOLLOWED"
    UNFOLLOWED = "UNFOLLOWED"
    CREATED_WORKSPACE = "CREATED_WORKSPACE"
    CHANGED_WORKSPACE = "CHANGED_WORKSPACE"
    DELETED_WORKSPACE = "DELETED_WORKSPACE"
    IMPORTED_MODEL = "IMPORTED_MODEL"
    IMPORTED_VERSION = "IMPORTED_VERSION"
    IMPORTED_ACTIVITY = "IMPORTED_ACTIVITY"


class Activity(Entity):
    """One action. ``comment`` is its author's; ``system_comment`` is the registry's."""

    id: str
    activity_type: ActivityType
    creation_timestamp: Milliseconds
    last_updated_timestamp: Milliseconds
    user_id: str | None = None
    comment: str | None = None
    system_comment: str | None = None
    from_stage: Stage | None = None
    to_stage: Stage | None = None


class FeedActivity(Activity):
    """An activity of the feed: with its model and version."""

    name: str
    version: str | None = None


class ActivityAnswer(Entity):
    activity: Activity


class ListActivities(RequestBody):
    """The feed, newest first. ``from`` and ``to`` are times; ``from`` is included, ``to`` is not."""

    name: Text | None = None
    version: Version | None = None
    user: Text | None = None
    activity_type: Annotated[list[ActivityType], MaxLength(MAX_ACTIVITY_TYPES)] = []
    from_: Milliseconds | None = Field(default=None, alias="from")
    to: Milliseconds | None = None
    max_results: Integer = Field(default=100, ge=1, le=1000)
    page_token: Text = ""


class ActivityPage(Entity):
    activities: list[FeedActivity] = []
    next_page_token: str | None = None
