"""Searches of model versions."""

import json
from collections.abc import Sequence

from sqlalchemy import Connection, String, bindparam, select

from tui_registry_server.rules.principals import Principal
from tui_registry_server.rules.search import Search
from tui_registry_server.store.dialects import document, pairs, rendered, unindexed
from tui_registry_server.store.json_cache import json_cache_of
from tui_registry_server.store.model_versions import version_members
from tui_registry_server.store.pages import MAX_ROWS, Page, Row, page_of
from tui_registry_server.store.plan_cache import PlanCache
from tui_registry_server.store.query_planner import QueryPlan
from tui_registry_server.store.search import version_clauses
from tui_registry_server.store.search_shape import Shape
from tui_registry_server.store.statements import Statement
from tui_registry_server.store.tables import model_versions, registered_models

_key = (model_versions.c.model_id, model_versions.c.version)
_FOUND = select(*_key, registered_models.c.revision).select_from(
    model_versions.join(registered_models, registered_models.c.id == unindexed(model_versions.c.model_id))
)
_listed = pairs(bindparam("ids", type_=String()))
_DOCUMENTS = Statement(
    select(
        _listed.c.id, _listed.c.number, registered_models.c.revision, rendered(document(**version_members()))
    ).select_from(
        _listed.join(
            model_versions,
            (model_versions.c.model_id == _listed.c.id) & (model_versions.c.version == _listed.c.number),
        ).join(registered_models, registered_models.c.id == model_versions.c.model_id)
    )
)


def _plan(shape: Shape) -> QueryPlan:
    return QueryPlan(_FOUND, version_clauses(shape), row=_key)


_PLAN_CACHE = PlanCache(_plan)


def page(connection: Connection, principal: Principal, search: Search) -> Page:
    """Versions that the caller may read, each as a ModelVersion in JSON."""
    limit = min(search.max_results, MAX_ROWS)
    cache = json_cache_of(connection)
    rows = _PLAN_CACHE.rows(connection, principal, search, limit + 1)
    cached = cache.get_many([(("listed version", row[0], row[1]), row[2]) for row in rows[:limit]])

    def read(missing: Sequence[Row]) -> list[bytes | None]:
        ids = json.dumps([row[:2] for row in missing])
        documents = {
            (model_id, number): cache.put(("listed version", model_id, number), revision, document)
            for model_id, number, revision, document in _DOCUMENTS.run(connection, ids=ids)
        }
        return [documents.get((row[0], row[1])) for row in missing]

    return page_of(rows, limit, cached, read, slice(3, None))


def count(connection: Connection, principal: Principal, search: Search, limit: int) -> int:
    """How many versions match that the caller may read, on all pages, counted up to ``limit``."""
    return _PLAN_CACHE.count(connection, principal, search, limit)
