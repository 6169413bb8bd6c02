"""The caller's level on a model, in SQL: see rules.permissions for the meaning of levels.

Every statement that reads models, versions or what belongs to them uses one of these expressions, with the parameters
of ``caller``, so that nothing is returned, counted or paged that the caller may not read, or that is of another
workspace than the caller's. Which workspace a row is of, a table says that is in the statement: a model's row, an
activity's (which outlives its model) or a webhook's.
"""

import json
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
)

from tui_registry_server.rules.permissions import Level
from tui_registry_server.rules.principals import DEFAULT_WORKSPACE, Principal
from tui_registry_server.store.dialects import among, greater, unindexed
from tui_registry_server.store.tables import activities, grants

_identities = bindparam("identities", type_=String())
_root_level = bindparam("root_level", type_=Integer())
_workspace_id = bindparam("workspace_id", type_=String())


def caller(principal: Principal) -> dict[str, Any]:
    """The parameters of here, level_on and readable; and the id of the workspace's registry-wide object."""
    return {
        "identities": _as_json(principal.identities if principal.is_member else ()),
        "root_level": int(principal.root_level),
        "workspace_id": principal.workspace_id,
        "root_id": principal.root_id,
    }


@lru_cache
def _as_json(identities: tuple[str, ...]) -> str:
    return json.dumps(identities)


def here(of: FromClause, *, drives: bool = False) -> ColumnElement[bool]:
    """Whether a row of ``of``, a table with workspace_id, is of the caller's workspace. ``drives``: whether an index of
    a workspace's rows may lead to them; usually all rows are of one workspace, and another index should."""
    workspace_id: ColumnElement[str] = of.c.workspace_id
    if of is activities:  # where it is NULL for the default one
        workspace_id = func.coalesce(workspace_id, literal(DEFAULT_WORKSPACE))
    return (workspace_id if drives else unindexed(workspace_id)) == _workspace_id


def level_on(object_id: ColumnElement[str], of: FromClause) -> ColumnElement[int]:
    """The caller's level on an object: the highest of their grants on it and on the registry; none on what is of
    another workspace. ``of``: as in here."""
    granted = (
        select(func.max(grants.c.level))
        .where(grants.c.object_id == object_id, among(grants.c.principal_id, _identities))
        .scalar_subquery()
    )
    return case((here(of), greater(_root_level, func.coalesce(granted, 0))), else_=int(Level.NONE))


def readable(object_id: ColumnElement[str], of: FromClause) -> ColumnElement[bool]:
    """Whether the caller may read an object, which is of their workspace. Grants are looked up only where the
    registry-wide level is too low. ``of``: as in here."""
    granted = (
        select(literal(1))
        .where(
            grants.c.object_id == object_id,
            among(grants.c.principal_id, _identities),
            grants.c.level >= int(Level.READ),
        )
        .exists()
    )
    return and_(here(of), or_(_root_level >= int(Level.READ), granted))


def readable_objects(*, distinct: bool = True) -> Select[tuple[str]]:
    """The ids of the objects, of any workspace, that the caller's own grants let them read. Not ``distinct``: once for
    each grant, which costs less for IN."""
    objects = select(grants.c.object_id).where(
        among(grants.c.principal_id, _identities), grants.c.level >= int(Level.READ)
    )
    return objects.distinct() if distinct else objects
