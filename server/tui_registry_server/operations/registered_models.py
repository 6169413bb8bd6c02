"""Operations on registered models."""

import uuid

from tui_registry_server.operations.access_lists import changed_levels
from tui_registry_server.operations.call import Answer, Call
from tui_registry_server.operations.record import record
from tui_registry_server.operations.subjects import ModelSubject, Subject, no_model
from tui_registry_server.operations.transitions import detail_of_requests
from tui_registry_server.rules.errors import InvalidState, ResourceAlreadyExists
from tui_registry_server.rules.names import check_model_name, check_tag_key, check_tags, check_tags_size
from tui_registry_server.rules.permissions import Level
from tui_registry_server.rules.search_filter import IS_PROMPT
from tui_registry_server.rules.stages import parse_stage
from tui_registry_server.store import grants, model_versions, registered_models, tags, transition_requests
from tui_registry_server.wire.activity import ActivityType
from tui_registry_server.wire.registered_model import (
    CreateRegisteredModel,
    DeleteRegisteredModelTag,
    GetLatestVersions,
    ModelName,
    RenameRegisteredModel,
    SetRegisteredModelTag,
    UpdateRegisteredModel,
)
from tui_registry_server.wire.stage import EXCLUSIVE_STAGES, Stage
from tui_registry_server.wire.tag import Tag


def create(call: Call, body: CreateRegisteredModel, subject: Subject) -> Answer:
    """Create a model, on which its creator gets CAN_MANAGE."""
    name = check_model_name(body.name)
    new_tags = check_tags(body.tags)
    _require_free(call, name, prompt=_says_prompt(new_tags.get(IS_PROMPT)))
    model_id = uuid.uuid4().hex
    registered_models.add(
        call.connection,
        model_id=model_id,
        workspace_id=call.principal.workspace_id,
        name=name,
        description=body.description,
        user_id=call.principal.name,
        now=call.now,
    )
    tags.add_to_model(call.connection, model_id, new_tags)
    grants.grant(call.connection, model_id, call.principal.id, Level.MANAGE)
    record(
        call,
        ActivityType.CREATED_MODEL,
        model_id=model_id,
        model_name=name,
        detail={"description": body.description, "tags": new_tags, "levels": changed_levels(call, model_id, {})},
    )
    return _read(call, name)


def get(call: Call, body: ModelName, subject: None) -> Answer:
    """The model with the newest version of each stage."""
    return _read(call, check_model_name(body.name))


def get_databricks(call: Call, body: ModelName, subject: None) -> Answer:
    """The model with its id and the caller's level."""
    answer = registered_models.read_databricks(call.connection, call.principal, check_model_name(body.name))
    if answer is None:
        raise no_model(body.name)
    return answer


def update(call: Call, body: UpdateRegisteredModel, subject: ModelSubject) -> Answer:
    """Set the description, or clear it if none is given."""
    model = subject.model
    before = registered_models.description(call.connection, model.id)
    registered_models.describe(call.connection, model.id, body.description, call.now)
    record(
        call,
        ActivityType.UPDATED_MODEL,
        model_id=model.id,
        model_name=model.name,
        system_comment="changed the description",
        detail={"description": [before, body.description]},
    )
    return _read(call, model.name)


def rename(call: Call, body: RenameRegisteredModel, subject: ModelSubject) -> Answer:
    """Rename a model. Its versions, tags, aliases, requests and activities have the new name, too."""
    model = subject.model
    new_name = check_model_name(body.new_name, "new_name")
    _refuse_if_active(call, model.id, "renamed")
    if new_name != model.name:
        _require_free(call, new_name, prompt=_is_prompt(call, model.id))
    registered_models.rename(call.connection, model.id, new_name, call.now)
    model_versions.touch_all(call.connection, model.id, call.now)
    record(
        call,
        ActivityType.RENAMED_MODEL,
        model_id=model.id,
        model_name=new_name,
        system_comment=f"renamed from {model.name}",
        detail={"name": [model.name, new_name]},
    )
    return _read(call, new_name)


def delete(call: Call, body: ModelName, subject: ModelSubject) -> Answer:
    """Delete a model with its versions and all that belongs to them. The activities stay, for those who could read the
    model: the permissions of its id can still be read and changed."""
    model = subject.model
    _refuse_if_active(call, model.id, "deleted")
    closed = transition_requests.close(call.connection, model.id)
    record(
        call,
        ActivityType.DELETED_MODEL,
        model_id=model.id,
        model_name=model.name,
        detail=detail_of_requests(call, closed) or None,
    )
    registered_models.remove(call.connection, model.id)
    return {}


def latest_versions(call: Call, body: GetLatestVersions, subject: ModelSubject) -> Answer:
    """The highest version of each requested stage, or of every stage."""
    requested = {parse_stage(stage) for stage in body.stages} or set(Stage)
    model = subject.model
    stages = [stage for stage in Stage if stage in requested]
    return model_versions.latest(call.connection, model.id, model.revision, stages) or {}


def set_tag(call: Call, body: SetRegisteredModelTag, subject: ModelSubject) -> Answer:
    """Set a tag of the model, replacing its value."""
    model = subject.model
    ((key, value),) = check_tags([Tag(key=body.key, value=body.value)]).items()
    before = tags.set_on_model(call.connection, model.id, key, value)
    if len(value) > len(before or ""):
        check_tags_size(tags.size_on_model(call.connection, model.id))
    record(
        call,
        ActivityType.SET_TAG,
        model_id=model.id,
        model_name=model.name,
        system_comment=f"set tag {key}",
        detail={"key": key, "value": [before, value]},
    )
    return {}


def delete_tag(call: Call, body: DeleteRegisteredModelTag, subject: ModelSubject) -> Answer:
    """Delete a tag. As in MLflow, it is no error if it does not exist."""
    model = subject.model
    key = check_tag_key(body.key)
    before = tags.delete_from_model(call.connection, model.id, key)
    if before is not None:
        record(
            call,
            ActivityType.DELETED_TAG,
            model_id=model.id,
            model_name=model.name,
            system_comment=f"deleted tag {key}",
            detail={"key": key, "value": [before, None]},
        )
    return {}


def _read(call: Call, name: str) -> Answer:
    model = registered_models.find(call.connection, call.principal, name)
    answer = registered_models.read(call.connection, model) if model is not None and model.level >= Level.READ else None
    if answer is None:
        raise no_model(name)
    return answer


def _require_free(call: Call, name: str, *, prompt: bool) -> None:
    """``prompt``: whether the name is for a prompt. The message says what has the name if the caller may read it."""
    existing = registered_models.find(call.connection, call.principal, name)
    if existing is None:
        return
    is_prompt = prompt if existing.level < Level.READ else _is_prompt(call, existing.id)
    if is_prompt is not prompt:
        raise ResourceAlreadyExists(
            f"The name '{name}' is already taken by a {_noun(prompt=is_prompt).lower()}: a model and a prompt cannot "
            "have the same name. Choose another."
        )
    raise ResourceAlreadyExists(
        f"{_noun(prompt=prompt)} (name={name}) already exists. Choose another name, or, if you may see that one, add a "
        "version to it."
    )


def _noun(*, prompt: bool) -> str:
    return "Prompt" if prompt else "Registered Model"


def _is_prompt(call: Call, model_id: str) -> bool:
    return _says_prompt(tags.of_model(call.connection, model_id, IS_PROMPT))


def _says_prompt(value: str | None) -> bool:
    """Whether a model with this value of the tag IS_PROMPT is a prompt, as in MLflow."""
    return value is not None and value.lower() == "true"


def _refuse_if_active(call: Call, model_id: str, action: str) -> None:
    if not call.policy.protect_active_versions:
        return
    for stage in EXCLUSIVE_STAGES:
        active = model_versions.in_stage(call.connection, model_id, stage)
        if active:
            raise InvalidState(
                f"This server does not let a model be {action} while versions of it are in Staging or Production: "
                f"version {active[0]} is in {stage}. Archive it first."
            )
