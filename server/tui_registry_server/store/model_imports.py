"""Statements on imports: what was imported from where, what a model and its versions are like here, and writing them as
they are at the source, with its times and authors."""

import json
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Connection,
    Integer,
    String,
    Table,
    bindparam,
    delete,
    insert,
    select,
    tuple_,
    update,
)

from tui_registry_server.rules.principals import DEFAULT_WORKSPACE
from tui_registry_server.store.dialects import greater, pairs
from tui_registry_server.store.statements import Statement
from tui_registry_server.store.tables import (
    aliases,
    comments,
    model_imports,
    model_tags,
    model_versions,
    registered_models,
    transition_requests,
    version_imports,
    version_tags,
)


class ImportRow(NamedTuple):
    """Which model here is the one of a source; ``base``: see rules.three_way_merge. The last imported activity is named
    by its time, in milliseconds, and its id at the source; 0 and "" before the first."""

    model_id: str
    base: dict[str, str]
    activity_timestamp: int
    activity_id: str


class ModelState(NamedTuple):
    name: str
    description: str | None
    last_updated_timestamp: int


class VersionState(NamedTuple):
    """``comments`` and ``requests`` are by their ids."""

    stage: str
    description: str | None
    last_updated_timestamp: int
    tags: dict[str, str]
    comments: dict[str, "CommentState"]
    requests: dict[str, "RequestState"]


class CommentState(NamedTuple):
    user_id: str
    comment: str
    creation_timestamp: int
    last_updated_timestamp: int


class RequestState(NamedTuple):
    to_stage: str
    user_id: str
    comment: str | None
    creation_timestamp: int


_that_import = (model_imports.c.source == bindparam("source")) & (model_imports.c.name == bindparam("name"))
_FIND = Statement(
    select(
        model_imports.c.model_id,
        model_imports.c.base,
        model_imports.c.activity_timestamp,
        model_imports.c.activity_id,
    ).where(_that_import)
)
_place = tuple_(model_imports.c.source, model_imports.c.name)
_after = _place > tuple_(bindparam("after_source", type_=String()), bindparam("after_name", type_=String()))
_listed = (
    select(model_imports.c.source, model_imports.c.name, model_imports.c.model_id)
    .where(_after)
    .order_by(model_imports.c.source, model_imports.c.name)
    .limit(bindparam("limit", type_=Integer()))
)
_LIST = Statement(_listed)
_LIST_OF_SOURCE = Statement(_listed.where(model_imports.c.source == bindparam("source", type_=String())))
_DELETE = Statement(delete(model_imports).where(_that_import))
_INSERT = Statement(insert(model_imports))
_DELETE_VERSIONS = Statement(delete(version_imports).where(version_imports.c.model_id == bindparam("model_id")))
_DELETE_VERSION = Statement(
    delete(version_imports).where(
        version_imports.c.model_id == bindparam("model_id"), version_imports.c.version == bindparam("version")
    )
)
_IMPORTED = Statement(
    select(version_imports.c.version)
    .join(
        model_versions,
        (model_versions.c.model_id == version_imports.c.model_id)
        & (model_versions.c.version == version_imports.c.version),
    )
    .where(version_imports.c.model_id == bindparam("model_id"))
    .order_by(version_imports.c.version)
)
_INSERT_VERSION = Statement(insert(version_imports))

_model = registered_models.c.id == bindparam("model_id")
_STATE = Statement(
    select(registered_models.c.name, registered_models.c.description, registered_models.c.last_updated_timestamp).where(
        _model
    )
)
_TAGS = Statement(select(model_tags.c.key, model_tags.c.value).where(model_tags.c.model_id == bindparam("model_id")))
_ALIASES = Statement(select(aliases.c.alias, aliases.c.version).where(aliases.c.model_id == bindparam("model_id")))
_ADD_MODEL = Statement(insert(registered_models))
_ADD_VERSION = Statement(insert(model_versions))
_ADD_COMMENT = Statement(insert(comments))
_ADD_REQUEST = Statement(insert(transition_requests))
_TOUCH = Statement(update(registered_models).where(_model).values(last_updated_timestamp=bindparam("time")))
_TOUCH_VERSION = Statement(
    update(model_versions)
    .where(model_versions.c.model_id == bindparam("model_id"), model_versions.c.version == bindparam("version"))
    .values(last_updated_timestamp=bindparam("time"))
)
_RAISE_LAST_VERSION = Statement(
    update(registered_models)
    .where(_model)
    .values(last_version=greater(registered_models.c.last_version, bindparam("number", type_=BigInteger())))
)


_wanted = pairs(bindparam("versions", type_=String()))


def _of_versions(table: Table, *columns: str) -> Statement:
    """Rows of versions, which are the parameter ``versions``: a JSON array of pairs of a model's id and a number."""
    its = (table.c.model_id == _wanted.c.id) & (table.c.version == _wanted.c.number)
    return Statement(
        select(table.c.version, *(table.c[name] for name in columns)).select_from(_wanted.join(table, its))
    )


_BASES = _of_versions(version_imports, "base")
_VERSIONS = _of_versions(model_versions, "stage", "description", "last_updated_timestamp")
_VERSION_TAGS = _of_versions(version_tags, "key", "value")
_COMMENTS = _of_versions(comments, "id", *CommentState._fields)
_REQUESTS = _of_versions(transition_requests, "id", *RequestState._fields)


def find(connection: Connection, source: str, name: str) -> ImportRow | None:
    """What was imported of the model that has this name at the source."""
    row = _FIND.run(connection, source=source, name=name).first()
    return None if row is None else ImportRow(row[0], json.loads(row[1]), row[2], row[3])


class ImportedName(NamedTuple):
    source: str
    name: str
    model_id: str


class ImportedNamePage(NamedTuple):
    """``more``: whether there are further ones."""

    rows: list[ImportedName]
    more: bool


def listed(connection: Connection, source: str | None, *, after: tuple[str, str], limit: int) -> ImportedNamePage:
    """What was imported of a source, or of all, sorted by source and name; ``after``: those of the last seen."""
    position: dict[str, Any] = {"after_source": after[0], "after_name": after[1]}
    if source is None:
        rows = _LIST.page(connection, limit, **position)
    else:
        rows = _LIST_OF_SOURCE.page(connection, limit, source=source, **position)
    return ImportedNamePage([ImportedName(*row) for row in rows], rows.more)


def save(connection: Connection, source: str, name: str, row: ImportRow) -> None:
    """Remember what was imported, instead of what was remembered before."""
    forget(connection, source, name)
    _INSERT.run(connection, source=source, name=name, **row._replace(base=_packed(row.base))._asdict())  # type: ignore[arg-type]  # as stored


def forget(connection: Connection, source: str, name: str) -> None:
    _DELETE.run(connection, source=source, name=name)


def forget_versions(connection: Connection, model_id: str) -> None:
    _DELETE_VERSIONS.run(connection, model_id=model_id)


def bases(connection: Connection, model_id: str, numbers: Collection[int]) -> dict[int, dict[str, str]]:
    """What was imported of versions, of those of which something was, also if they were deleted since."""
    rows = _BASES.run(connection, versions=_pairs(model_id, numbers))
    return {number: json.loads(base) for number, base in rows}


def imported_versions(connection: Connection, model_id: str) -> list[int]:
    """The versions of a model that were imported and are still here, in order."""
    return [row[0] for row in _IMPORTED.run(connection, model_id=model_id)]


def save_base(connection: Connection, model_id: str, version: int, base: Mapping[str, str]) -> None:
    _DELETE_VERSION.run(connection, model_id=model_id, version=version)
    _INSERT_VERSION.run(connection, model_id=model_id, version=version, base=_packed(base))


def state(connection: Connection, model_id: str) -> ModelState | None:
    row = _STATE.run(connection, model_id=model_id).first()
    return None if row is None else ModelState(*row)


def tags_of(connection: Connection, model_id: str) -> dict[str, str]:
    return {key: value for key, value in _TAGS.run(connection, model_id=model_id)}  # noqa: C416  # rows are not pairs


def aliases_of(connection: Connection, model_id: str) -> dict[str, int]:
    return {alias: version for alias, version in _ALIASES.run(connection, model_id=model_id)}  # noqa: C416  # as above


def existing(connection: Connection, model_id: str, numbers: Collection[int]) -> set[int]:
    """Those of the versions that exist."""
    return {row[0] for row in _VERSIONS.run(connection, versions=_pairs(model_id, numbers))}


def versions(connection: Connection, model_id: str, numbers: Collection[int]) -> dict[int, VersionState]:
    """Those of the versions that exist."""
    given: dict[str, Any] = {"versions": _pairs(model_id, numbers)}
    found = {
        number: VersionState(stage, description, updated, {}, {}, {})
        for number, stage, description, updated in _VERSIONS.run(connection, **given)
    }
    for number, key, value in _VERSION_TAGS.run(connection, **given):
        found[number].tags[key] = value
    for number, comment_id, *fields in _COMMENTS.run(connection, **given):
        found[number].comments[comment_id] = CommentState(*fields)
    for number, request_id, *fields in _REQUESTS.run(connection, **given):
        found[number].requests[request_id] = RequestState(*fields)
    return found


def add_model(connection: Connection, **columns: Any) -> None:
    """Insert a model, in the default workspace, with all its columns but its numbers; the caller has checked that the
    name is not taken."""
    _ADD_MODEL.run(connection, **columns, workspace_id=DEFAULT_WORKSPACE, last_version=0, revision="")


def add_version(connection: Connection, **columns: Any) -> None:
    """Insert a version with all its columns. No later one gets its number, or a smaller one."""
    _ADD_VERSION.run(connection, **columns)
    _RAISE_LAST_VERSION.run(connection, model_id=columns["model_id"], number=columns["version"])


def add_comment(connection: Connection, comment_id: str, state: CommentState, **columns: Any) -> None:
    """``columns``: model_id, version and principal_id."""
    _ADD_COMMENT.run(connection, id=comment_id, **state._asdict(), **columns)


def add_request(connection: Connection, request_id: str, state: RequestState, **columns: Any) -> None:
    """``columns``: model_id, version and principal_id."""
    _ADD_REQUEST.run(connection, id=request_id, **state._asdict(), **columns)


def touch(connection: Connection, model_id: str, time: int, version: int | None = None) -> None:
    """Set the last_updated_timestamp of a model, or of a version."""
    if version is None:
        _TOUCH.run(connection, model_id=model_id, time=time)
    else:
        _TOUCH_VERSION.run(connection, model_id=model_id, version=version, time=time)


def _pairs(model_id: str, numbers: Collection[int]) -> str:
    return json.dumps([(model_id, number) for number in numbers])


def _packed(base: Mapping[str, str]) -> str:
    return json.dumps(base, sort_keys=True, separators=(",", ":"))
