"""Statements on access tokens. Only their SHA-256 is stored."""

from sqlalchemy import Connection, bindparam, insert, update

from server.store.statements import Statement
from server.store.tables import tokens

_INSERT = Statement(insert(tokens))
_USED = Statement(
    update(tokens).where(tokens.c.id == bindparam("token_id")).values(last_used_timestamp=bindparam("now"))
)


def add(
    connection: Connection,
    *,
    token_id: str,
    digest: str,
    principal_id: str,
    comment: str | None,
    created_by: str,
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
        creation_timestamp=now,
        expiry_timestamp=expiry,
        last_used_timestamp=None,
    )


def mark_used(connection: Connection, token_id: str, now: int) -> None:
    _USED.run(connection, token_id=token_id, now=now)
