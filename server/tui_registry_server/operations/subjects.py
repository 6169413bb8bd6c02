"""Subjects: what a request is about, loaded with the caller's level on it, before the ability is checked.

For what the caller may not read, the error is the same as for what does not exist, so that names are not leaked.
"""

from dataclasses import dataclass
from typing import Protocol

from tui_registry_server.operations.call import Call, Caller
from tui_registry_server.rules.errors import ResourceDoesNotExist
from tui_registry_server.rules.names import check_model_name, version_number
from tui_registry_server.rules.permissions import Level
from tui_registry_server.rules.principals import ROOT, TOKENS
from tui_registry_server.rules.stages import parse_stage
from tui_registry_server.store import comments, grants, model_versions, registered_models, transition_requests
from tui_registry_server.store.comments import CommentRow
from tui_registry_server.store.model_versions import VersionRow
from tui_registry_server.store.registered_models import ModelRow
from tui_registry_server.store.transition_requests import RequestRow
from tui_registry_server.wire.names import name_key
from tui_registry_server.wire.stage import Stage


@dataclass(slots=True)  # one for each request, and a frozen one takes three times as long to make
class Subject:
    """What abilities are checked by: the caller's level, the stages touched, whether the caller is the author."""

    level: int
    stages: frozenset[Stage] = frozenset()
    author: bool = False


@dataclass(slots=True, kw_only=True)
class ModelSubject(Subject):
    model: ModelRow


@dataclass(slots=True, kw_only=True)
class VersionSubject(Subject):
    version: VersionRow


@dataclass(slots=True, kw_only=True)
class TransitionSubject(Subject):
    """A version and the target stage."""

    version: VersionRow
    target: Stage


@dataclass(slots=True, kw_only=True)
class RequestSubject(Subject):
    """One user's open request."""

    request: RequestRow


@dataclass(slots=True, kw_only=True)
class CommentSubject(Subject):
    comment: CommentRow


@dataclass(slots=True, kw_only=True)
class ObjectSubject(Subject):
    """An object of the permissions API: a model, which may be deleted, or all of the workspace (then ``model`` is
    None)."""

    object_id: str
    model: ModelRow | None


class _NamesModel(Protocol):
    name: str


class _NamesVersion(Protocol):
    name: str
    version: str


class _NamesTransition(Protocol):
    name: str
    version: str
    stage: str


class _NamesRequest(_NamesTransition, Protocol):
    creator: str


class _NamesId(Protocol):
    id: str


class _NamesObject(Protocol):
    object_id: str


def registry(call: Call | Caller, body: object) -> Subject:
    """The registry as a whole."""
    return Subject(level=call.principal.root_level)


def administration(call: Call | Caller, body: object) -> Subject:
    """The subject of operations for members of ``admins`` only."""
    return Subject(level=Level.MANAGE if call.principal.admin else Level.NONE)


def account(call: Call, body: _NamesId) -> Subject:
    """A user or service principal, which administrators may look at, and its owner."""
    return Subject(level=Level.MANAGE if call.principal.admin else Level.NONE, author=body.id == call.principal.id)


NEEDING_ONLY_THE_CALLER = frozenset({registry, administration})
"""Subjects that depend on the caller only: abilities on them are checked before the body is read, and again when the
request runs."""


def token_settings(call: Call, body: object) -> Subject:
    """The token settings: who may create tokens of their own. Administrators always may."""
    if call.principal.admin:
        return Subject(level=Level.MANAGE)
    return Subject(level=grants.level_on(call.connection, call.principal, TOKENS))


def model(call: Call, body: _NamesModel) -> ModelSubject:
    row = registered_models.find(call.connection, call.principal, check_model_name(body.name))
    if row is None or row.level < Level.READ:
        raise no_model(body.name)
    return ModelSubject(level=row.level, model=row)


def version(call: Call, body: _NamesVersion) -> VersionSubject:
    row = _find_version(call, body.name, body.version)
    return VersionSubject(level=row.level, version=row)


def transition(call: Call, body: _NamesTransition) -> TransitionSubject:
    target = parse_stage(body.stage)
    row = _find_version(call, body.name, body.version)
    return TransitionSubject(level=row.level, stages=frozenset((row.stage, target)), version=row, target=target)


def request(call: Call, body: _NamesRequest) -> RequestSubject:
    target = parse_stage(body.stage)
    row = _find_version(call, body.name, body.version)
    matching = [
        each
        for each in transition_requests.of_version(call.connection, call.principal, row.model_id, row.version)
        if each.to_stage is target and name_key(each.user_id) == name_key(body.creator)
    ]
    if matching:
        # A user, a service principal and a deleted principal may have the same name: prefer the caller's request.
        selected = next((each for each in matching if each.principal_id == call.principal.id), matching[0])
        return RequestSubject(
            level=row.level,
            stages=frozenset((row.stage, target)),
            author=selected.principal_id == call.principal.id,
            request=selected,
        )
    raise ResourceDoesNotExist(
        f"There is no open request by '{body.creator}' to move version {row.version} of '{row.name}' to {target}. "
        "It may have been decided or cancelled; list the version's open requests."
    )


def comment(call: Call, body: _NamesId) -> CommentSubject:
    row = comments.find(call.connection, call.principal, body.id)
    if row is None or row.level < Level.READ:
        raise ResourceDoesNotExist(f"Comment with id={body.id} not found. It may have been deleted.")
    return CommentSubject(level=row.level, author=row.principal_id == call.principal.id, comment=row)


def permissions_object(call: Call, body: _NamesObject) -> ObjectSubject:
    if body.object_id == ROOT:
        return ObjectSubject(level=call.principal.root_level, object_id=call.principal.root_id, model=None)
    row = registered_models.find_by_id(call.connection, call.principal, body.object_id)
    if row is None:  # the permissions of a deleted model apply to its history
        row = registered_models.find_deleted(call.connection, call.principal, body.object_id)
    if row is None or row.level < Level.READ:
        raise ResourceDoesNotExist(
            f"Registered model with id={body.object_id} not found. Take the id from registered-models/get under "
            "/mlflow/databricks, or use 'root' for the whole registry."
        )
    return ObjectSubject(level=row.level, object_id=row.id, model=row)


def no_model(name: str) -> ResourceDoesNotExist:
    """The same error whether it does not exist or the caller may not read it."""
    return ResourceDoesNotExist(f"Registered Model with name={name} not found")


def no_version(name: str, version: str | int) -> ResourceDoesNotExist:
    """The same error whether it does not exist or the caller may not read it."""
    return ResourceDoesNotExist(f"Model Version (name={name}, version={version}) not found")


def _find_version(call: Call, name: str, version: str) -> VersionRow:
    row = model_versions.find(call.connection, call.principal, check_model_name(name), version_number(version))
    if row is None or row.level < Level.READ:
        raise no_version(name, version)
    return row
