"""Verbs on groups and their members.

``admins`` and ``users`` always exist, under these names. Everybody is in ``users``, so that it has no members to edit
and can be in no group; ``admins`` always keeps somebody who is active.
"""

from collections.abc import Set as AbstractSet
from typing import Any

from tui_registry_server.operations import principals
from tui_registry_server.operations.call import Answer, Call
from tui_registry_server.operations.record import record
from tui_registry_server.operations.subjects import Subject
from tui_registry_server.rules.errors import Immutable, InvalidParameterValue, ResourceDoesNotExist
from tui_registry_server.rules.principals import ADMINS, USERS, PrincipalKind
from tui_registry_server.rules.scim_patch import Add, Remove, apply_change, read_changes
from tui_registry_server.rules.scim_resources import GROUP
from tui_registry_server.rules.validation import validated
from tui_registry_server.store import memberships
from tui_registry_server.store.principals import PrincipalRow, named
from tui_registry_server.wire.activity import ActivityType
from tui_registry_server.wire.scim import (
    CreateGroup,
    GetResource,
    GroupFields,
    ListResources,
    PatchResource,
    ReplaceGroup,
    ResourceId,
    SearchResources,
)

SHOWN = 10  # names in the text of an activity; its detail has them all


def create(call: Call, body: CreateGroup, subject: Subject) -> Answer:
    """A new group, with its first members."""
    row = principals.create(call, GROUP, body.display_name, _columns(body))
    _settle(call, row, _join(call, row, {member.value for member in body.members}), set())
    return principals.read(call, GROUP, row.id)


def get(call: Call, body: GetResource, subject: None) -> Answer:
    """The group with its members."""
    return principals.read(call, GROUP, body.id, body.attributes, body.excluded_attributes)


def listed(call: Call, body: ListResources, subject: None) -> Answer:
    """Groups that a filter lets through, sorted, a page at a time."""
    return principals.page(call, GROUP, body)


def search(call: Call, body: SearchResources, subject: None) -> Answer:
    """The same, asked for by POST."""
    return principals.search(call, GROUP, body)


def replace(call: Call, body: ReplaceGroup, subject: Subject) -> Answer:
    """PUT: what is left out is cleared, members too; only the name stays as it is."""
    row = _write(call, principals.find(call, GROUP, body.id), body)
    wanted = {member.value for member in body.members}
    if wanted:
        _refuse_users(row)
    left = _leave(call, row, memberships.of_group(call.connection, row.id) - wanted)
    _settle(call, row, _join(call, row, wanted), left)
    return principals.read(call, GROUP, row.id)


def patch(call: Call, body: PatchResource, subject: Subject) -> Answer:
    """Change what is named, and leave the rest as it is."""
    row = principals.find(call, GROUP, body.id)
    fields = principals.fields_of(row) | {"displayName": row.name}
    held: set[str] | None = None
    joining: set[str] = set()
    leaving: set[str] = set()
    for change in read_changes(body.operations, GROUP):
        match change:
            case Add("members", values):
                ids = {member.value for member in values}
                joining |= ids
                leaving -= ids
            case Remove("members", None):
                held = memberships.of_group(call.connection, row.id) if held is None else held
                leaving |= held
                joining = set()
            case Remove("members", gone):
                leaving |= set(gone or ())
                joining -= set(gone or ())
            case _:
                apply_change(fields, change)
    if joining or leaving:
        _refuse_users(row)
    row = _write(call, row, validated(ReplaceGroup, fields))
    left = _leave(call, row, memberships.present(call.connection, row.id, leaving))
    _settle(call, row, _join(call, row, joining), left)
    return principals.read(call, GROUP, row.id)


def delete(call: Call, body: ResourceId, subject: Subject) -> Answer:
    """Its members stay; what it was allowed is gone."""
    row = principals.find(call, GROUP, body.id)
    _refuse_fixed(row, "be deleted")
    principals.delete(call, GROUP, row)
    return {}


def _columns(fields: GroupFields) -> dict[str, Any]:
    """A group's displayName is its name."""
    return principals.columns_of(fields) | {"display_name": None}


def _write(call: Call, row: PrincipalRow, fields: GroupFields) -> PrincipalRow:
    name = fields.display_name or row.name
    if name != row.name:
        _refuse_fixed(row, "be renamed")
    after = row._replace(**_columns(fields), name=name)
    principals.change(call, GROUP, row, after)
    return after


def _join(call: Call, row: PrincipalRow, member_ids: AbstractSet[str]) -> set[str]:
    """The names of those who were no members yet."""
    new = member_ids - memberships.present(call.connection, row.id, member_ids)
    if not new:
        return set()
    found = named(call.connection, new)
    for member_id in new:
        if member_id not in found:
            raise ResourceDoesNotExist(
                f"There is no user, group or service principal with id {member_id[:100]} that could be a member of "
                f"'{row.name}'. It may have been deleted; list them to see their ids."
            )
    if (PrincipalKind.GROUP, USERS) in found.values():
        raise InvalidParameterValue("The group 'users' cannot be a member of a group: everybody is in it.")
    if circular := new & ({row.id} | memberships.above(call.connection, row.id)):
        names = ", ".join(f"'{found[member_id][1]}'" for member_id in circular)
        raise InvalidParameterValue(
            f"The group {names} cannot be a member of '{row.name}', which is the same group or is in it, directly or "
            "through others: groups cannot hold each other."
        )
    memberships.join(call.connection, row.id, new, call.now)
    return {name for _, name in found.values()}


def _leave(call: Call, row: PrincipalRow, member_ids: AbstractSet[str]) -> set[str]:
    """The names of those who are no members any more."""
    if not member_ids:
        return set()
    leaving = {name for _, name in named(call.connection, member_ids).values()}
    memberships.leave(call.connection, row.id, member_ids, call.now)
    return leaving


def _settle(call: Call, row: PrincipalRow, joined: AbstractSet[str], left: AbstractSet[str]) -> None:
    """After all changes of members: see that somebody can administer, and record. Who left and came back counts as
    neither."""
    if left:
        principals.keep_an_admin(call)
    added, removed = sorted(joined - left), sorted(left - joined)
    if not added and not removed:
        return
    words = [f"{verb} {_few(names)}" for verb, names in (("added", added), ("removed", removed)) if names]
    record(
        call,
        ActivityType.CHANGED_PRINCIPAL,
        system_comment=f"changed members of group {row.name}: {'; '.join(words)}",
        detail={"id": row.id, "added": added, "removed": removed},
    )


def _few(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _refuse_fixed(row: PrincipalRow, what: str) -> None:
    if row.name in (ADMINS, USERS):
        raise Immutable(f"The group '{row.name}' cannot {what}: the registry depends on it.")


def _refuse_users(row: PrincipalRow) -> None:
    if row.name == USERS:
        raise Immutable("The members of the group 'users' cannot be changed: everybody is in it, always.")
