"""Statements on the secrets of service principals. Only their SHA-256 is stored."""

from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, insert, literal, select, update

from tui_registry_server.store.statements import Statement
from tui_registry_server.store.tables import client_secrets, principals
from tui_registry_server.wire.names import name_key
from tui_registry_server.wire.principal import PrincipalKind


class SecretRow(NamedTuple):
    """Times are milliseconds since the epoch."""

    id: str
    hash: str
    principal_id: str
    created_by: str
    creation_timestamp: int
    expiry_timestamp: int
    last_used_timestamp: int | None


_columns = [client_secrets.c[column] for column in SecretRow._fields]
_of_principal = client_secrets.c.principal_id == bindparam("principal_id")

_INSERT = Statement(insert(client_secrets))
_OF_PRINCIPAL = Statement(
    select(*_columns).where(_of_principal).order_by(client_secrets.c.creation_timestamp.desc(), client_secrets.c.id)
)
_FIND = Statement(
    select(*_columns)
    .join(principals, principals.c.id == client_secrets.c.principal_id)
    .where(
        client_secrets.c.hash == bindparam("hash"),
        principals.c.kind == literal(PrincipalKind.SERVICE_PRINCIPAL.value),
        principals.c.name_key == bindparam("name_key"),
        principals.c.active,
    )
)
_USED = Statement(
    update(client_secrets)
    .where(client_secrets.c.id == bindparam("secret_id"))
    .values(last_used_timestamp=bindparam("now"))
)
_DELETE = Statement(delete(client_secrets).where(client_secrets.c.id == bindparam("secret_id")))
_DELETE_EXPIRED = Statement(
    delete(client_secrets).where(_of_principal, client_secrets.c.expiry_timestamp <= bindparam("now"))
)


def add(connection: Connection, row: SecretRow) -> None:
    _INSERT.run(connection, **row._asdict())


def of_principal(connection: Connection, principal_id: str) -> list[SecretRow]:
    """Newest first, including expired ones."""
    return [SecretRow(*row) for row in _OF_PRINCIPAL.run(connection, principal_id=principal_id)]


def find(connection: Connection, application_id: str, digest: str) -> SecretRow | None:
    """The secret of an active service principal with this digest; it may have expired."""
    row: Any = _FIND.run(connection, hash=digest, name_key=name_key(application_id)).first()
    return None if row is None else SecretRow(*row)


def mark_used(connection: Connection, secret_id: str, now: int) -> None:
    _USED.run(connection, secret_id=secret_id, now=now)


def remove(connection: Connection, secret_id: str) -> None:
    """With the access tokens that were issued for it."""
    _DELETE.run(connection, secret_id=secret_id)


def remove_expired(connection: Connection, principal_id: str, now: int) -> None:
    _DELETE_EXPIRED.run(connection, principal_id=principal_id, now=now)
