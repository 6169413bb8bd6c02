"""Statements on what a principal has: grants, models created, open requests."""

import json
from typing import NamedTuple

from sqlalchemy import Connection, String, bindparam, func, literal, select

from tui_registry_server.rules.principals import DEFAULT_WORKSPACE, TOKENS, Principal
from tui_registry_server.store.access import caller, here, readable
from tui_registry_server.store.dialects import among
from tui_registry_server.store.prompts import IS_A_PROMPT
from tui_registry_server.store.statements import Statement
from tui_registry_server.store.tables import grants, principals, registered_models, transition_requests, workspaces


class HeldRow(NamedTuple):
    """A grant. ``model_name`` is None if the object is no model, or a deleted one; ``workspace`` if it is of none but
    the default one. ``holder``, ``holder_name``: who it was granted to."""

    object_id: str
    level: int
    holder: str
    holder_name: str
    model_name: str | None
    workspace: str | None

    @property
    def is_workspace(self) -> bool:
        """Whether it is on all of that workspace."""
        return self.workspace is not None and self.model_name is None


class CreatedRow(NamedTuple):
    """An open transition request. ``workspace``: None for the default one."""

    id: str
    name: str
    version: int
    to_stage: str
    creation_timestamp: int
    workspace: str | None


_principal_id = bindparam("principal_id", type_=String())

_of_model = func.nullif(registered_models.c.workspace_id, literal(DEFAULT_WORKSPACE))
_other_workspace = func.coalesce(_of_model, grants.c.object_id)
"""The id of the workspace that the object is of, or is, if that is not the default one."""
_held = among(grants.c.principal_id, bindparam("identities", type_=String()))
_grants = (
    select(
        grants.c.object_id,
        grants.c.level,
        grants.c.principal_id,
        principals.c.name,
        registered_models.c.name,
        workspaces.c.name,
    )
    .join(principals, principals.c.id == grants.c.principal_id)
    .outerjoin(registered_models, registered_models.c.id == grants.c.object_id)
    .outerjoin(workspaces, workspaces.c.id == _other_workspace)
    .order_by(grants.c.level.desc(), func.coalesce(registered_models.c.name, ""), grants.c.object_id, principals.c.name)
)
_registry_wide = grants.c.object_id.in_([bindparam("root_id", type_=String()), literal(TOKENS)])
_HELD = Statement(_grants.where(_registry_wide, _held).limit(bindparam("limit")))
_OWN = Statement(_grants.where(grants.c.principal_id == _principal_id))
_HELD_COUNT = Statement(select(func.count()).select_from(grants).where(_registry_wide, _held))
_created = (
    here(registered_models, drives=True),
    registered_models.c.user_id == bindparam("user_id"),
    readable(registered_models.c.id, registered_models),
)
_MODELS = Statement(
    select(registered_models.c.name, IS_A_PROMPT)
    .where(*_created)
    .order_by(registered_models.c.name)
    .limit(bindparam("limit"))
)
_MODEL_COUNT = Statement(select(func.count()).select_from(registered_models).where(*_created))
_requests = (
    select(
        transition_requests.c.id,
        registered_models.c.name,
        transition_requests.c.version,
        transition_requests.c.to_stage,
        transition_requests.c.creation_timestamp,
        workspaces.c.name,
    )
    .join(registered_models, registered_models.c.id == transition_requests.c.model_id)
    .outerjoin(workspaces, workspaces.c.id == _of_model)
    .where(transition_requests.c.principal_id == _principal_id)
    .order_by(transition_requests.c.creation_timestamp.desc(), transition_requests.c.id.desc())
)
_REQUESTS = Statement(_requests.where(readable(transition_requests.c.model_id, registered_models)))
_ALL_REQUESTS = Statement(_requests)


def registry_wide_grants(connection: Connection, who: Principal, limit: int) -> list[HeldRow]:
    """The grants on the whole registry, and on tokens, to a principal and its groups, the highest level first."""
    identities = json.dumps(who.identities)
    return [HeldRow(*row) for row in _HELD.run(connection, identities=identities, root_id=who.root_id, limit=limit)]


def own_grants(connection: Connection, principal_id: str) -> list[HeldRow]:
    """The grants to the principal itself, in all workspaces, the highest level first."""
    return [HeldRow(*row) for row in _OWN.run(connection, principal_id=principal_id)]


def count_registry_wide_grants(connection: Connection, who: Principal) -> int:
    number: int = _HELD_COUNT.scalar(connection, identities=json.dumps(who.identities), root_id=who.root_id)
    return number


def models_created(connection: Connection, reader: Principal, user_id: str, limit: int) -> list[tuple[str, bool]]:
    """The names of the models that were created under this name, and that the caller may read; and whether each is a
    prompt."""
    return [(row[0], bool(row[1])) for row in _MODELS.run(connection, user_id=user_id, limit=limit, **caller(reader))]


def count_models_created(connection: Connection, reader: Principal, user_id: str) -> int:
    number: int = _MODEL_COUNT.scalar(connection, user_id=user_id, **caller(reader))
    return number


def requests_of(connection: Connection, reader: Principal, principal_id: str) -> list[CreatedRow]:
    """The open requests of a principal that the caller may read, newest first."""
    return [CreatedRow(*row) for row in _REQUESTS.run(connection, principal_id=principal_id, **caller(reader))]


def all_requests_of(connection: Connection, principal_id: str) -> list[CreatedRow]:
    """The open requests of a principal in all workspaces, newest first: for administrators."""
    return [CreatedRow(*row) for row in _ALL_REQUESTS.run(connection, principal_id=principal_id)]
