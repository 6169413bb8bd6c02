"""Operations on aliases."""

from tui_registry_server.operations.call import Answer, Call
from tui_registry_server.operations.record import record
from tui_registry_server.operations.subjects import ModelSubject, VersionSubject, no_model
from tui_registry_server.rules.errors import InvalidParameterValue, ResourceDoesNotExist
from tui_registry_server.rules.names import LATEST, check_alias, check_model_name, check_new_alias
from tui_registry_server.rules.permissions import Level
from tui_registry_server.store import aliases, model_versions, registered_models
from tui_registry_server.wire.activity import ActivityType
from tui_registry_server.wire.registered_model import RegisteredModelAlias, SetRegisteredModelAlias


def assign(call: Call, body: SetRegisteredModelAlias, subject: VersionSubject) -> Answer:
    """Point an alias at a version, wherever it pointed before."""
    version = subject.version
    alias = check_new_alias(body.alias)
    before = aliases.assign(call.connection, version.model_id, alias, version.version)
    moved = f", which was version {before}'s" if before not in (None, version.version) else ""
    record(
        call,
        ActivityType.SET_ALIAS,
        model_id=version.model_id,
        model_name=version.name,
        version=version.version,
        system_comment=f"set alias {alias}{moved}",
        detail={"alias": alias, "version": [before, version.version]},
    )
    return {}


def release(call: Call, body: RegisteredModelAlias, subject: ModelSubject) -> Answer:
    """Delete an alias. As in MLflow, it is no error if it does not exist."""
    model = subject.model
    alias = check_alias(body.alias)
    before = aliases.release(call.connection, model.id, alias)
    if before is not None:
        record(
            call,
            ActivityType.DELETED_ALIAS,
            model_id=model.id,
            model_name=model.name,
            version=before,
            system_comment=f"deleted alias {alias}",
            detail={"alias": alias, "version": [before, None]},
        )
    return {}


def get(call: Call, body: RegisteredModelAlias, subject: None) -> Answer:
    """The version that an alias points at; ``latest``, in any letter case, is the highest version, as in MLflow."""
    name, alias = check_model_name(body.name), check_alias(body.alias)
    latest = alias.lower() == LATEST
    if latest:
        answer = _read_latest(call, name)
    else:
        answer = model_versions.read_by_alias(call.connection, call.principal, name, alias)
    if answer is not None:
        return answer
    model = registered_models.find(call.connection, call.principal, name)
    if model is None or model.level < Level.READ:
        raise no_model(name)
    if latest:
        raise ResourceDoesNotExist(f"Latest version not found for model {name}. Add a version first.")
    raise InvalidParameterValue(f"Registered model alias {alias} not found.")


def _read_latest(call: Call, name: str) -> str | None:
    number = model_versions.highest(call.connection, call.principal, name)
    return None if number is None else model_versions.read(call.connection, call.principal, name, number)
