"""Who manages models: those that nobody but members of ``admins`` could manage any more without somebody."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, String, and_, bindparam, case, exists, func, literal, or_, select

from tui_registry_server.rules.permissions import Level
from tui_registry_server.rules.principals import DEFAULT_WORKSPACE, ROOT, Principal
from tui_registry_server.store.access import caller
from tui_registry_server.store.dialects import among
from tui_registry_server.store.statements import Statement
from tui_registry_server.store.tables import grants, memberships, principals, registered_models
from tui_registry_server.wire.principal import USERS, PrincipalKind

_manages = grants.c.level >= literal(int(Level.MANAGE))


def _active(*but: ColumnElement[bool]) -> Any:
    """Ids of the active users and service principals of whom ``but`` is true, and of the groups that any of them is
    in."""
    people = (
        select(principals.c.id)
        .where(principals.c.active, principals.c.kind != literal(PrincipalKind.GROUP.value), *but)
        .cte("others", recursive=True)
    )
    return people.union(select(memberships.c.group_id).where(memberships.c.member_id == people.c.id))


def _unmanaged(root: ColumnElement[str], *but: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether nobody who is active, and of whom ``but`` is true, can manage a model by what is granted. ``root``: the
    id of its registry-wide object."""
    to_them = or_(grants.c.principal_id.in_(select(_active(*but).c.id)), grants.c.principal_id.in_(_everybody))
    manage_all = exists(select(grants.c.level).where(grants.c.object_id == root, _manages, to_them))
    managed = select(grants.c.object_id).where(_manages, to_them)
    return and_(~manage_all, ~registered_models.c.id.in_(managed))


_everybody = select(principals.c.id).where(
    principals.c.kind == literal(PrincipalKind.GROUP.value), principals.c.name == literal(USERS)
)
_workspace_id = registered_models.c.workspace_id
_its_root: ColumnElement[str] = case((_workspace_id == literal(DEFAULT_WORKSPACE), literal(ROOT)), else_=_workspace_id)
_held = and_(_manages, among(grants.c.principal_id, bindparam("identities", type_=String())))
_left_alone = and_(
    _unmanaged(_its_root, principals.c.id != bindparam("principal_id", type_=String())),
    or_(
        registered_models.c.id.in_(select(grants.c.object_id).where(_held)),
        exists(select(grants.c.level).where(grants.c.object_id == _its_root, _held)),
    ),
)
WITHOUT_OWNER = _unmanaged(bindparam("root_id", type_=String()))
"""Whether a model of the caller's workspace has no owner: nobody who is active can manage it by what is granted.
Members of ``admins``, who always can, do not count."""
_NAMES = Statement(
    select(registered_models.c.name).where(_left_alone).order_by(registered_models.c.name).limit(bindparam("limit"))
)
_COUNT = Statement(select(func.count()).select_from(registered_models).where(_left_alone))


def only_managed_by(connection: Connection, who: Principal, limit: int) -> tuple[list[str], int]:
    """The models, of all workspaces, that this user or service principal can manage by what is granted, and nobody
    else who is active: the first names, and how many these are. Members of ``admins``, who always can, do not count."""
    parameters = {"principal_id": who.id, "identities": caller(who)["identities"]}
    names = [row[0] for row in _NAMES.run(connection, limit=limit, **parameters)]
    return names, _COUNT.scalar(connection, **parameters)
