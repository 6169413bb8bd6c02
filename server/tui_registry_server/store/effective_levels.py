"""The levels that lists of grants give to principals: in SQL, also those of lists that are not written anywhere yet.

As everywhere, a principal's level is the highest that the list gives to it, to its groups, and to the groups that those
are in. A group of thousands is counted where its members are kept; only so many of them are read as are asked for.
"""

import json
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Select,
    String,
    bindparam,
    case,
    func,
    literal,
    literal_column,
    select,
    union,
    union_all,
)

from tui_registry_server.rules.permissions import Level
from tui_registry_server.store.dialects import among, greater, pairs
from tui_registry_server.store.memberships import groups_of_each, with_members
from tui_registry_server.store.statements import Statement
from tui_registry_server.store.tables import memberships, principals
from tui_registry_server.store.workspace_access import may_enter
from tui_registry_server.wire.principal import PrincipalKind


class ListChange(NamedTuple):
    """Two lists of grants, principal id to level, the second in place of the first.

    named: the principals that entries were added, changed or removed for.
    everyone: the id of the group ``users``, which has no rows among the memberships.
    entrance: the registry-wide object of the workspace of the model that the lists are of: whoever may not use that has
        no level. ROOT for lists of a registry-wide object itself, whose entries are what lets one in.
    """

    before: Mapping[str, Level]
    after: Mapping[str, Level]
    named: Collection[str]
    everyone: str
    entrance: str

    def levels(self) -> dict[str, Any]:
        """The parameters of _levels."""
        return {
            "before": json.dumps([*self.before.items()]),
            "after": json.dumps([*self.after.items()]),
            "everyone_before": int(self.before.get(self.everyone, Level.NONE)),
            "everyone_after": int(self.after.get(self.everyone, Level.NONE)),
            "root_id": self.entrance,
        }

    def members(self) -> dict[str, Any]:
        """The parameters of _levels and _members."""
        named = json.dumps([*self.named])
        return self.levels() | {"named": named, "everyone_named": int(self.everyone in self.named)}


class LevelRow(NamedTuple):
    """A principal with its level by the first list and by the second, and whether it may use the workspace."""

    id: str
    kind: str
    name: str
    display_name: str | None
    active: bool
    enters: bool
    before: Level
    after: Level


_ids = bindparam("ids", type_=String())
_named = bindparam("named", type_=String())
_limit = bindparam("limit", type_=Integer())
_is_group = principals.c.kind == literal(PrincipalKind.GROUP.value)


def _granted() -> CTE:
    """Rows (id, before, after): what the lists give to each principal that is in one of them."""
    before = pairs(bindparam("before", type_=String()))
    after = pairs(bindparam("after", type_=String()))
    none: ColumnElement[int] = literal_column("0")
    rows = union_all(
        select(before.c.id, before.c.number.label("before"), none.label("after")),
        select(after.c.id, none, after.c.number),
    ).subquery("entries")
    return select(rows.c.id, *_highest(rows)).group_by(rows.c.id).cte("granted")


def _highest(rows: FromClause) -> list[ColumnElement[int]]:
    return [func.max(rows.c[which]).label(which) for which in ("before", "after")]


def _levels(ids: Select[Any]) -> Select[Any]:
    """LevelRow, with the key of its name, for each of the principals."""
    who, granted = ids.cte("who"), _granted()
    # By group, as thousands of people are in the same few.
    groups = select(memberships.c.group_id.label("id")).join(who, who.c.id == memberships.c.member_id).distinct()
    above = groups_of_each(groups)
    by_group = (
        select(above.c.principal_id.label("id"), *_highest(granted))
        .join_from(above, granted, granted.c.id == above.c.id)
        .group_by(above.c.principal_id)
        .cte("by_group")
    )
    ways = union_all(
        select(who.c.id, granted.c.before, granted.c.after).join_from(who, granted, granted.c.id == who.c.id),
        select(memberships.c.member_id, by_group.c.before, by_group.c.after)
        .join_from(memberships, who, who.c.id == memberships.c.member_id)
        .join(by_group, by_group.c.id == memberships.c.group_id),
    ).subquery("ways")
    best = select(ways.c.id, *_highest(ways)).group_by(ways.c.id).cte("best")

    enters = case((may_enter(who.c.id), literal_column("1")), else_=literal_column("0"))

    def level(which: str) -> Any:
        everyone = bindparam(f"everyone_{which}", type_=Integer())
        of_everyone = case((_is_group, literal_column("0")), else_=everyone)
        return (enters * greater(func.coalesce(best.c[which], literal_column("0")), of_everyone)).label(which)

    columns = (principals.c[name] for name in ("id", "kind", "name", "display_name", "active", "name_key"))
    return (
        select(*columns, enters.label("enters"), level("before"), level("after"))
        .join_from(who, principals, principals.c.id == who.c.id)
        .outerjoin(best, best.c.id == who.c.id)
    )


def _row(levels: Any) -> tuple[Any, ...]:
    return tuple(levels.c[name] for name in LevelRow._fields)


def _members() -> Select[Any]:
    """Ids of the users and service principals in groups that are named, but not named themselves."""
    below = with_members(select(principals.c.id).where(among(principals.c.id, _named)))
    is_person = ~_is_group & ~among(principals.c.id, _named)
    everybody = select(principals.c.id).where(bindparam("everyone_named", type_=Integer()) == literal_column("1"))
    rows = union(
        select(principals.c.id).join_from(below, principals, principals.c.id == below.c.id).where(is_person),
        everybody.where(is_person),
    ).subquery("people")
    return select(rows.c.id)


_of_named = _levels(select(principals.c.id).where(among(principals.c.id, _ids))).subquery("levels")
_of_members = _levels(_members()).subquery("levels")
_ways = groups_of_each(select(principals.c.id).where(among(principals.c.id, _ids)))

_OF = Statement(select(*_row(_of_named)).order_by(_of_named.c.kind, _of_named.c.name_key).limit(_limit))
_OF_MEMBERS = Statement(
    select(*_row(_of_members))
    .order_by(
        case((_of_members.c.before == _of_members.c.after, literal_column("1")), else_=literal_column("0")),
        _of_members.c.name_key,
        _of_members.c.id,
    )
    .limit(_limit)
)
_COUNTS = Statement(
    select(_of_members.c.before, _of_members.c.after, func.count())
    .group_by(_of_members.c.before, _of_members.c.after)
    .order_by(_of_members.c.before, _of_members.c.after)
)
_THROUGH = Statement(
    select(_ways.c.principal_id, principals.c.name)
    .join_from(_ways, principals, principals.c.id == _ways.c.id)
    .where(_is_group, among(_ways.c.id, _named))
    .order_by(principals.c.name_key)
)


def of(connection: Connection, change: ListChange, ids: Collection[str], limit: int) -> list[LevelRow]:
    """The levels of these principals, ordered by kind and name; at most so many."""
    rows = _OF.run(connection, ids=json.dumps([*ids]), limit=limit, **change.levels())
    return [_level_row(row) for row in rows]


def of_members(connection: Connection, change: ListChange, limit: int) -> list[LevelRow]:
    """The levels of users and service principals who are in groups that are named, but not named themselves: those that
    change first, by name; at most so many."""
    rows = _OF_MEMBERS.run(connection, limit=limit, **change.members())
    return [_level_row(row) for row in rows]


def count_members(connection: Connection, change: ListChange) -> list[tuple[Level, Level, int]]:
    """Level before, level after, and how many of those members have these."""
    rows = _COUNTS.run(connection, **change.members())
    return [(Level(row[0]), Level(row[1]), row[2]) for row in rows]


def named_groups_of(connection: Connection, change: ListChange, ids: Collection[str]) -> dict[str, list[str]]:
    """For each of these the names of the groups named that it is in, directly or through groups, but for ``users``."""
    found: dict[str, list[str]] = {each: [] for each in ids}
    for principal_id, name in _THROUGH.run(connection, ids=json.dumps([*ids]), named=json.dumps([*change.named])):
        found[principal_id].append(name)
    return found


def _level_row(row: tuple[Any, ...]) -> LevelRow:
    found = LevelRow(*row)
    return found._replace(
        active=bool(found.active), enters=bool(found.enters), before=Level(found.before), after=Level(found.after)
    )
