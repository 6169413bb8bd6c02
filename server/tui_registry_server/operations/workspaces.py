"""Operations on workspaces, which administrators manage. Everybody else sees those that they may use, and no others."""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tui_registry_server.operations import registered_models
from tui_registry_server.operations.call import Answer, Call
from tui_registry_server.operations.record import record, without_empty
from tui_registry_server.operations.subjects import ModelSubject, Subject
from tui_registry_server.rules.errors import InvalidParameterValue, InvalidState, ResourceAlreadyExists
from tui_registry_server.rules.permissions import Level, level_name
from tui_registry_server.rules.principals import DEFAULT_WORKSPACE, no_workspace
from tui_registry_server.store import counters, workspaces
from tui_registry_server.store import registered_models as model_rows
from tui_registry_server.store.workspaces import Workspace
from tui_registry_server.wire.activity import ActivityType
from tui_registry_server.wire.registered_model import ModelName
from tui_registry_server.wire.workspace import (
    MAX_WORKSPACES,
    CreateWorkspace,
    DeleteWorkspace,
    ListWorkspaces,
    UpdateWorkspace,
    WorkspaceFields,
    WorkspaceName,
)
from tui_registry_server.wire.workspace_name import DEFAULT_NAME, RESERVED_NAMES, is_workspace_name

RESTRICT, CASCADE, SET_DEFAULT = "RESTRICT", "CASCADE", "SET_DEFAULT"
MAX_CASCADED = 1000
"""Models that are deleted with their workspace. Others wait for the transaction: about a second on PostgreSQL."""


def listed(call: Call, body: ListWorkspaces, subject: None) -> Answer:
    """The workspaces that the caller may use, by name: for administrators, all."""
    found = workspaces.usable(call.connection, call.principal)
    if not body.details:
        return {"workspaces": [_entity(each) for each in found]}
    levels = workspaces.levels(call.connection, call.principal, [each.id for each in found])
    counts = workspaces.model_counts(call.connection, call.principal, levels)
    return {
        "workspaces": [
            _entity(each)
            | without_empty({"permission_level": level_name(levels[each.id]), "model_count": counts[each.id]})
            for each in found
        ]
    }


def get(call: Call, body: WorkspaceName, subject: None) -> Answer:
    """One workspace."""
    for each in workspaces.usable(call.connection, call.principal):
        if each.name == body.workspace_name:
            return {"workspace": _entity(each)}
    raise no_workspace(body.workspace_name)


def create(call: Call, body: CreateWorkspace, subject: Subject) -> Answer:
    """Create a workspace, which nobody but administrators may use until they are given a level on it."""
    _refuse_storage(body)
    if not is_workspace_name(body.name):
        raise InvalidParameterValue(
            "The name of a workspace has 2 to 63 characters, a to z, 0 to 9 and -, no - at its ends, and is not one of "
            f"{', '.join(sorted(RESERVED_NAMES))}."
        )
    if workspaces.find(call.connection, body.name) is not None:
        raise ResourceAlreadyExists(f"Workspace '{body.name}' already exists. Choose another name.")
    if workspaces.count(call.connection) >= MAX_WORKSPACES:
        raise InvalidState(f"This registry has {MAX_WORKSPACES} workspaces, which is the limit. Delete some first.")
    workspace = Workspace(uuid.uuid4().hex, body.name, body.description or None)
    workspaces.add(call.connection, workspace, call.now)
    counters.advance(call.connection, counters.IDENTITY)
    _record(call, ActivityType.CREATED_WORKSPACE, workspace, {"description": workspace.description})
    return {"workspace": _entity(workspace)}


def update(call: Call, body: UpdateWorkspace, subject: Subject) -> Answer:
    """Change the description; an empty one clears it."""
    _refuse_storage(body)
    before = _find(call, body.workspace_name)
    if body.description is None:
        return {"workspace": _entity(before)}
    after = before._replace(description=body.description or None)
    workspaces.describe(call.connection, after.id, after.description, call.now)
    detail = {"changed": {"description": [before.description, after.description]}}
    _record(call, ActivityType.CHANGED_WORKSPACE, after, detail)
    return {"workspace": _entity(after)}


def delete(call: Call, body: DeleteWorkspace, subject: Subject) -> Answer:
    """Delete a workspace that has no models or, with CASCADE, together with them; with its webhooks and permissions."""
    workspace = _find(call, body.workspace_name)
    if workspace.id == DEFAULT_WORKSPACE:
        raise InvalidState(f"Cannot delete the reserved '{DEFAULT_NAME}' workspace")
    if body.mode == SET_DEFAULT:
        raise InvalidParameterValue(
            "This registry does not move models to the default workspace: their history would not go with them. Delete "
            f"them, or let {CASCADE} do so."
        )
    if body.mode not in (RESTRICT, CASCADE):
        raise InvalidParameterValue(f"Invalid workspace deletion mode. Choose {RESTRICT} or {CASCADE}.")
    names = workspaces.model_names(call.connection, workspace.id, MAX_CASCADED + 1)
    if names and body.mode == RESTRICT:
        raise InvalidState(
            f"Cannot delete workspace '{workspace.name}': it has models or prompts, such as '{names[0]}'. Delete them "
            f"first, or let {CASCADE} do so."
        )
    if len(names) > MAX_CASCADED:
        raise InvalidState(
            f"The workspace has more than {MAX_CASCADED} models, which is the limit for {CASCADE}. Delete some first."
        )
    there = call._replace(principal=replace(call.principal, workspace_id=workspace.id))
    for name in names:
        model = model_rows.find(call.connection, there.principal, name)
        if model is not None:
            registered_models.delete(there, ModelName(name=name), ModelSubject(level=Level.MANAGE, model=model))
    workspaces.remove(call.connection, workspace.id)
    counters.advance(call.connection, counters.IDENTITY)
    _record(call, ActivityType.DELETED_WORKSPACE, workspace, {"models": names})
    return {}


def _find(call: Call, name: str) -> Workspace:
    workspace = workspaces.find(call.connection, name)
    if workspace is None:
        raise no_workspace(name)
    return workspace


def _refuse_storage(body: WorkspaceFields) -> None:
    if body.default_artifact_root or body.trace_archival_config:
        raise InvalidParameterValue(
            "This registry stores neither artifacts nor traces: leave out 'default_artifact_root' and "
            "'trace_archival_config', and set them on the tracking server."
        )


def _record(call: Call, activity_type: ActivityType, workspace: Workspace, detail: Mapping[str, Any]) -> None:
    record(
        call,
        activity_type,
        system_comment=f"{activity_type.partition('_')[0].lower()} workspace {workspace.name}",
        detail=without_empty({"workspace": workspace.name, **detail}),
        workspace_id=workspace.id,
    )


def _entity(workspace: Workspace) -> dict[str, Any]:
    return without_empty({"name": workspace.name, "description": workspace.description})
