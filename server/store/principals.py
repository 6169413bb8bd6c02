"""Statements on principals and their memberships."""

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Text, bindparam, func, insert, literal, select

from server.rules.permissions import Level
from server.rules.principals import ADMINS, ROOT, USERS, Principal, PrincipalKind
from server.store.statements import Statement
from server.store.tables import grants, memberships, principals, tokens


class TokenHolder(NamedTuple):
    """The caller that a token proves, until when, and when the token was last noted as used (milliseconds)."""

    principal: Principal
    expiry_timestamp: int | None
    last_used_timestamp: int | None


def _groups_of(principal_id: ColumnElement[str]) -> Any:
    """Ids of the groups of a principal, those groups' groups, and so on."""
    direct = (
        select(memberships.c.group_id.label("id"))
        .where(memberships.c.member_id == principal_id)
        .cte("groups_of", recursive=True)
    )
    return direct.union(select(memberships.c.group_id).where(memberships.c.member_id == direct.c.id))


_the_id = bindparam("id", type_=Text())
_groups = _groups_of(_the_id)

_BY_TOKEN = Statement(
    select(
        tokens.c.id,
        tokens.c.expiry_timestamp,
        tokens.c.last_used_timestamp,
        principals.c.id,
        principals.c.name,
        principals.c.kind,
        principals.c.active,
    )
    .select_from(tokens)
    .join(principals, principals.c.id == tokens.c.principal_id)
    .where(tokens.c.hash == bindparam("hash"))
)
_GROUPS = Statement(
    select(principals.c.id, principals.c.name).where(
        principals.c.kind == literal(PrincipalKind.GROUP.value), principals.c.id.in_(select(_groups.c.id))
    )
)
_BY_NAME = Statement(
    select(principals.c.id).where(
        principals.c.kind == bindparam("kind"), func.lower(principals.c.name) == func.lower(bindparam("name"))
    )
)
_NAME = Statement(select(principals.c.name).where(principals.c.id == _the_id))
_LEVELS = Statement(select(grants.c.principal_id, grants.c.level).where(grants.c.object_id == bindparam("object_id")))
_INSERT = Statement(insert(principals))
_JOIN = Statement(insert(memberships))


def holder_of(connection: Connection, token_digest: str) -> TokenHolder | None:
    """Who a token belongs to, or None if there is no such token or its owner is not active."""
    row = _BY_TOKEN.run(connection, hash=token_digest).first()
    if row is None or not row[6]:
        return None
    token_id, expiry, last_used, principal_id, name, kind, _ = row
    groups = list(_GROUPS.run(connection, id=principal_id))
    everyone = id_of(connection, PrincipalKind.GROUP, USERS)
    identities = tuple({principal_id, *(group[0] for group in groups), *([everyone] if everyone else [])})
    admin = any(group[1] == ADMINS for group in groups)
    levels = {row[0]: row[1] for row in _LEVELS.run(connection, object_id=ROOT)}
    root_level = Level.MANAGE if admin else Level(max((levels.get(one, 0) for one in identities), default=0))
    principal = Principal(
        id=principal_id,
        name=name,
        kind=PrincipalKind(kind),
        token_id=token_id,
        identities=identities,
        root_level=root_level,
        admin=admin,
    )
    return TokenHolder(principal, expiry, last_used)


def id_of(connection: Connection, kind: PrincipalKind, name: str) -> str | None:
    """The id of the principal of that kind and name, in any letter case."""
    answer: str | None = _BY_NAME.scalar(connection, kind=kind.value, name=name)
    return answer


def add(
    connection: Connection,
    *,
    principal_id: str,
    kind: PrincipalKind,
    name: str,
    display_name: str | None = None,
    external_id: str | None = None,
    emails: str | None = None,
    active: bool = True,
    now: int,
) -> None:
    """A new principal; the caller has seen to it that the name is free. ``emails`` is JSON."""
    _INSERT.run(
        connection,
        id=principal_id,
        kind=kind.value,
        name=name,
        display_name=display_name,
        external_id=external_id,
        emails=emails,
        active=active,
        creation_timestamp=now,
    )


def join(connection: Connection, group_id: str, member_id: str) -> None:
    """Make a principal a member of a group; the caller has seen to it that it is none yet."""
    _JOIN.run(connection, group_id=group_id, member_id=member_id)


def name_of(connection: Connection, principal_id: str) -> str | None:
    """The name of a principal, as it is now."""
    answer: str | None = _NAME.scalar(connection, id=principal_id)
    return answer
