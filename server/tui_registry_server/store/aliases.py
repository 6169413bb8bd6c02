"""Statements on aliases: names of one version of a model."""

from sqlalchemy import Connection, bindparam, delete, insert, select

from tui_registry_server.store.statements import Statement
from tui_registry_server.store.tables import aliases

_that_alias = (aliases.c.model_id == bindparam("model_id")) & (aliases.c.alias == bindparam("alias"))

_VERSION = Statement(select(aliases.c.version).where(_that_alias))
_OF_VERSION = Statement(
    select(aliases.c.alias)
    .where(aliases.c.model_id == bindparam("model_id"), aliases.c.version == bindparam("version"))
    .order_by(aliases.c.alias)
)
_DELETE = Statement(delete(aliases).where(_that_alias))
_INSERT = Statement(insert(aliases))


def of_version(connection: Connection, model_id: str, version: int) -> list[str]:
    """The aliases that point at a version."""
    return [row[0] for row in _OF_VERSION.run(connection, model_id=model_id, version=version)]


def assign(connection: Connection, model_id: str, alias: str, version: int) -> int | None:
    """Point an alias at a version; the version it pointed at before, or None."""
    before = release(connection, model_id, alias)
    _INSERT.run(connection, model_id=model_id, alias=alias, version=version)
    return before


def version_of(connection: Connection, model_id: str, alias: str) -> int | None:
    """The version that an alias points at, or None if there is none."""
    number: int | None = _VERSION.scalar(connection, model_id=model_id, alias=alias)
    return number


def release(connection: Connection, model_id: str, alias: str) -> int | None:
    """Delete an alias; the version it pointed at, or None if there was none."""
    before = version_of(connection, model_id, alias)
    if before is not None:
        _DELETE.run(connection, model_id=model_id, alias=alias)
    return before
