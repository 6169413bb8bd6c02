"""Statements on grants: a level of a principal on an object (a model's id, ``root`` or ``tokens``)."""

import json
from typing import NamedTuple

from sqlalchemy import Connection, String, bindparam, delete, func, insert, select

from tui_registry_server.rules.permissions import Level
from tui_registry_server.rules.principals import Principal
from tui_registry_server.store.dialects import among
from tui_registry_server.store.statements import Statement
from tui_registry_server.store.tables import grants, principals


class GrantRow(NamedTuple):
    """A grant with its principal's kind and name."""

    object_id: str
    principal_id: str
    kind: str
    name: str
    display_name: str | None
    level: int


_that_grant = (grants.c.object_id == bindparam("object_id")) & (grants.c.principal_id == bindparam("principal_id"))

_ON = Statement(
    select(
        grants.c.object_id,
        grants.c.principal_id,
        principals.c.kind,
        principals.c.name,
        principals.c.display_name,
        grants.c.level,
    )
    .select_from(grants)
    .join(principals, principals.c.id == grants.c.principal_id)
    .where(grants.c.object_id == bindparam("object_id"))
    .order_by(principals.c.kind, principals.c.name)
)
_OF = Statement(
    select(grants.c.object_id, grants.c.level)
    .where(grants.c.principal_id == bindparam("principal_id"))
    .order_by(grants.c.object_id)
)
_LEVEL = Statement(
    select(func.coalesce(func.max(grants.c.level), 0)).where(
        grants.c.object_id == bindparam("object_id"),
        among(grants.c.principal_id, bindparam("identities", type_=String())),
    )
)
_DELETE = Statement(delete(grants).where(_that_grant))
_DELETE_ALL = Statement(delete(grants).where(grants.c.principal_id == bindparam("principal_id")))
_INSERT = Statement(insert(grants))


def on(connection: Connection, object_id: str) -> list[GrantRow]:
    """The direct grants on an object, ordered by kind and name of the principal."""
    return [GrantRow(*row) for row in _ON.run(connection, object_id=object_id)]


def of(connection: Connection, principal_id: str) -> list[tuple[str, int]]:
    """Object and level of a principal's direct grants, ordered by object."""
    return [(row[0], row[1]) for row in _OF.run(connection, principal_id=principal_id)]


def level_on(connection: Connection, principal: Principal, object_id: str) -> int:
    """The highest of a caller's own and their groups' direct grants on an object."""
    level: int = _LEVEL.scalar(connection, object_id=object_id, identities=json.dumps(principal.identities))
    return level


def grant(connection: Connection, object_id: str, principal_id: str, level: Level) -> None:
    """Give a principal a level on an object, replacing its current one."""
    revoke(connection, object_id, principal_id)
    _INSERT.run(connection, object_id=object_id, principal_id=principal_id, level=int(level))


def revoke(connection: Connection, object_id: str, principal_id: str) -> None:
    _DELETE.run(connection, object_id=object_id, principal_id=principal_id)


def revoke_all(connection: Connection, principal_id: str) -> None:
    """Take all direct grants from a principal."""
    _DELETE_ALL.run(connection, principal_id=principal_id)
