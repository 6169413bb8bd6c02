"""Statements on comments."""

from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Connection, Integer, String, and_, bindparam, delete, insert, or_, select, update

from tui_registry_server.rules.principals import Principal
from tui_registry_server.store.access import caller, level_on
from tui_registry_server.store.statements import Statement
from tui_registry_server.store.tables import comments, registered_models


class CommentRow(NamedTuple):
    """A comment with its model and version. ``level`` is the caller's on the model."""

    id: str
    model_id: str
    name: str
    version: int
    principal_id: str
    user_id: str
    comment: str
    creation_timestamp: int
    last_updated_timestamp: int
    level: int


class CommentPage(NamedTuple):
    """``more``: whether there are further ones."""

    rows: list[CommentRow]
    more: bool


_rows = (
    select(
        comments.c.id,
        comments.c.model_id,
        registered_models.c.name,
        comments.c.version,
        comments.c.principal_id,
        comments.c.user_id,
        comments.c.comment,
        comments.c.creation_timestamp,
        comments.c.last_updated_timestamp,
        level_on(comments.c.model_id, registered_models),
    )
    .select_from(comments)
    .join(registered_models, registered_models.c.id == comments.c.model_id)
)
_that_comment = comments.c.id == bindparam("id")

_FIND = Statement(_rows.where(_that_comment))
_time = comments.c.creation_timestamp
_of_version = and_(comments.c.model_id == bindparam("model_id"), comments.c.version == bindparam("version"))
_after = or_(
    _time > bindparam("after_time", type_=BigInteger()),
    and_(_time == bindparam("after_time", type_=BigInteger()), comments.c.id > bindparam("after_id", type_=String())),
)
_OF_VERSION = Statement(
    _rows.where(_of_version, _after).order_by(_time, comments.c.id).limit(bindparam("limit", type_=Integer()))
)
_NEWEST_OF_VERSION = Statement(
    _rows.where(_of_version).order_by(_time.desc(), comments.c.id.desc()).limit(bindparam("limit", type_=Integer()))
)
_INSERT = Statement(insert(comments))
_UPDATE = Statement(
    update(comments).where(_that_comment).values(comment=bindparam("text"), last_updated_timestamp=bindparam("now"))
)
_RENAME = Statement(
    update(comments).where(comments.c.principal_id == bindparam("author")).values(user_id=bindparam("name"))
)
_DELETE = Statement(delete(comments).where(_that_comment))


def rename_author(connection: Connection, principal_id: str, name: str) -> None:
    """Comments show the current name of their author."""
    _RENAME.run(connection, author=principal_id, name=name)


def find(connection: Connection, principal: Principal, comment_id: str) -> CommentRow | None:
    row: Any = _FIND.run(connection, id=comment_id, **caller(principal)).first()
    return None if row is None else CommentRow(*row)


def of_version(
    connection: Connection, principal: Principal, model_id: str, version: int, *, after: tuple[int, str], limit: int
) -> CommentPage:
    """A version's comments, oldest first; ``after``: (time, id) of the last seen."""
    position: dict[str, Any] = {"after_time": after[0], "after_id": after[1]}
    rows = _OF_VERSION.page(connection, limit, model_id=model_id, version=version, **position, **caller(principal))
    return CommentPage([CommentRow(*row) for row in rows], rows.more)


def newest_of_version(
    connection: Connection, principal: Principal, model_id: str, version: int, *, limit: int
) -> list[CommentRow]:
    """The newest comments of a version, oldest first."""
    rows = _NEWEST_OF_VERSION.run(connection, model_id=model_id, version=version, limit=limit, **caller(principal))
    return [CommentRow(*row) for row in reversed(list(rows))]


def add(
    connection: Connection,
    *,
    comment_id: str,
    model_id: str,
    version: int,
    principal: Principal,
    text: str,
    now: int,
) -> None:
    _INSERT.run(
        connection,
        id=comment_id,
        model_id=model_id,
        version=version,
        principal_id=principal.id,
        user_id=principal.name,
        comment=text,
        creation_timestamp=now,
        last_updated_timestamp=now,
    )


def edit(connection: Connection, comment_id: str, text: str, now: int) -> None:
    _UPDATE.run(connection, id=comment_id, text=text, now=now)


def remove(connection: Connection, comment_id: str) -> None:
    _DELETE.run(connection, id=comment_id)
