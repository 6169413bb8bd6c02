"""Operations on model versions. For their stages see transitions."""

from tui_registry_server.operations import sources
from tui_registry_server.operations.call import Answer, Call
from tui_registry_server.operations.record import record
from tui_registry_server.operations.subjects import ModelSubject, VersionSubject, no_version
from tui_registry_server.operations.transitions import detail_of_requests, requested_by
from tui_registry_server.rules.errors import InvalidState
from tui_registry_server.rules.lineage import origin
from tui_registry_server.rules.names import check_model_name, check_tag_key, check_tags, check_tags_size, version_number
from tui_registry_server.rules.permissions import Level
from tui_registry_server.store import aliases, lineages, model_versions, registered_models, tags, transition_requests
from tui_registry_server.store.model_versions import VersionRow
from tui_registry_server.wire.activity import ActivityType
from tui_registry_server.wire.model_version import (
    CreateModelVersion,
    DeleteModelVersionTag,
    SetModelVersionTag,
    UpdateModelVersion,
    VersionName,
)
from tui_registry_server.wire.stage import EXCLUSIVE_STAGES, Stage
from tui_registry_server.wire.tag import Tag


def create(call: Call, body: CreateModelVersion, subject: ModelSubject) -> Answer:
    """A new version, in stage None, with the next number."""
    model = subject.model
    new_tags = check_tags(body.tags)
    source = sources.resolve(call, body.source)
    run_id = (source.run_id if body.run_id is None else body.run_id) or (call.lookup.run_id if call.lookup else "")
    logged_model_id = source.logged_model_id if body.model_id is None else body.model_id
    version = registered_models.take_number(call.connection, model.id, call.now)
    model_versions.add(
        call.connection,
        model_id=model.id,
        version=version,
        description=body.description or "",
        source=source.uri,
        storage_location=source.storage_location,
        run_id=run_id,
        run_link=body.run_link or "",
        logged_model_id=logged_model_id,
        user_id=call.principal.name,
        now=call.now,
    )
    tags.add_to_version(call.connection, model.id, version, new_tags)
    if call.policy.asks_tracking_server and origin(source.storage_location, logged_model_id, run_id):
        lineages.ask(call.connection, model.id, version, call.clock)
    record(
        call,
        ActivityType.CREATED_VERSION,
        model_id=model.id,
        model_name=model.name,
        version=version,
        to_stage=Stage.NONE,
        detail={"source": source.uri, "run_id": run_id, "description": body.description, "tags": new_tags},
    )
    return _read(call, model.name, version)


def logged_model_of_new(call: Call, body: CreateModelVersion, subject: ModelSubject) -> str | None:
    """The logged model that the tracking server is to be asked about before a version is created: of one without a
    run."""
    source = sources.resolve(call, body.source)
    given = origin(source.storage_location, source.logged_model_id if body.model_id is None else body.model_id, None)
    run_id = source.run_id if body.run_id is None else body.run_id
    return given.model_id or None if not run_id else None


def get(call: Call, body: VersionName, subject: None) -> Answer:
    """The version with its tags and aliases."""
    name, version = check_model_name(body.name), version_number(body.version)
    model = registered_models.find(call.connection, call.principal, name)
    answer = None
    if model is not None and model.level >= Level.READ:
        answer = model_versions.read_cached(call.connection, model.id, model.revision, version)
    if answer is None:
        raise no_version(name, version)
    return answer


def download_uri(call: Call, body: VersionName, subject: None) -> Answer:
    """Where the artifacts are: the source, or what it resolved to when the version was created."""
    name = check_model_name(body.name)
    uri = model_versions.download_uri(call.connection, call.principal, name, version_number(body.version))
    if uri is None:
        raise no_version(name, body.version)
    return {"artifact_uri": uri}


def update(call: Call, body: UpdateModelVersion, subject: VersionSubject) -> Answer:
    """Set the description, or clear it if none is given."""
    version = subject.version
    before = model_versions.description(call.connection, version.model_id, version.version)
    model_versions.describe(call.connection, version.model_id, version.version, body.description, call.now)
    _record(
        call,
        ActivityType.UPDATED_VERSION,
        version,
        "changed the description",
        {"description": [before, body.description]},
    )
    return _read(call, version.name, version.version)


def delete(call: Call, body: VersionName, subject: VersionSubject) -> Answer:
    """Delete a version with its tags, aliases, requests and comments. Its number is not reused."""
    version = subject.version
    if call.policy.protect_active_versions and version.stage in EXCLUSIVE_STAGES:
        raise InvalidState(
            f"This server does not let a version be deleted while it is in {version.stage}. Archive it first."
        )
    closed = transition_requests.close(call.connection, version.model_id, version.version)
    detail = {
        "stage": version.stage,
        "aliases": aliases.of_version(call.connection, version.model_id, version.version),
        **detail_of_requests(call, closed),
    }
    _record(call, ActivityType.DELETED_VERSION, version, requested_by(closed) or None, detail, touches=True)
    model_versions.remove(call.connection, version.model_id, version.version)
    return {}


def set_tag(call: Call, body: SetModelVersionTag, subject: VersionSubject) -> Answer:
    """Set a tag of the version, replacing its value."""
    version = subject.version
    ((key, value),) = check_tags([Tag(key=body.key, value=body.value)]).items()
    before = tags.set_on_version(call.connection, version.model_id, version.version, key, value)
    if len(value) > len(before or ""):
        check_tags_size(tags.size_on_version(call.connection, version.model_id, version.version))
    _record(call, ActivityType.SET_TAG, version, f"set tag {key}", {"key": key, "value": [before, value]})
    return {}


def delete_tag(call: Call, body: DeleteModelVersionTag, subject: VersionSubject) -> Answer:
    """Delete a tag. As in MLflow, it is no error if it does not exist."""
    version = subject.version
    key = check_tag_key(body.key)
    before = tags.delete_from_version(call.connection, version.model_id, version.version, key)
    if before is not None:
        _record(call, ActivityType.DELETED_TAG, version, f"deleted tag {key}", {"key": key, "value": [before, None]})
    return {}


def _read(call: Call, name: str, version: int) -> Answer:
    answer = model_versions.read(call.connection, call.principal, name, version)
    if answer is None:
        raise no_version(name, version)
    return answer


def _record(
    call: Call,
    activity_type: ActivityType,
    version: VersionRow,
    what: str | None,
    detail: dict[str, object],
    *,
    touches: bool = False,
) -> None:
    record(
        call,
        activity_type,
        model_id=version.model_id,
        model_name=version.name,
        version=version.version,
        system_comment=what,
        detail=detail,
        touches=touches,
    )
