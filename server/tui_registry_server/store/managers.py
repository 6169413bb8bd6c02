"""Who manages models: those that nobody but members of ``admins`` could manage any more without somebody."""

from typing import Any

from sqlalchemy import Connection, String, and_, bindparam, exists, func, literal, or_, select

from tui_registry_server.rules.permissions import Level
from tui_registry_server.rules.principals import ROOT, Principal
from tui_registry_server.store.access import caller
from tui_registry_server.store.dialects import among
from tui_registry_server.store.statements import Statement
from tui_registry_server.store.tables import grants, memberships, principals, registered_models
from tui_registry_server.wire.principal import USERS, PrincipalKind

_manages = grants.c.level >= literal(int(Level.MANAGE))


def _others() -> Any:
    """Ids of the active users and service principals but one, and of the groups that any of them is in."""
    people = (
        select(principals.c.id)
        .where(
            principals.c.active,
            principals.c.kind != literal(PrincipalKind.GROUP.value),
            principals.c.id != bindparam("principal_id", type_=String()),
        )
        .cte("others", recursive=True)
    )
    return people.union(select(memberships.c.group_id).where(memberships.c.member_id == people.c.id))


_everybody = select(principals.c.id).where(
    principals.c.kind == literal(PrincipalKind.GROUP.value), principals.c.name == literal(USERS)
)
_to_others = or_(grants.c.principal_id.in_(select(_others().c.id)), grants.c.principal_id.in_(_everybody))
_on_the_registry = grants.c.object_id == literal(ROOT)
_held = and_(_manages, among(grants.c.principal_id, bindparam("identities", type_=String())))
_others_manage_all = exists(select(grants.c.level).where(_on_the_registry, _manages, _to_others))
_left_alone = and_(
    ~_others_manage_all,
    ~registered_models.c.id.in_(select(grants.c.object_id).where(_manages, _to_others)),
    or_(
        registered_models.c.id.in_(select(grants.c.object_id).where(_held)),
        exists(select(grants.c.level).where(_on_the_registry, _held)),
    ),
)
_NAMES = Statement(
    select(registered_models.c.name).where(_left_alone).order_by(registered_models.c.name).limit(bindparam("limit"))
)
_COUNT = Statement(select(func.count()).select_from(registered_models).where(_left_alone))


def only_managed_by(connection: Connection, who: Principal, limit: int) -> tuple[list[str], int]:
    """The models that this user or service principal can manage by what is granted, and nobody else who is active: the
    first names, and how many these are. Members of ``admins``, who always can, do not count."""
    parameters = {"principal_id": who.id, "identities": caller(who)["identities"]}
    names = [row[0] for row in _NAMES.run(connection, limit=limit, **parameters)]
    return names, _COUNT.scalar(connection, **parameters)
