"""Statements on the short-lived access tokens of service principals. Only their SHA-256 is stored."""

from sqlalchemy import Connection, bindparam, delete, insert

from tui_registry_server.store.statements import Statement
from tui_registry_server.store.tables import oauth_tokens

_INSERT = Statement(insert(oauth_tokens))
_DELETE_EXPIRED = Statement(
    delete(oauth_tokens).where(
        oauth_tokens.c.principal_id == bindparam("principal_id"), oauth_tokens.c.expiry_timestamp <= bindparam("now")
    )
)


def add(
    connection: Connection,
    *,
    token_id: str,
    digest: str,
    principal_id: str,
    secret_id: str | None,
    rule_id: str | None,
    now: int,
    expiry: int,
) -> None:
    """It is revoked with the secret or the rule that it was issued for. Times are milliseconds since the epoch."""
    _INSERT.run(
        connection,
        id=token_id,
        hash=digest,
        principal_id=principal_id,
        secret_id=secret_id,
        rule_id=rule_id,
        creation_timestamp=now,
        expiry_timestamp=expiry,
    )


def remove_expired(connection: Connection, principal_id: str, now: int) -> None:
    _DELETE_EXPIRED.run(connection, principal_id=principal_id, now=now)
