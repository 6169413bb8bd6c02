"""Statements on transition requests. An open request is a row; a closed one is only an activity."""

import json
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, delete, insert, literal, or_, select, update

from tui_registry_server.rules.principals import Principal
from tui_registry_server.store.access import caller, level_on, readable
from tui_registry_server.store.dialects import rendered, strings, text
from tui_registry_server.store.statements import Statement
from tui_registry_server.store.tables import model_versions, registered_models, transition_requests
from tui_registry_server.wire.stage import EXCLUSIVE_STAGES, Stage


class RequestRow(NamedTuple):
    """An open request with its model and version. ``level`` is the caller's on the model; ``displaces`` are the
    versions in the target stage, in order, if versions there can be archived; ``leaves_empty``: whether the version is
    the only one in Production, and is to leave it."""

    id: str
    name: str
    version: int
    from_stage: Stage
    to_stage: Stage
    principal_id: str
    user_id: str
    comment: str | None
    creation_timestamp: int
    model_id: str
    level: int
    leaves_empty: bool
    displaces: list[str]


class RequestPage(NamedTuple):
    """``more``: whether there are further ones."""

    rows: list[RequestRow]
    more: bool


class ClosedRequest(NamedTuple):
    """A request that was closed."""

    creation_timestamp: int
    id: str
    version: int
    to_stage: str
    principal_id: str
    user_id: str


_in_target_stage = model_versions.alias("in_target_stage")
_displaced = strings(
    select(text(_in_target_stage.c.version))
    .where(
        _in_target_stage.c.model_id == transition_requests.c.model_id,
        _in_target_stage.c.stage == transition_requests.c.to_stage,
        transition_requests.c.to_stage.in_([literal(stage.value) for stage in EXCLUSIVE_STAGES]),
    )
    .order_by(_in_target_stage.c.version)
    .correlate(transition_requests)
)
_in_production = model_versions.alias("in_production")
_leaves_empty = and_(
    model_versions.c.stage == literal(Stage.PRODUCTION.value),
    transition_requests.c.to_stage != literal(Stage.PRODUCTION.value),
    ~select(_in_production.c.version)
    .where(
        _in_production.c.model_id == transition_requests.c.model_id,
        _in_production.c.stage == literal(Stage.PRODUCTION.value),
        _in_production.c.version != transition_requests.c.version,
    )
    .correlate(transition_requests)
    .exists(),
)
_open = (
    select(
        transition_requests.c.id,
        registered_models.c.name,
        transition_requests.c.version,
        model_versions.c.stage,
        transition_requests.c.to_stage,
        transition_requests.c.principal_id,
        transition_requests.c.user_id,
        transition_requests.c.comment,
        transition_requests.c.creation_timestamp,
        transition_requests.c.model_id,
        level_on(transition_requests.c.model_id, registered_models),
        _leaves_empty,
        rendered(_displaced),
    )
    .select_from(transition_requests)
    .join(
        model_versions,
        and_(
            model_versions.c.model_id == transition_requests.c.model_id,
            model_versions.c.version == transition_requests.c.version,
        ),
    )
    .join(registered_models, registered_models.c.id == transition_requests.c.model_id)
)
_newest_first = (transition_requests.c.creation_timestamp.desc(), transition_requests.c.id.desc())


def _inbox(*conditions: ColumnElement[bool]) -> Select[tuple[object, ...]]:
    return (
        _open.where(readable(transition_requests.c.model_id, registered_models), *conditions)
        .order_by(*_newest_first)
        .limit(bindparam("limit"))
    )


_of_version = and_(
    transition_requests.c.model_id == bindparam("model_id"), transition_requests.c.version == bindparam("version")
)
_for_stage = and_(_of_version, transition_requests.c.to_stage == bindparam("stage"))

_OF_VERSION = Statement(_open.where(_of_version).order_by(*_newest_first))
_OF_CREATOR = Statement(
    _open.where(transition_requests.c.principal_id == bindparam("creator")).order_by(*_newest_first)
)
_of_model = transition_requests.c.model_id == bindparam("model_id")
_after = or_(
    transition_requests.c.creation_timestamp < bindparam("timestamp"),
    and_(
        transition_requests.c.creation_timestamp == bindparam("timestamp"),
        transition_requests.c.id < bindparam("id"),
    ),
)
_INBOX = {
    (False, False): Statement(_inbox()),
    (False, True): Statement(_inbox(_after)),
    (True, False): Statement(_inbox(_of_model)),
    (True, True): Statement(_inbox(_of_model, _after)),
}
"""By whether only one model's are wanted, and whether it is a page after the first."""
_INSERT = Statement(insert(transition_requests))
_DELETE = Statement(delete(transition_requests).where(transition_requests.c.id == bindparam("id")))
_closed = [transition_requests.c[name] for name in ClosedRequest._fields]
_CLOSE_FOR_STAGE = Statement(delete(transition_requests).where(_for_stage).returning(*_closed))
_CLOSE_VERSION = Statement(delete(transition_requests).where(_of_version).returning(*_closed))
_CLOSE_MODEL = Statement(delete(transition_requests).where(_of_model).returning(*_closed))
_RENAME = Statement(
    update(transition_requests)
    .where(transition_requests.c.principal_id == bindparam("creator"))
    .values(user_id=bindparam("name"))
)


def of_version(connection: Connection, principal: Principal, model_id: str, version: int) -> list[RequestRow]:
    """The open requests of a version, newest first."""
    return [_row(row) for row in _OF_VERSION.run(connection, model_id=model_id, version=version, **caller(principal))]


def of_creator(connection: Connection, principal: Principal, creator_id: str) -> list[RequestRow]:
    """The open requests of a principal, newest first. ``principal``: the caller."""
    return [_row(row) for row in _OF_CREATOR.run(connection, creator=creator_id, **caller(principal))]


def inbox(
    connection: Connection,
    principal: Principal,
    *,
    model_id: str | None,
    after: tuple[int, str] | None,
    limit: int,
) -> RequestPage:
    """Open requests on a model, or on all that the caller may read, newest first; ``after``: (time, id) of the last
    seen."""
    given: dict[str, Any] = caller(principal)
    if model_id is not None:
        given["model_id"] = model_id
    if after is not None:
        given |= {"timestamp": after[0], "id": after[1]}
    rows = _INBOX[model_id is not None, after is not None].page(connection, limit, **given)
    return RequestPage([_row(row) for row in rows], rows.more)


def add(
    connection: Connection,
    *,
    request_id: str,
    model_id: str,
    version: int,
    stage: Stage,
    principal: Principal,
    comment: str | None,
    now: int,
) -> None:
    _INSERT.run(
        connection,
        id=request_id,
        model_id=model_id,
        version=version,
        to_stage=stage.value,
        principal_id=principal.id,
        user_id=principal.name,
        comment=comment,
        creation_timestamp=now,
    )


def rename_creator(connection: Connection, principal_id: str, name: str) -> None:
    """Requests show the current name of their creator, by which they are cancelled."""
    _RENAME.run(connection, creator=principal_id, name=name)


def remove(connection: Connection, request_id: str) -> bool:
    """Delete a request. Returns whether it existed: of two concurrent decisions, one gets False."""
    return _DELETE.run(connection, id=request_id).rowcount == 1


def close_for_stage(connection: Connection, model_id: str, version: int, stage: Stage) -> list[ClosedRequest]:
    """Close the open requests of a version for a stage. Returns them, newest first."""
    closed = _CLOSE_FOR_STAGE.run(connection, model_id=model_id, version=version, stage=stage.value)
    return [ClosedRequest(*row) for row in sorted(closed, reverse=True)]


def close(connection: Connection, model_id: str, version: int | None = None) -> list[ClosedRequest]:
    """Close all open requests of a version, or of all versions, of a model. Returns them, newest first."""
    if version is None:
        closed = _CLOSE_MODEL.run(connection, model_id=model_id)
    else:
        closed = _CLOSE_VERSION.run(connection, model_id=model_id, version=version)
    return [ClosedRequest(*row) for row in sorted(closed, reverse=True)]


def _row(row: tuple[Any, ...]) -> RequestRow:
    request = RequestRow(*row)
    return request._replace(
        from_stage=Stage(request.from_stage),
        to_stage=Stage(request.to_stage),
        leaves_empty=bool(request.leaves_empty),
        displaces=json.loads(row[-1] or "[]"),
    )
