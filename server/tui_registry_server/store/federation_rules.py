"""Statements on federation rules: whose tokens are exchanged for those of a service principal."""

from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, insert, select

from tui_registry_server.store.statements import Statement
from tui_registry_server.store.tables import federation_rules, principals


class RuleRow(NamedTuple):
    """``creation_timestamp``: milliseconds since the epoch. ``application_id``: the service principal's name."""

    id: str
    principal_id: str
    issuer: str
    subject: str
    audience: str
    created_by: str
    creation_timestamp: int
    application_id: str = ""


_rows = (
    select(*(federation_rules.c[column] for column in RuleRow._fields if column != "application_id"), principals.c.name)
    .join(principals, principals.c.id == federation_rules.c.principal_id)
    .order_by(principals.c.name_key, federation_rules.c.creation_timestamp, federation_rules.c.id)
)
_INSERT = Statement(insert(federation_rules))
_ALL = Statement(_rows)
_FIND = Statement(_rows.where(federation_rules.c.id == bindparam("id")))
_OF_PRINCIPAL = Statement(_rows.where(federation_rules.c.principal_id == bindparam("principal_id")))
_OF_ISSUER = Statement(_rows.where(federation_rules.c.issuer == bindparam("issuer"), principals.c.active))
_DELETE = Statement(delete(federation_rules).where(federation_rules.c.id == bindparam("id")))


def add(connection: Connection, row: RuleRow) -> None:
    values = row._asdict()
    del values["application_id"]
    _INSERT.run(connection, **values)


def listed(connection: Connection) -> list[RuleRow]:
    """All, by the service principal's name."""
    return [RuleRow(*row) for row in _ALL.run(connection)]


def find(connection: Connection, rule_id: str) -> RuleRow | None:
    row: Any = _FIND.run(connection, id=rule_id).first()
    return None if row is None else RuleRow(*row)


def of_principal(connection: Connection, principal_id: str) -> list[RuleRow]:
    return [RuleRow(*row) for row in _OF_PRINCIPAL.run(connection, principal_id=principal_id)]


def of_issuer(connection: Connection, issuer: str) -> list[RuleRow]:
    """Those of active service principals."""
    return [RuleRow(*row) for row in _OF_ISSUER.run(connection, issuer=issuer)]


def remove(connection: Connection, rule_id: str) -> None:
    """With the access tokens that were issued by it."""
    _DELETE.run(connection, id=rule_id)
