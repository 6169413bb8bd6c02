"""Statements on memberships: who is in which group. Groups may be in groups.

Every user and service principal is in the group ``users``, without a row here.
"""

import json
from collections import deque
from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    String,
    Text,
    bindparam,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from tui_registry_server.store.dialects import among, greater
from tui_registry_server.store.statements import Statement
from tui_registry_server.store.tables import memberships, principals
from tui_registry_server.wire.principal import ADMINS, PrincipalKind


def groups_of(principal_id: ColumnElement[str]) -> CTE:
    """Ids of the groups of a principal, those groups' groups, and so on."""
    direct = (
        select(memberships.c.group_id.label("id"))
        .where(memberships.c.member_id == principal_id)
        .cte("groups_of", recursive=True)
    )
    return direct.union(select(memberships.c.group_id).where(memberships.c.member_id == direct.c.id))


def groups_of_each(principal_ids: Select[tuple[str]]) -> CTE:
    """Rows (principal_id, id): each of these principals with itself and with every one of its groups, those groups'
    groups, and so on."""
    starts = principal_ids.subquery("starts")
    held = select(starts.c.id.label("principal_id"), starts.c.id.label("id")).cte("groups_of_each", recursive=True)
    return held.union(select(held.c.principal_id, memberships.c.group_id).where(memberships.c.member_id == held.c.id))


def with_members(principal_ids: Select[tuple[str]], name: str = "below") -> CTE:
    """Ids of these principals, of the members of the groups among them, of the groups among those, and so on. ``name``:
    what it is called in the statement."""
    below = principal_ids.cte(name, recursive=True)
    return below.union(select(memberships.c.member_id).where(memberships.c.group_id == below.c.id))


def _members_of(group_id: Any) -> CTE:
    """Ids of the members of a group, of the groups among them, and so on."""
    direct = select(memberships.c.member_id.label("id")).where(memberships.c.group_id == group_id)
    members = direct.cte("members_of", recursive=True)
    return members.union(select(memberships.c.member_id).where(memberships.c.group_id == members.c.id))


_group_id = bindparam("group_id", type_=String())
_ids = bindparam("ids", type_=String())
_in_group = memberships.c.group_id == _group_id

_above = groups_of(_group_id)
_admins = _members_of(
    select(principals.c.id)
    .where(principals.c.kind == literal(PrincipalKind.GROUP.value), principals.c.name == literal(ADMINS))
    .scalar_subquery()
)

_below = with_members(select(principals.c.id).where(among(principals.c.id, _ids)))

_OF_GROUP = Statement(select(memberships.c.member_id).where(_in_group))
_GROUPS_WITH = Statement(select(memberships.c.group_id).where(memberships.c.member_id == bindparam("member_id")))
_CLAIMED_BY = Statement(
    select(memberships.c.group_id).where(
        memberships.c.member_id == bindparam("member_id"), memberships.c.issuer == bindparam("issuer")
    )
)
_KEEP = Statement(
    update(memberships)
    .where(_in_group, among(memberships.c.member_id, _ids), memberships.c.issuer.is_not(None))
    .values(issuer=None)
)
_PRESENT = Statement(select(memberships.c.member_id).where(_in_group, among(memberships.c.member_id, _ids)))
_ABOVE = Statement(select(_above.c.id))
_JOIN = Statement(
    insert(memberships).from_select(
        ["group_id", "member_id", "issuer"],
        select(_group_id, principals.c.id, bindparam("issuer", type_=Text())).where(among(principals.c.id, _ids)),
    )
)
_LEAVE = Statement(delete(memberships).where(_in_group, among(memberships.c.member_id, _ids)))
_LEAVE_ALL = Statement(delete(memberships).where(memberships.c.member_id == bindparam("member_id")))
_TOUCH = Statement(
    update(principals)
    .where(
        or_(
            principals.c.id.in_(select(_below.c.id)),
            principals.c.id.in_(select(memberships.c.group_id).where(among(memberships.c.member_id, _ids))),
        )
    )
    .values(
        last_updated_timestamp=greater(bindparam("now", type_=BigInteger()), principals.c.last_updated_timestamp + 1)
    )
)
_EDGES = Statement(
    select(memberships.c.member_id, memberships.c.group_id, principals.c.name)
    .join_from(memberships, principals, principals.c.id == memberships.c.group_id)
    .where(among(memberships.c.member_id, _ids))
    .order_by(principals.c.name_key)
)
_ADMINS = Statement(
    select(func.count())
    .select_from(principals)
    .where(
        principals.c.id.in_(select(_admins.c.id)),
        principals.c.kind != literal(PrincipalKind.GROUP.value),
        principals.c.active,
    )
)


def of_group(connection: Connection, group_id: str) -> set[str]:
    """Ids of the direct members."""
    return {row[0] for row in _OF_GROUP.run(connection, group_id=group_id)}


def groups_with(connection: Connection, member_id: str) -> set[str]:
    """Ids of the groups that a principal is in directly."""
    return {row[0] for row in _GROUPS_WITH.run(connection, member_id=member_id)}


def present(connection: Connection, group_id: str, member_ids: Collection[str]) -> set[str]:
    """Those of the ids that are direct members."""
    return {row[0] for row in _PRESENT.run(connection, group_id=group_id, ids=json.dumps([*member_ids]))}


def above(connection: Connection, group_id: str) -> set[str]:
    """Ids of the groups that a group is in, directly or through groups."""
    return {row[0] for row in _ABOVE.run(connection, group_id=group_id)}


class Step(NamedTuple):
    """The last step to a group: the id of the member of it that leads there, and the group's name."""

    member_id: str
    name: str


def steps(connection: Connection, principal_id: str, identities: Collection[str]) -> dict[str, Step]:
    """How a principal is in each of its groups, by the group's id, on the shortest way there. ``identities``: of
    rules.principals.Principal."""
    above: dict[str, list[tuple[str, str]]] = {}
    for member_id, group_id, name in _EDGES.run(connection, ids=json.dumps([*identities])):
        above.setdefault(member_id, []).append((group_id, name))
    found: dict[str, Step] = {}
    following = deque([principal_id])
    while following:
        member_id = following.popleft()
        for group_id, name in above.get(member_id, ()):
            if group_id not in found and group_id != principal_id:
                found[group_id] = Step(member_id, name)
                following.append(group_id)
    return found


def join(
    connection: Connection, group_id: str, member_ids: Collection[str], now: int, *, issuer: str | None = None
) -> None:
    """Make principals members of a group; the caller has checked that they exist and are not members yet. ``issuer``:
    the OpenID provider whose claims say so, if any."""
    _JOIN.run(connection, group_id=group_id, ids=json.dumps([*member_ids]), issuer=issuer)
    touch(connection, member_ids, now)


def keep(connection: Connection, group_id: str, member_ids: Collection[str]) -> None:
    """Make members that claims have made members by hand, too: they stay when the claim goes."""
    _KEEP.run(connection, group_id=group_id, ids=json.dumps([*member_ids]))


def claimed(connection: Connection, member_id: str, issuer: str) -> set[str]:
    """Ids of the groups that a principal is in only because an OpenID provider's claims say so."""
    return {row[0] for row in _CLAIMED_BY.run(connection, member_id=member_id, issuer=issuer)}


def leave(connection: Connection, group_id: str, member_ids: Collection[str], now: int) -> None:
    touch(connection, member_ids, now)
    _LEAVE.run(connection, group_id=group_id, ids=json.dumps([*member_ids]))


def leave_all(connection: Connection, member_id: str, now: int) -> None:
    """Remove a principal from all groups that it is in directly."""
    touch(connection, [member_id], now)
    _LEAVE_ALL.run(connection, member_id=member_id)


def touch(connection: Connection, principal_ids: Collection[str], now: int) -> None:
    """Update the timestamps of these principals, and of those whose SCIM resources include them: the groups that they
    are in, and their direct and indirect members. To be called after joining, and before leaving."""
    _TOUCH.run(connection, ids=json.dumps([*principal_ids]), now=now)


def count_admins(connection: Connection) -> int:
    """How many active users and service principals are in ``admins``, directly or through groups."""
    number: int = _ADMINS.scalar(connection)
    return number
