"""Statements on tags, of models and of versions. Setting one replaces its value."""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, Connection, Select, Table, bindparam, delete, func, insert, select, update

from tui_registry_server.store.dialects import array, document, rendered
from tui_registry_server.store.statements import Statement
from tui_registry_server.store.tables import model_tags, version_tags

_of_model = (model_tags.c.model_id == bindparam("model_id")) & (model_tags.c.key == bindparam("key"))
_of_version = (
    (version_tags.c.model_id == bindparam("model_id"))
    & (version_tags.c.version == bindparam("version"))
    & (version_tags.c.key == bindparam("key"))
)


def _size(tags: Table, *where: ColumnElement[bool]) -> Select[tuple[int]]:
    return select(func.length(rendered(array(select(document(key=tags.c.key, value=tags.c.value)).where(*where)))))


_MODEL_SIZE = Statement(_size(model_tags, model_tags.c.model_id == bindparam("model_id")))
_VERSION_SIZE = Statement(
    _size(
        version_tags,
        version_tags.c.model_id == bindparam("model_id"),
        version_tags.c.version == bindparam("version"),
    )
)
_MODEL_VALUE = Statement(select(model_tags.c.value).where(_of_model))
_DELETE_FROM_MODEL = Statement(delete(model_tags).where(_of_model))
_UPDATE_ON_MODEL = Statement(update(model_tags).where(_of_model).values(value=bindparam("new_value")))
_INSERT_ON_MODEL = Statement(insert(model_tags))
_VERSION_VALUE = Statement(select(version_tags.c.value).where(_of_version))
_DELETE_FROM_VERSION = Statement(delete(version_tags).where(_of_version))
_UPDATE_ON_VERSION = Statement(update(version_tags).where(_of_version).values(value=bindparam("new_value")))
_INSERT_ON_VERSION = Statement(insert(version_tags))


def size_on_model(connection: Connection, model_id: str) -> int:
    """The size of all the model's tags: characters of their JSON."""
    size: int = _MODEL_SIZE.scalar(connection, model_id=model_id)
    return size


def size_on_version(connection: Connection, model_id: str, version: int) -> int:
    """The size of all the version's tags: characters of their JSON."""
    size: int = _VERSION_SIZE.scalar(connection, model_id=model_id, version=version)
    return size


def of_model(connection: Connection, model_id: str, key: str) -> str | None:
    """The value of the tag, or None if it does not exist."""
    value: str | None = _MODEL_VALUE.scalar(connection, model_id=model_id, key=key)
    return value


def add_to_model(connection: Connection, model_id: str, values: Mapping[str, str]) -> None:
    """The tags of a new model."""
    for key, value in values.items():
        _INSERT_ON_MODEL.run(connection, model_id=model_id, key=key, value=value)


def set_on_model(connection: Connection, model_id: str, key: str, value: str) -> str | None:
    """Set a tag. Returns its previous value, or None."""
    before = of_model(connection, model_id, key)
    if before is None:
        _INSERT_ON_MODEL.run(connection, model_id=model_id, key=key, value=value)
    else:
        _UPDATE_ON_MODEL.run(connection, model_id=model_id, key=key, new_value=value)
    return before


def delete_from_model(connection: Connection, model_id: str, key: str) -> str | None:
    """Delete a tag. Returns its value, or None if it did not exist."""
    before = of_model(connection, model_id, key)
    if before is not None:
        _DELETE_FROM_MODEL.run(connection, model_id=model_id, key=key)
    return before


def of_version(connection: Connection, model_id: str, version: int, key: str) -> str | None:
    """The value of the tag, or None if it does not exist."""
    value: str | None = _VERSION_VALUE.scalar(connection, model_id=model_id, version=version, key=key)
    return value


def add_to_version(connection: Connection, model_id: str, version: int, values: Mapping[str, str]) -> None:
    """The tags of a new version."""
    for key, value in values.items():
        _INSERT_ON_VERSION.run(connection, model_id=model_id, version=version, key=key, value=value)


def set_on_version(connection: Connection, model_id: str, version: int, key: str, value: str) -> str | None:
    """Set a tag. Returns its previous value, or None."""
    before = of_version(connection, model_id, version, key)
    if before is None:
        _INSERT_ON_VERSION.run(connection, model_id=model_id, version=version, key=key, value=value)
    else:
        _UPDATE_ON_VERSION.run(connection, model_id=model_id, version=version, key=key, new_value=value)
    return before


def delete_from_version(connection: Connection, model_id: str, version: int, key: str) -> str | None:
    """Delete a tag. Returns its value, or None if it did not exist."""
    before = of_version(connection, model_id, version, key)
    if before is not None:
        _DELETE_FROM_VERSION.run(connection, model_id=model_id, version=version, key=key)
    return before
