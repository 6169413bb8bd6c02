"""Statements on model versions. Those that read by a model's name check the caller's level in the same statement."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    String,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    select,
    union_all,
    update,
)

from tui_registry_server.rules.principals import Principal
from tui_registry_server.store.access import caller, here, level_on, readable
from tui_registry_server.store.dialects import among, array, document, rendered, strings, text
from tui_registry_server.store.json_cache import json_cache_of
from tui_registry_server.store.statements import Statement
from tui_registry_server.store.tables import aliases, model_versions, registered_models, version_tags
from tui_registry_server.wire.stage import Stage


class VersionRow(NamedTuple):
    """What is needed to change a version. ``level`` is the caller's, a number of rules.permissions.Level."""

    model_id: str
    name: str
    version: int
    stage: Stage
    level: int


def _tags() -> ColumnElement[Any]:
    return array(
        select(document(key=version_tags.c.key, value=version_tags.c.value))
        .where(version_tags.c.model_id == model_versions.c.model_id, version_tags.c.version == model_versions.c.version)
        .order_by(version_tags.c.key)
        .correlate(model_versions)
    )


def version_members() -> dict[str, ColumnElement[Any]]:
    """The members of a ModelVersion's JSON."""
    version = model_versions.c
    names = strings(
        select(aliases.c.alias)
        .where(aliases.c.model_id == version.model_id, aliases.c.version == version.version)
        .order_by(aliases.c.alias)
        .correlate(model_versions)
    )
    return {
        "name": registered_models.c.name,
        "version": text(version.version),
        "creation_timestamp": version.creation_timestamp,
        "last_updated_timestamp": version.last_updated_timestamp,
        "user_id": version.user_id,
        "current_stage": version.stage,
        "description": version.description,
        "source": version.source,
        "run_id": version.run_id,
        "run_link": version.run_link,
        "model_id": version.logged_model_id,
        "status": literal_column("'READY'"),
        "tags": _tags(),
        "aliases": names,
    }


_of_its_model = model_versions.join(registered_models)
_that_name = and_(here(registered_models, drives=True), registered_models.c.name == bindparam("name"))
_version_parameter = bindparam("version", type_=BigInteger())  # requests may have larger numbers than the column
_that_version = model_versions.c.version == _version_parameter
_the_version = (model_versions.c.model_id == bindparam("model_id")) & _that_version
_in_stage = (model_versions.c.model_id == bindparam("model_id")) & (model_versions.c.stage == bindparam("stage"))

_FIND = Statement(
    select(
        model_versions.c.model_id,
        registered_models.c.name,
        model_versions.c.version,
        model_versions.c.stage,
        level_on(model_versions.c.model_id, registered_models),
    )
    .select_from(_of_its_model)
    .where(_that_name, _that_version)
)
_READ = Statement(
    select(rendered(document(model_version=document(**version_members()))))
    .select_from(_of_its_model)
    .where(_that_name, _that_version, readable(registered_models.c.id, registered_models))
)
_READ_BY_ALIAS = Statement(
    select(rendered(document(model_version=document(**version_members()))))
    .select_from(_of_its_model)
    .where(
        _that_name,
        readable(registered_models.c.id, registered_models),
        model_versions.c.version
        == select(aliases.c.version)
        .where(aliases.c.model_id == registered_models.c.id, aliases.c.alias == bindparam("alias"))
        .correlate(registered_models)
        .scalar_subquery(),
    )
)
_DOCUMENT = Statement(select(rendered(document(**version_members()))).select_from(_of_its_model).where(_the_version))
_ANSWER = Statement(
    select(registered_models.c.revision, rendered(document(model_version=document(**version_members()))))
    .select_from(_of_its_model)
    .where(_the_version)
)
_same_stage = model_versions.alias("same_stage")
first_of_stage = (
    select(func.min(_same_stage.c.version))
    .where(_same_stage.c.model_id == model_versions.c.model_id, _same_stage.c.stage == model_versions.c.stage)
    .correlate(model_versions)
    .scalar_subquery()
)
"""The lowest version in a version's stage: MLflow's order of the latest versions of a model."""
stages = union_all(*(select(literal_column(f"'{stage}'").label("stage")) for stage in Stage)).subquery("stages")
"""A row for each stage."""


def highest_of_stage() -> ColumnElement[int]:
    """The highest version of a model in one of ``stages``: a single index lookup, however many versions there are."""
    newest = model_versions.alias("newest")
    return (
        select(func.max(newest.c.version))
        .where(newest.c.model_id == registered_models.c.id, newest.c.stage == stages.c.stage)
        .correlate(registered_models, stages)
        .scalar_subquery()
    )


_LATEST = Statement(
    select(registered_models.c.revision, rendered(document(**version_members())))
    .select_from(
        registered_models.join(stages, among(stages.c.stage, bindparam("stages", type_=String()))).join(
            model_versions,
            (model_versions.c.model_id == registered_models.c.id) & (model_versions.c.version == highest_of_stage()),
        )
    )
    .where(registered_models.c.id == bindparam("model_id"))
    .order_by(first_of_stage)
)
_HIGHEST = Statement(
    select(func.max(model_versions.c.version))
    .select_from(_of_its_model)
    .where(_that_name, readable(registered_models.c.id, registered_models))
)
_DOWNLOAD_URI = Statement(
    select(model_versions.c.storage_location)
    .select_from(_of_its_model)
    .where(_that_name, _that_version, readable(registered_models.c.id, registered_models))
)
_ORIGIN = Statement(
    select(model_versions.c.storage_location, model_versions.c.run_id, model_versions.c.logged_model_id)
    .select_from(_of_its_model)
    .where(_that_name, _that_version, readable(registered_models.c.id, registered_models))
)
_HIGHEST_IN = Statement(select(func.max(model_versions.c.version)).where(_in_stage))
_DESCRIPTION = Statement(select(model_versions.c.description).where(_the_version))
_HIGHEST_ROWS_IN_STAGE = Statement(
    select(
        model_versions.c.version,
        model_versions.c.stage,
        model_versions.c.creation_timestamp,
        model_versions.c.last_updated_timestamp,
        model_versions.c.user_id,
    )
    .where(_in_stage, model_versions.c.version != bindparam("but", type_=Integer()))
    .order_by(model_versions.c.version.desc())
    .limit(bindparam("limit", type_=Integer()))
)
_IN_STAGE = Statement(select(model_versions.c.version).where(_in_stage).order_by(model_versions.c.version))
_INSERT = Statement(insert(model_versions))
_DESCRIBE = Statement(
    update(model_versions)
    .where(_the_version)
    .values(description=bindparam("text"), last_updated_timestamp=bindparam("now"))
)
_MOVE = Statement(
    update(model_versions)
    .where(_the_version)
    .values(stage=bindparam("to_stage"), last_updated_timestamp=bindparam("now"))
)
_TOUCH_ALL = Statement(
    update(model_versions)
    .where(model_versions.c.model_id == bindparam("model_id"))
    .values(last_updated_timestamp=bindparam("now"))
)
_DELETE = Statement(delete(model_versions).where(_the_version))


def find(connection: Connection, principal: Principal, name: str, version: int) -> VersionRow | None:
    """The version with the caller's level on its model, which may be NONE."""
    row = _FIND.run(connection, name=name, version=version, **caller(principal)).first()
    return None if row is None else VersionRow(row[0], row[1], row[2], Stage(row[3]), row[4])


def read(connection: Connection, principal: Principal, name: str, version: int) -> str | None:
    """A ModelVersionAnswer in JSON, or None if there is no such version that the caller may read."""
    answer: str | None = _READ.scalar(connection, name=name, version=version, **caller(principal))
    return answer


def read_cached(connection: Connection, model_id: str, revision: str, version: int) -> bytes | None:
    """A ModelVersionAnswer in JSON, or None if there is no such version. The caller's level was checked before;
    ``revision`` is the model's."""
    cache = json_cache_of(connection)
    key = ("version answer", model_id, version)
    if (cached := cache.get(key, revision)) is not None:
        return cached
    row = _ANSWER.run(connection, model_id=model_id, version=version).first()
    return None if row is None else cache.put(key, *row)


def read_by_alias(connection: Connection, principal: Principal, name: str, alias: str) -> str | None:
    """A ModelVersionAnswer in JSON, or None if the model has no such alias, or the caller may not read it."""
    answer: str | None = _READ_BY_ALIAS.scalar(connection, name=name, alias=alias, **caller(principal))
    return answer


def read_document(connection: Connection, model_id: str, version: int) -> str:
    """A ModelVersion in JSON. The caller's level was checked before."""
    answer: str = _DOCUMENT.scalar(connection, model_id=model_id, version=version)
    return answer


def latest(connection: Connection, model_id: str, revision: str, wanted: Sequence[Stage]) -> bytes | None:
    """A LatestVersions in JSON: the highest version in each of the stages, in MLflow's order; None without any.
    ``revision`` is the model's."""
    cache = json_cache_of(connection)
    stages_json = json.dumps([stage.value for stage in wanted])
    key = ("latest versions", model_id, stages_json)
    if (cached := cache.get(key, revision)) is not None:
        return cached
    rows = _LATEST.run(connection, model_id=model_id, stages=stages_json)
    if not rows:
        return None
    return cache.put(key, rows[0][0], '{"model_versions":[' + ",".join(row[1] for row in rows) + "]}")


def highest(connection: Connection, principal: Principal, name: str) -> int | None:
    """The highest version of a model, or None if it has none that the caller may read."""
    number: int | None = _HIGHEST.scalar(connection, name=name, **caller(principal))
    return number


def download_uri(connection: Connection, principal: Principal, name: str, version: int) -> str | None:
    """Where the artifacts are, or None if there is no such version that the caller may read."""
    answer: str | None = _DOWNLOAD_URI.scalar(connection, name=name, version=version, **caller(principal))
    return answer


class Origin(NamedTuple):
    """What a copy of a version copies: see operations.sources."""

    storage_location: str
    run_id: str
    logged_model_id: str | None


def origin(connection: Connection, principal: Principal, name: str, version: int) -> Origin | None:
    """The origin for a copy, or None if there is no such version that the caller may read."""
    row = _ORIGIN.run(connection, name=name, version=version, **caller(principal)).first()
    return None if row is None else Origin(*row)


def highest_in(connection: Connection, model_id: str, stage: Stage) -> int | None:
    """The highest version in a stage, or None if it has none."""
    number: int | None = _HIGHEST_IN.scalar(connection, model_id=model_id, stage=stage.value)
    return number


def description(connection: Connection, model_id: str, version: int) -> str | None:
    answer: str | None = _DESCRIPTION.scalar(connection, model_id=model_id, version=version)
    return answer


class VersionSummary(NamedTuple):
    version: int
    stage: str
    creation_timestamp: int
    last_updated_timestamp: int
    user_id: str


def highest_rows_in(
    connection: Connection, model_id: str, stage: Stage, *, but: int, limit: int
) -> list[VersionSummary]:
    """The highest versions in a stage, ``but`` one, the highest first."""
    rows = _HIGHEST_ROWS_IN_STAGE.run(connection, model_id=model_id, stage=stage.value, but=but, limit=limit)
    return [VersionSummary(*row) for row in rows]


def in_stage(connection: Connection, model_id: str, stage: Stage) -> list[int]:
    """The versions in a stage, in order."""
    return [row[0] for row in _IN_STAGE.run(connection, model_id=model_id, stage=stage.value)]


def add(
    connection: Connection,
    *,
    model_id: str,
    version: int,
    description: str,
    source: str,
    storage_location: str,
    run_id: str,
    run_link: str,
    logged_model_id: str | None,
    user_id: str,
    now: int,
) -> None:
    """A new version, in stage None. Texts that were not given are empty, as in MLflow's server."""
    _INSERT.run(
        connection,
        model_id=model_id,
        version=version,
        stage=Stage.NONE.value,
        description=description,
        source=source,
        storage_location=storage_location,
        run_id=run_id,
        run_link=run_link,
        logged_model_id=logged_model_id,
        user_id=user_id,
        creation_timestamp=now,
        last_updated_timestamp=now,
    )


def describe(connection: Connection, model_id: str, version: int, text: str | None, now: int) -> None:
    _DESCRIBE.run(connection, model_id=model_id, version=version, text=text, now=now)


def move(connection: Connection, model_id: str, version: int, stage: Stage, now: int) -> None:
    """Move a version to a stage."""
    _MOVE.run(connection, model_id=model_id, version=version, to_stage=stage.value, now=now)


def touch_all(connection: Connection, model_id: str, now: int) -> None:
    """Set the last_updated_timestamp of all versions of a model."""
    _TOUCH_ALL.run(connection, model_id=model_id, now=now)


def remove(connection: Connection, model_id: str, version: int) -> None:
    """Delete a version with its tags, aliases, requests and comments."""
    _DELETE.run(connection, model_id=model_id, version=version)
