"""Statements on principals: users, groups and service principals."""

import json
from collections.abc import Collection
from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import Connection, String, Text, bindparam, delete, insert, literal, select, update

from tui_registry_server.rules.permissions import Level
from tui_registry_server.rules.principals import DEFAULT_WORKSPACE, Principal, no_workspace, root_of
from tui_registry_server.store import counters, workspaces
from tui_registry_server.store import grants as grant_rows
from tui_registry_server.store.dialects import among
from tui_registry_server.store.memberships import groups_of, touch
from tui_registry_server.store.statements import Statement
from tui_registry_server.store.tables import grants, oauth_tokens, principals, tokens
from tui_registry_server.store.workspaces import Workspace
from tui_registry_server.wire.names import name_key
from tui_registry_server.wire.principal import ADMINS, USERS, PrincipalKind


class TokenOwner(NamedTuple):
    """The owner of a token, and when its last use was recorded (milliseconds since the epoch)."""

    principal: Principal
    last_used_timestamp: int | None


class PrincipalRow(NamedTuple):
    """A principal without its groups and members. Emails, entitlements and roles are JSON arrays."""

    id: str
    kind: str
    name: str
    active: bool
    display_name: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    external_id: str | None = None
    emails: str | None = None
    entitlements: str | None = None
    roles: str | None = None
    last_updated_timestamp: int = 0


_FIXED = frozenset({"id", "kind", "last_updated_timestamp"})

_the_id = bindparam("id", type_=Text())
_groups = groups_of(_the_id)

_token = (
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
)
_BY_TOKEN = Statement(_token.where(tokens.c.hash == bindparam("hash")))
_BY_TOKEN_ID = Statement(_token.where(tokens.c.id == bindparam("token_id")))
_oauth_token = (
    select(
        oauth_tokens.c.id,
        oauth_tokens.c.expiry_timestamp,
        oauth_tokens.c.creation_timestamp,
        principals.c.id,
        principals.c.name,
        principals.c.kind,
        principals.c.active,
    )
    .select_from(oauth_tokens)
    .join(principals, principals.c.id == oauth_tokens.c.principal_id)
)
_BY_OAUTH_TOKEN = Statement(_oauth_token.where(oauth_tokens.c.hash == bindparam("hash")))
_BY_OAUTH_TOKEN_ID = Statement(_oauth_token.where(oauth_tokens.c.id == bindparam("token_id")))
_BY_ID = Statement(select(principals.c.name, principals.c.kind, principals.c.active).where(principals.c.id == _the_id))
_GROUPS = Statement(
    select(principals.c.id, principals.c.name).where(
        principals.c.kind == literal(PrincipalKind.GROUP.value), principals.c.id.in_(select(_groups.c.id))
    )
)
_BY_NAME = Statement(
    select(principals.c.id).where(
        principals.c.kind == bindparam("kind"), principals.c.name_key == bindparam("name_key")
    )
)
_FIND = Statement(
    select(*(principals.c[column] for column in PrincipalRow._fields)).where(
        principals.c.id == _the_id, principals.c.kind == bindparam("kind")
    )
)
_NAMES = Statement(
    select(principals.c.id, principals.c.kind, principals.c.name).where(
        among(principals.c.id, bindparam("ids", type_=String()))
    )
)
_LEVELS = Statement(select(grants.c.principal_id, grants.c.level).where(grants.c.object_id == bindparam("object_id")))
_INSERT = Statement(insert(principals))
_UPDATE = Statement(
    update(principals)
    .where(principals.c.id == _the_id)
    .values({column: bindparam(column) for column in (*PrincipalRow._fields, "name_key") if column not in _FIXED})
)
_DELETE = Statement(delete(principals).where(principals.c.id == _the_id))


def token_owner(connection: Connection, token_digest: str) -> TokenOwner | None:
    """The owner of a token, or None if there is no such token or its owner is not active."""
    revision = counters.read(connection, counters.IDENTITY)  # first: it differs after a concurrent change
    row = _BY_TOKEN.run(connection, hash=token_digest) or _BY_OAUTH_TOKEN.run(connection, hash=token_digest)
    return _owner(connection, row.first(), revision)


def signed_in(connection: Connection, principal_id: str) -> Principal | None:
    """A user whom an OpenID provider's token is of, without that token; None if they are not active."""
    revision = counters.read(connection, counters.IDENTITY)  # first: it differs after a concurrent change
    return _signed_in(connection, principal_id, revision)


def _signed_in(connection: Connection, principal_id: str, revision: int) -> Principal | None:
    row: Any = _BY_ID.run(connection, id=principal_id).first()
    if row is None or not row[2]:
        return None
    found = with_rights(connection, principal_id, PrincipalKind(row[1]), row[0], DEFAULT_WORKSPACE)
    return replace(found, revision=revision)


def refresh_principal(connection: Connection, caller: Principal, revision: int) -> Principal | None:
    """The current state of a caller, at this revision of the identity counter; None if the token was revoked or they
    are no longer active. Without a query if the caller was read at the same revision. Raises ResourceDoesNotExist if
    they may no longer use their workspace."""
    if caller.revision == revision:
        return caller
    current = _refreshed(connection, caller, revision)
    if current is None or caller.workspace_id == DEFAULT_WORKSPACE:
        return current
    workspace = workspaces.find_by_id(connection, caller.workspace_id)
    return _enter(connection, current, workspace, caller.workspace_name)  # it may have been deleted meanwhile


def enter(connection: Connection, principal: Principal, name: str) -> Principal:
    """A caller as they are in a workspace. Raises ResourceDoesNotExist, in the same words, if there is none or they may
    not use it."""
    return _enter(connection, principal, workspaces.find(connection, name), name)


def _enter(connection: Connection, principal: Principal, workspace: Workspace | None, name: str) -> Principal:
    # Asked about one that does not exist, too: the duration would reveal which ones do.
    level = grant_rows.level_on(connection, principal, root_of("" if workspace is None else workspace.id))
    if workspace is not None:
        root_level = Level.MANAGE if principal.admin else Level(level)
        entered = replace(principal, workspace_id=workspace.id, workspace_name=workspace.name, root_level=root_level)
        if entered.is_member:
            return entered
    raise no_workspace(name)


def _refreshed(connection: Connection, caller: Principal, revision: int) -> Principal | None:
    if caller.issuer:
        current = _signed_in(connection, caller.id, revision)
        return current and replace(
            current, token_id=caller.token_id, token_expiry=caller.token_expiry, issuer=caller.issuer
        )
    token_id = caller.token_id
    row = _BY_TOKEN_ID.run(connection, token_id=token_id) or _BY_OAUTH_TOKEN_ID.run(connection, token_id=token_id)
    owner = _owner(connection, row.first(), revision)
    return None if owner is None else owner.principal


def _owner(connection: Connection, row: tuple[Any, ...] | None, revision: int) -> TokenOwner | None:
    if row is None or not row[6]:
        return None
    token_id, expiry, last_used, principal_id, name, kind, _ = row
    known = with_rights(connection, principal_id, PrincipalKind(kind), name, DEFAULT_WORKSPACE)
    return TokenOwner(replace(known, token_id=token_id, token_expiry=expiry, revision=revision), last_used)


def with_rights(
    connection: Connection, principal_id: str, kind: PrincipalKind, name: str, workspace_id: str
) -> Principal:
    """A principal with the groups that it is in and what they give it in a workspace, as a caller without a token: also
    a group."""
    groups = list(_GROUPS.run(connection, id=principal_id))
    is_group = kind is PrincipalKind.GROUP
    everyone = id_of(connection, PrincipalKind.GROUP, USERS) or ""
    identities = tuple({principal_id, *(group[0] for group in groups), *([] if is_group else [everyone])} - {""})
    admin = any(group[1] == ADMINS for group in groups) or (is_group and name == ADMINS)
    levels = {row[0]: row[1] for row in _LEVELS.run(connection, object_id=root_of(workspace_id))}
    root_level = Level.MANAGE if admin else Level(max((levels.get(one, 0) for one in identities), default=0))
    return Principal(
        id=principal_id,
        name=name,
        kind=kind,
        token_id="",
        identities=identities,
        root_level=root_level,
        admin=admin,
        workspace_id=workspace_id,
        open_to_all=is_group and everyone in levels,
        only_workspace=workspaces.count(connection) <= 1,
    )


def id_of(connection: Connection, kind: PrincipalKind, name: str) -> str | None:
    """The id of the principal of that kind and name, compared as in wire.names."""
    answer: str | None = _BY_NAME.scalar(connection, kind=kind.value, name_key=name_key(name))
    return answer


def find(connection: Connection, kind: PrincipalKind, principal_id: str) -> PrincipalRow | None:
    row: Any = _FIND.run(connection, id=principal_id, kind=kind.value).first()
    return None if row is None else (found := PrincipalRow(*row))._replace(active=bool(found.active))


def named(connection: Connection, principal_ids: Collection[str]) -> dict[str, tuple[PrincipalKind, str]]:
    """Id to kind and name, of those that exist."""
    rows = _NAMES.run(connection, ids=json.dumps([*principal_ids]))
    return {row[0]: (PrincipalKind(row[1]), row[2]) for row in rows}


def add(connection: Connection, row: PrincipalRow, now: int) -> None:
    """Insert a principal; the caller has checked that the name is not taken."""
    times = {"creation_timestamp": now, "last_updated_timestamp": now}
    _INSERT.run(connection, **row._asdict() | times, name_key=name_key(row.name))


def change(connection: Connection, row: PrincipalRow, now: int) -> None:
    """Update a principal; the caller has checked that the name is not taken."""
    values = row._asdict() | {"name_key": name_key(row.name)}
    _UPDATE.run(connection, **{column: values[column] for column in values if column not in _FIXED}, id=row.id)
    touch(connection, [row.id], now)


def remove(connection: Connection, principal_id: str, now: int) -> None:
    """Delete a principal with its tokens, memberships and grants; the history still has its name."""
    touch(connection, [principal_id], now)
    _DELETE.run(connection, id=principal_id)
