"""Workspaces, as MLflow's client manages them: models of the same name may exist in several of them."""

from typing import Annotated

from pydantic import Field

from tui_registry_server.wire.fields import Description, Entity, RequestBody, Text

MAX_WORKSPACES = 1000
"""In a registry: they are listed in one answer, as MLflow's client expects."""


class ListWorkspaces(RequestBody):
    """``details``: say of each also what the caller may do there."""

    details: bool = False


class Workspace(Entity):
    """With details: ``permission_level``, the caller's on all of it, if any; ``model_count``: of the models and prompts
    there that the caller may read."""

    name: str
    description: str | None = None
    permission_level: str | None = None
    model_count: int | None = None


class WorkspaceList(Entity):
    """The workspaces that the caller may use, by name."""

    workspaces: list[Workspace]


class WorkspaceAnswer(Entity):
    workspace: Workspace


class WorkspaceName(RequestBody):
    workspace_name: Text


class WorkspaceFields(RequestBody):
    """``default_artifact_root`` and ``trace_archival_config`` are refused: the registry keeps neither."""

    description: Description | None = None
    default_artifact_root: Text | None = None
    trace_archival_config: dict[str, object] | None = None


class CreateWorkspace(WorkspaceFields):
    name: Annotated[Text, Field(examples=["team-a"])]


class UpdateWorkspace(WorkspaceFields):
    workspace_name: Text


class DeleteWorkspace(WorkspaceName):
    """``mode``: RESTRICT refuses to delete a workspace that is not empty, CASCADE deletes what is in it."""

    mode: Text = "RESTRICT"
