"""Statements on registered models. Those that read by a model's name check the caller's level in the same statement."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    String,
    and_,
    bindparam,
    case,
    delete,
    insert,
    literal,
    select,
    update,
)

from tui_registry_server.rules.permissions import LEVELS
from tui_registry_server.rules.principals import Principal
from tui_registry_server.rules.search import Search
from tui_registry_server.store.access import caller, here, level_on, readable
from tui_registry_server.store.dialects import among, array, document, rendered, text
from tui_registry_server.store.json_cache import json_cache_of
from tui_registry_server.store.model_versions import first_of_stage, highest_of_stage, stages, version_members
from tui_registry_server.store.pages import MAX_ROWS, Page, Row, page_of
from tui_registry_server.store.plan_cache import PlanCache
from tui_registry_server.store.query_planner import QueryPlan
from tui_registry_server.store.read_cache import cached_read
from tui_registry_server.store.search import model_clauses
from tui_registry_server.store.search_shape import Shape
from tui_registry_server.store.statements import Statement
from tui_registry_server.store.tables import activities, aliases, model_tags, model_versions, registered_models


class ModelRow(NamedTuple):
    """What is needed to authorize and cache requests for a model.

    level: the caller's, a number of rules.permissions.Level.
    revision: differs after every change of the model and of what belongs to it.
    """

    id: str
    name: str
    level: int
    revision: str


def _latest_versions(order: ColumnElement[Any]) -> ColumnElement[Any]:
    """The highest version of each stage."""
    return array(
        select(document(**version_members()))
        .select_from(stages.join(model_versions, model_versions.c.version == highest_of_stage()))
        .where(model_versions.c.model_id == registered_models.c.id)
        .order_by(order)
        .correlate(registered_models)
    )


def _tags() -> ColumnElement[Any]:
    return array(
        select(document(key=model_tags.c.key, value=model_tags.c.value))
        .where(model_tags.c.model_id == registered_models.c.id)
        .order_by(model_tags.c.key)
        .correlate(registered_models)
    )


def _aliases() -> ColumnElement[Any]:
    return array(
        select(document(alias=aliases.c.alias, version=text(aliases.c.version)))
        .where(aliases.c.model_id == registered_models.c.id)
        .order_by(aliases.c.alias)
        .correlate(registered_models)
    )


def _members(order: ColumnElement[Any]) -> dict[str, ColumnElement[Any]]:
    """The members of a RegisteredModel's JSON; ``order`` is that of its latest versions."""
    model = registered_models.c
    return {
        "name": model.name,
        "creation_timestamp": model.creation_timestamp,
        "last_updated_timestamp": model.last_updated_timestamp,
        "user_id": model.user_id,
        "description": model.description,
        "latest_versions": _latest_versions(order),
        "tags": _tags(),
        "aliases": _aliases(),
    }


_level_name = case(
    {int(level): wire.value for wire, (level, _) in LEVELS.items()},
    value=level_on(registered_models.c.id, registered_models),
)
_the_model = registered_models.c.id == bindparam("model_id")
_that_name = and_(here(registered_models, drives=True), registered_models.c.name == bindparam("name"))
_id = (registered_models.c.id,)
_row = select(
    registered_models.c.id,
    registered_models.c.name,
    level_on(registered_models.c.id, registered_models),
    registered_models.c.revision,
)

_FIND = Statement(_row.where(_that_name))
_FIND_BY_ID = Statement(_row.where(_the_model))
_FIND_DELETED = Statement(
    select(
        activities.c.model_id, activities.c.model_name, level_on(activities.c.model_id, activities), activities.c.digest
    )
    .where(activities.c.model_id == bindparam("model_id"))
    .order_by(activities.c.creation_timestamp.desc(), activities.c.sequence.desc())
    .limit(literal(1))
)
_READ = Statement(
    select(
        registered_models.c.revision, rendered(document(registered_model=document(**_members(first_of_stage))))
    ).where(_the_model)
)
_READ_DATABRICKS = Statement(
    select(
        rendered(
            document(
                registered_model_databricks=document(
                    id=registered_models.c.id, **_members(first_of_stage), permission_level=_level_name
                )
            )
        )
    ).where(_that_name, readable(registered_models.c.id, registered_models))
)
_DESCRIPTION = Statement(select(registered_models.c.description).where(_the_model))
_INSERT = Statement(insert(registered_models))
_RENAME = Statement(
    update(registered_models)
    .where(_the_model)
    .values(name=bindparam("new_name"), last_updated_timestamp=bindparam("now"))
)
_DESCRIBE = Statement(
    update(registered_models)
    .where(_the_model)
    .values(description=bindparam("text"), last_updated_timestamp=bindparam("now"))
)
_TAKE_NUMBER = Statement(
    update(registered_models)
    .where(_the_model)
    .values(last_version=registered_models.c.last_version + 1, last_updated_timestamp=bindparam("now"))
    .returning(registered_models.c.last_version)
)
_DELETE = Statement(delete(registered_models).where(_the_model))
_FOUND = select(registered_models.c.id, registered_models.c.revision)
_DOCUMENTS = Statement(
    select(
        registered_models.c.id, registered_models.c.revision, rendered(document(**_members(model_versions.c.stage)))
    ).where(among(registered_models.c.id, bindparam("ids", type_=String())))
)


def find(connection: Connection, principal: Principal, name: str) -> ModelRow | None:
    """The model of that name with the caller's level on it, which may be NONE."""

    def read() -> ModelRow | None:
        row = _FIND.run(connection, name=name, **caller(principal)).first()
        return None if row is None else ModelRow(*row)

    key = ("model", name, principal.workspace_id, principal.identities, principal.root_level)
    return cached_read(connection, key, read)


def find_by_id(connection: Connection, principal: Principal, model_id: str) -> ModelRow | None:
    """The model of that id with the caller's level on it, which may be NONE."""
    row = _FIND_BY_ID.run(connection, model_id=model_id, **caller(principal)).first()
    return None if row is None else ModelRow(*row)


def find_deleted(connection: Connection, principal: Principal, model_id: str) -> ModelRow | None:
    """A deleted model: its last name, and the caller's level, which applies to its history. Only for an id that no
    model has."""
    row = _FIND_DELETED.run(connection, model_id=model_id, **caller(principal)).first()
    return None if row is None else ModelRow(*row)


def read(connection: Connection, model: ModelRow) -> bytes | None:
    """A RegisteredModelAnswer in JSON, or None if the model was deleted concurrently. The caller's level was checked
    before."""
    cache = json_cache_of(connection)
    key = ("model", model.id)
    if (cached := cache.get(key, model.revision)) is not None:
        return cached
    row = _READ.run(connection, model_id=model.id).first()
    return None if row is None else cache.put(key, *row)


def read_databricks(connection: Connection, principal: Principal, name: str) -> str | None:
    """A RegisteredModelDatabricksAnswer in JSON, or None if there is no such model that the caller may read."""
    answer: str | None = _READ_DATABRICKS.scalar(connection, name=name, **caller(principal))
    return answer


def description(connection: Connection, model_id: str) -> str | None:
    answer: str | None = _DESCRIPTION.scalar(connection, model_id=model_id)
    return answer


def add(
    connection: Connection,
    *,
    model_id: str,
    workspace_id: str,
    name: str,
    description: str | None,
    user_id: str,
    now: int,
) -> None:
    """Insert a model; the caller has checked that the name is not taken. An empty description is NULL, as in answers of
    MLflow's server."""
    _INSERT.run(
        connection,
        id=model_id,
        workspace_id=workspace_id,
        name=name,
        description=description or None,
        user_id=user_id,
        creation_timestamp=now,
        last_updated_timestamp=now,
        last_version=0,
        revision="",
    )


def rename(connection: Connection, model_id: str, new_name: str, now: int) -> None:
    _RENAME.run(connection, model_id=model_id, new_name=new_name, now=now)


def describe(connection: Connection, model_id: str, text: str | None, now: int) -> None:
    _DESCRIBE.run(connection, model_id=model_id, text=text or None, now=now)


def take_number(connection: Connection, model_id: str, now: int) -> int:
    """Allocate the number of the model's next version; numbers are not reused."""
    number: int = _TAKE_NUMBER.scalar(connection, model_id=model_id, now=now)
    return number


def remove(connection: Connection, model_id: str) -> None:
    """Delete a model with what belongs to it; its grants and activities stay, so that its readers can see who deleted
    it."""
    _DELETE.run(connection, model_id=model_id)


def _plan(shape: Shape) -> QueryPlan:
    return QueryPlan(_FOUND, model_clauses(shape), row=_id, in_workspace_order=True)


_PLAN_CACHE = PlanCache(_plan)


def page(connection: Connection, principal: Principal, search: Search) -> Page:
    """Models that the caller may read, each as a RegisteredModel in JSON. As in MLflow's search, the latest versions
    are ordered by stage, unlike when a single model is read."""
    limit = min(search.max_results, MAX_ROWS)
    cache = json_cache_of(connection)
    rows = _PLAN_CACHE.rows(connection, principal, search, limit + 1)
    cached = cache.get_many([(("listed model", row[0]), row[1]) for row in rows[:limit]])

    def read(missing: Sequence[Row]) -> list[bytes | None]:
        documents = {
            model_id: cache.put(("listed model", model_id), revision, document)
            for model_id, revision, document in _DOCUMENTS.run(connection, ids=json.dumps([row[0] for row in missing]))
        }
        return [documents.get(row[0]) for row in missing]

    return page_of(rows, limit, cached, read, slice(2, None))


def count(connection: Connection, principal: Principal, search: Search, limit: int) -> int:
    """How many models match that the caller may read, on all pages, counted up to ``limit``."""
    return _PLAN_CACHE.count(connection, principal, search, limit)
