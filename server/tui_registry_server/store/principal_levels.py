"""What a principal holds on models: which it may read, page by page, and by which grants."""

import json
from collections.abc import Collection

from sqlalchemy import Connection, String, bindparam, case, func, literal_column, select

from tui_registry_server.rules.permissions import Level
from tui_registry_server.rules.principals import Principal
from tui_registry_server.store.access import caller, here
from tui_registry_server.store.dialects import among
from tui_registry_server.store.patterns import contains, contains_pattern
from tui_registry_server.store.statements import Rows, Statement
from tui_registry_server.store.tables import grants, registered_models

_page = (
    select(registered_models.c.id, registered_models.c.name)
    .where(here(registered_models, drives=True), registered_models.c.name > bindparam("after"))
    .order_by(registered_models.c.name)
    .limit(bindparam("limit"))
)
_named = contains(registered_models.c.name, bindparam("part", type_=String()), bindparam("pattern", type_=String()))
_granted = registered_models.c.id.in_(
    select(grants.c.object_id).where(
        among(grants.c.principal_id, bindparam("identities", type_=String())), grants.c.level >= bindparam("least")
    )
)
_MODELS = {
    (True, False): Statement(_page),
    (True, True): Statement(_page.where(_named)),
    (False, False): Statement(_page.where(_granted)),
    (False, True): Statement(_page.where(_granted, _named)),
}
"""By whether all models are meant, or those with a grant of at least some level, and whether a part of their names is
given."""
_own_first = case(
    (grants.c.principal_id == bindparam("principal_id", type_=String()), literal_column("0")), else_=literal_column("1")
)
_ranked = (
    select(
        grants.c.object_id,
        grants.c.principal_id,
        grants.c.level,
        func.row_number()
        .over(
            partition_by=grants.c.object_id, order_by=(grants.c.level.desc(), _own_first.asc(), grants.c.principal_id)
        )
        .label("place"),
    )
    .where(
        among(grants.c.object_id, bindparam("ids", type_=String())),
        among(grants.c.principal_id, bindparam("identities", type_=String())),
    )
    .subquery("ranked")
)
_GRANTS = Statement(
    select(_ranked.c.object_id, _ranked.c.principal_id, _ranked.c.level)
    .where(_ranked.c.place <= bindparam("most"))
    .order_by(_ranked.c.object_id, _ranked.c.place)
)


def readable_models(
    connection: Connection, who: Principal, *, part: str, only_higher: bool, after: str, limit: int
) -> Rows:
    """Id and name of the models that a principal may read, by name: those whose names contain ``part``, in any letter
    case, and come after ``after``. ``only_higher``: on which its level is higher than on the whole registry."""
    least = max(Level.READ, who.root_level + 1)
    parameters = caller(who) | {"part": part, "pattern": contains_pattern(part), "after": after, "least": least}
    reads_all = who.root_level >= Level.READ and not only_higher
    return _MODELS[reads_all, bool(part)].page(connection, limit, **parameters)


def on_models(
    connection: Connection, who: Principal, ids: Collection[str], most: int
) -> dict[str, list[tuple[str, int]]]:
    """By the id of a model: the highest grants on it to a principal or its groups, at most so many of each, as the id
    of who was granted it and the level."""
    found: dict[str, list[tuple[str, int]]] = {each: [] for each in ids}
    parameters = caller(who) | {"ids": json.dumps([*ids]), "principal_id": who.id, "most": most}
    for object_id, principal_id, level in _GRANTS.run(connection, **parameters):
        found[object_id].append((principal_id, level))
    return found
