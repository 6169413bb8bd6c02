"""Who manages models: those that only members of ``admins`` could manage without somebody."""

import json
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, String, and_, bindparam, case, exists, func, literal, or_, select

from tui_registry_server.rules.permissions import Level
from tui_registry_server.rules.principals import DEFAULT_WORKSPACE, Principal
from tui_registry_server.store import principals as principal_rows
from tui_registry_server.store.access import caller
from tui_registry_server.store.dialects import among
from tui_registry_server.store.prompts import IS_A_PROMPT
from tui_registry_server.store.statements import Statement
from tui_registry_server.store.tables import grants, memberships, principals, registered_models, workspaces
from tui_registry_server.store.workspace_access import EVERYBODY, may_enter
from tui_registry_server.wire.principal import PrincipalKind


class ModelOf(NamedTuple):
    """A model's name, and that of its workspace; and whether it is a prompt."""

    name: str
    workspace: str
    is_prompt: bool


_manages = grants.c.level >= literal(int(Level.MANAGE))
_root_id = bindparam("root_id", type_=String())


def _active(*but: ColumnElement[bool]) -> Any:
    """Ids of the active users and service principals who may use the workspace, of whom ``but`` is true, and of the
    groups that any of them is in."""
    people = (
        select(principals.c.id)
        .where(
            principals.c.active,
            principals.c.kind != literal(PrincipalKind.GROUP.value),
            may_enter(principals.c.id),
            *but,
        )
        .cte("others", recursive=True)
    )
    return people.union(select(memberships.c.group_id).where(memberships.c.member_id == people.c.id))


def _unmanaged(*but: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether nobody who is active, and of whom ``but`` is true, can manage a model of the workspace by what is
    granted."""
    people = _active(*but)
    to_everybody = and_(grants.c.principal_id.in_(EVERYBODY), exists(select(people.c.id)))
    to_them = or_(grants.c.principal_id.in_(select(people.c.id)), to_everybody)
    manage_all = exists(select(grants.c.level).where(grants.c.object_id == _root_id, _manages, to_them))
    managed = select(grants.c.object_id).where(_manages, to_them)
    return and_(~manage_all, ~registered_models.c.id.in_(managed))


_held = and_(_manages, among(grants.c.principal_id, bindparam("identities", type_=String())))
_held_models = registered_models.c.id.in_(select(grants.c.object_id).where(_held))
_left_alone = and_(
    registered_models.c.workspace_id == bindparam("workspace_id", type_=String()),
    _unmanaged(principals.c.id != bindparam("principal_id", type_=String())),
    or_(_held_models, exists(select(grants.c.level).where(grants.c.object_id == _root_id, _held))),
)
WITHOUT_OWNER = _unmanaged()
"""Whether a model of the caller's workspace has no owner: nobody who is active can manage it by what is granted.
Members of ``admins``, who always can, do not count."""
_NAMES = Statement(
    select(registered_models.c.name, IS_A_PROMPT)
    .where(_left_alone)
    .order_by(registered_models.c.name)
    .limit(bindparam("limit"))
)
_COUNT = Statement(
    select(func.count(), func.count(case((IS_A_PROMPT, literal(1))))).select_from(registered_models).where(_left_alone)
)
_HELD_IN = Statement(
    select(workspaces.c.id, workspaces.c.name)
    .where(
        or_(
            workspaces.c.id.in_(select(registered_models.c.workspace_id).where(_held_models)),
            workspaces.c.id.in_(select(grants.c.object_id).where(_held)),
            workspaces.c.id == literal(DEFAULT_WORKSPACE),
        )
    )
    .order_by(workspaces.c.id)
)
"""The default one, and those where somebody can manage something by what is granted, if they may use them."""


def only_managed_by(connection: Connection, who: Principal, limit: int) -> tuple[list[ModelOf], int, int]:
    """The models, of all workspaces, that this user or service principal can manage by what is granted, and nobody
    else who is active: the first ones, how many these are, and how many of these are prompts. Members of ``admins``,
    who always can, do not count."""
    found: list[ModelOf] = []
    count = prompt_count = 0
    identities = json.dumps(who.identities)
    for workspace_id, workspace in _HELD_IN.run(connection, identities=identities):
        entered = principal_rows.with_rights(connection, who.id, who.kind, who.name, workspace_id)
        if not entered.is_member:
            continue
        parameters = {"principal_id": who.id, **caller(entered)}
        if len(found) < limit:
            names = _NAMES.run(connection, limit=limit - len(found), **parameters)
            found += [ModelOf(name, workspace, bool(is_prompt)) for name, is_prompt in names]
        for models, prompts in _COUNT.run(connection, **parameters):
            count += models
            prompt_count += prompts
    return found, count, prompt_count
