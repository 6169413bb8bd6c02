"""Transition requests: a version's transition to a stage that needs approval."""

from enum import StrEnum

from pydantic import Field

from tui_registry_server.wire.fields import Description, Entity, Id, Integer, Milliseconds, RequestBody, Text, Version
from tui_registry_server.wire.permission import PermissionLevel
from tui_registry_server.wire.stage import Stage
from tui_registry_server.wire.tag import Tag


class RequestAction(StrEnum):
    """What the caller may do with a request."""

    APPROVE = "APPROVE_TRANSITION_REQUEST"
    REJECT = "REJECT_TRANSITION_REQUEST"
    CANCEL = "CANCEL_TRANSITION_REQUEST"


class TransitionRequest(Entity):
    """An open request. Its key on the wire is (name, version, to_stage, user_id)."""

    id: Id
    activity_type: str = "REQUESTED_TRANSITION"
    creation_timestamp: Milliseconds
    last_updated_timestamp: Milliseconds
    user_id: str
    from_stage: Stage
    to_stage: Stage
    comment: str | None = None
    available_actions: list[RequestAction] = []


class InboxRequest(TransitionRequest):
    """An open request in a list: with its model, its version, and the versions that are in the stage now.

    leaves_empty: whether the version is the only one in Production, which it would leave.
    """

    name: str
    version: str
    displaces: list[str] = []
    leaves_empty: bool = False


class CreateTransitionRequest(RequestBody):
    name: Text
    version: Version
    stage: Text
    comment: Description | None = None


class ListTransitionRequests(RequestBody):
    """With a name and a version: that version's open requests. With a name alone, or neither: those of the model, or
    of all models (the inbox), newest first, paged."""

    name: Text | None = None
    version: Version | None = None
    max_results: Integer = Field(default=100, ge=1, le=1000)
    page_token: Text = ""


class ApproveTransitionRequest(RequestBody):
    """Closes all open requests of that version for that stage."""

    name: Text
    version: Version
    stage: Text
    archive_existing_versions: bool
    comment: Description | None = None


class RejectTransitionRequest(RequestBody):
    """Closes all open requests of that version for that stage."""

    name: Text
    version: Version
    stage: Text
    comment: Description | None = None


class DeleteTransitionRequest(RequestBody):
    """Cancels the request that was created by ``creator``, a user's name."""

    name: Text
    version: Version
    stage: Text
    creator: Text
    comment: Description | None = None


class TransitionRequestAnswer(Entity):
    request: TransitionRequest


class InboxPage(Entity):
    requests: list[InboxRequest] = []
    next_page_token: str | None = None


class ModelVersionDatabricks(Entity):
    """A version as Databricks shows it: with the caller's level on its model, and the open requests."""

    name: str
    version: str
    creation_timestamp: Milliseconds
    last_updated_timestamp: Milliseconds
    user_id: str | None = None
    current_stage: Stage
    description: str | None = None
    source: str | None = None
    run_id: str | None = None
    run_link: str | None = None
    model_id: str | None = None
    status: str = "READY"
    status_message: str | None = None
    tags: list[Tag] = []
    permission_level: PermissionLevel
    open_requests: list[TransitionRequest] = []


class ModelVersionDatabricksAnswer(Entity):
    model_version_databricks: ModelVersionDatabricks
