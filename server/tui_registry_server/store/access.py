"""The caller's level on a model, in SQL: see rules.permissions for the meaning of levels.

Every statement that reads models, versions or what belongs to them uses one of these expressions, with the parameters
of ``caller``, so that nothing is returned, counted or paged that the caller may not read.
"""

import json
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, String, bindparam, func, literal, or_, select

from tui_registry_server.rules.permissions import Level
from tui_registry_server.rules.principals import Principal
from tui_registry_server.store.dialects import among, greater
from tui_registry_server.store.tables import grants

_identities = bindparam("identities", type_=String())
_root_level = bindparam("root_level", type_=Integer())


def caller(principal: Principal) -> dict[str, Any]:
    """The parameters of level_on and readable."""
    return {"identities": _as_json(principal.identities), "root_level": int(principal.root_level)}


@lru_cache
def _as_json(identities: tuple[str, ...]) -> str:
    return json.dumps(identities)


def level_on(object_id: ColumnElement[str]) -> ColumnElement[int]:
    """The caller's level on an object: the highest of their grants on it and on the registry."""
    granted = (
        select(func.max(grants.c.level))
        .where(grants.c.object_id == object_id, among(grants.c.principal_id, _identities))
        .scalar_subquery()
    )
    return greater(_root_level, func.coalesce(granted, 0))


def readable(object_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether the caller may read an object. Grants are looked up only where the registry-wide level is too low."""
    granted = (
        select(literal(1))
        .where(
            grants.c.object_id == object_id,
            among(grants.c.principal_id, _identities),
            grants.c.level >= int(Level.READ),
        )
        .exists()
    )
    return or_(_root_level >= int(Level.READ), granted)


def readable_objects() -> Select[tuple[str]]:
    """The ids of the objects that the caller's own grants let them read."""
    return (
        select(grants.c.object_id)
        .where(among(grants.c.principal_id, _identities), grants.c.level >= int(Level.READ))
        .distinct()
    )
