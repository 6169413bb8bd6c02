"""Statements on access tokens. Only their SHA-256 is stored."""

from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    String,
    bindparam,
    cast,
    delete,
    func,
    insert,
    literal,
    literal_column,
    or_,
    select,
    update,
)

from tui_registry_server.store.dialects import document, rendered
from tui_registry_server.store.patterns import contains, contains_pattern
from tui_registry_server.store.statements import Statement
from tui_registry_server.store.tables import tokens
from tui_registry_server.wire.names import name_key

DAY = 24 * 60 * 60 * 1000  # milliseconds


class TokenRow(NamedTuple):
    """A token and its owner."""

    id: str
    principal_id: str
    comment: str | None


_public: dict[str, ColumnElement[Any]] = {
    "token_id": tokens.c.id,
    "creation_time": tokens.c.creation_timestamp,
    "expiry_time": func.coalesce(tokens.c.expiry_timestamp, literal_column("-1")),
    "comment": tokens.c.comment,
    "last_used_time": tokens.c.last_used_timestamp,
}
_PUBLIC_INFO = rendered(document(**_public))
_INFO = rendered(
    document(
        **_public,
        owner_id=cast(tokens.c.principal_id, BigInteger),
        created_by_id=cast(tokens.c.created_by_id, BigInteger),
        created_by_username=tokens.c.created_by,
        last_used_day=tokens.c.last_used_timestamp - tokens.c.last_used_timestamp % literal_column(str(DAY)),
    )
)
_newest_first = (tokens.c.creation_timestamp.desc(), tokens.c.id)
_the_token = tokens.c.id == bindparam("token_id")

_INSERT = Statement(insert(tokens))
_USED = Statement(update(tokens).where(_the_token).values(last_used_timestamp=bindparam("now")))
_COMMENT = Statement(update(tokens).where(_the_token).values(comment=bindparam("text")))
_DELETE = Statement(delete(tokens).where(_the_token))
_DELETE_OF_OWNER = Statement(delete(tokens).where(tokens.c.principal_id == bindparam("principal_id")))
_DELETE_EXPIRED = Statement(
    delete(tokens).where(
        tokens.c.principal_id == bindparam("principal_id"),
        tokens.c.comment == bindparam("text"),
        tokens.c.expiry_timestamp <= bindparam("now"),
    )
)
_FIND = Statement(select(tokens.c.id, tokens.c.principal_id, tokens.c.comment).where(_the_token))
_READ = Statement(select(_INFO).where(_the_token))
_READ_PUBLIC = Statement(select(_PUBLIC_INFO).where(_the_token))
_IDS_OF_OWNER = Statement(
    select(tokens.c.id).where(tokens.c.principal_id == bindparam("principal_id")).order_by(tokens.c.id)
)
_ISSUED = Statement(
    select(func.count())
    .select_from(tokens)
    .where(tokens.c.created_by_id == bindparam("principal_id"), tokens.c.principal_id != bindparam("principal_id"))
)
_OF_OWNER = Statement(
    select(_PUBLIC_INFO)
    .where(
        tokens.c.principal_id == bindparam("principal_id"),
        or_(tokens.c.expiry_timestamp.is_(None), tokens.c.expiry_timestamp > bindparam("now")),
    )
    .order_by(*_newest_first)
)


def add(
    connection: Connection,
    *,
    token_id: str,
    digest: str,
    principal_id: str,
    comment: str | None,
    created_by: str,
    created_by_id: str | None,
    now: int,
    expiry: int | None,
) -> None:
    """``expiry`` is a time in milliseconds, or None for never."""
    _INSERT.run(
        connection,
        id=token_id,
        hash=digest,
        principal_id=principal_id,
        comment=comment,
        created_by=created_by,
        created_by_id=created_by_id,
        creation_timestamp=now,
        expiry_timestamp=expiry,
        last_used_timestamp=None,
    )


def mark_used(connection: Connection, token_id: str, now: int) -> None:
    _USED.run(connection, token_id=token_id, now=now)


def find(connection: Connection, token_id: str) -> TokenRow | None:
    row: Any = _FIND.run(connection, token_id=token_id).first()
    return None if row is None else TokenRow(*row)


def read(connection: Connection, token_id: str) -> str:
    """A TokenInfo in JSON; the caller has checked that the token exists."""
    answer: str = _READ.scalar(connection, token_id=token_id)
    return answer


def read_public(connection: Connection, token_id: str) -> str:
    """A PublicTokenInfo in JSON; the caller has checked that the token exists."""
    answer: str = _READ_PUBLIC.scalar(connection, token_id=token_id)
    return answer


def of_owner(connection: Connection, principal_id: str, now: int) -> list[str]:
    """A principal's tokens that have not expired, newest first, each a PublicTokenInfo in JSON."""
    return [row[0] for row in _OF_OWNER.run(connection, principal_id=principal_id, now=now)]


def ids_of_owner(connection: Connection, principal_id: str) -> list[str]:
    """The ids of all of a principal's tokens, including expired ones."""
    return [row[0] for row in _IDS_OF_OWNER.run(connection, principal_id=principal_id)]


def count_issued(connection: Connection, principal_id: str) -> int:
    """How many tokens of others a principal created: it has seen their values."""
    number: int = _ISSUED.scalar(connection, principal_id=principal_id)
    return number


def listed(
    connection: Connection,
    *,
    owner_id: str | None = None,
    created_by_id: str | None = None,
    created_by: str | None = None,
    text: str = "",
    max_results: int | None = None,
) -> list[str]:
    """All tokens, or those with an owner or a creator, or with a text in the comment or the creator's name, newest
    first, each a TokenInfo in JSON."""
    conditions: list[ColumnElement[bool]] = []
    if owner_id is not None:
        conditions.append(tokens.c.principal_id == owner_id)
    if created_by_id is not None:
        conditions.append(tokens.c.created_by_id == created_by_id)
    if created_by is not None:
        creators = connection.scalars(select(tokens.c.created_by).distinct())  # names: some may be deleted
        matching = [name for name in creators if name_key(name) == name_key(created_by)]
        conditions.append(tokens.c.created_by.in_(matching))
    if text:
        given, pattern = literal(text, String()), literal(contains_pattern(text), String())
        conditions.append(or_(*(contains(each, given, pattern) for each in (tokens.c.comment, tokens.c.created_by))))
    query = select(_INFO).where(*conditions).order_by(*_newest_first).limit(max_results)
    return [row[0] for row in connection.execute(query)]


def describe(connection: Connection, token_id: str, comment: str | None) -> None:
    _COMMENT.run(connection, token_id=token_id, text=comment)


def remove(connection: Connection, token_id: str) -> None:
    _DELETE.run(connection, token_id=token_id)


def remove_of_owner(connection: Connection, principal_id: str) -> None:
    """Delete all of a principal's tokens."""
    _DELETE_OF_OWNER.run(connection, principal_id=principal_id)


def remove_expired(connection: Connection, principal_id: str, comment: str, now: int) -> None:
    """Delete a principal's expired tokens with this comment."""
    _DELETE_EXPIRED.run(connection, principal_id=principal_id, text=comment, now=now)
