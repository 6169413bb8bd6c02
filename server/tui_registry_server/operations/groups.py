"""Operations on groups and their members.

``admins`` and ``users`` always exist, under these names. Everybody is in ``users``: its members cannot be edited, and
it cannot be a member of a group. ``admins`` always has an active member.
"""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from typing import Any

from tui_registry_server.operations import principals
from tui_registry_server.operations.call import Answer, Call
from tui_registry_server.operations.record import in_words, record, references
from tui_registry_server.operations.subjects import Subject
from tui_registry_server.rules.errors import Immutable, InvalidParameterValue, ResourceDoesNotExist
from tui_registry_server.rules.scim_patch import Add, Remove, apply_change, read_changes
from tui_registry_server.rules.scim_resources import GROUP
from tui_registry_server.rules.validation import validated
from tui_registry_server.store import memberships
from tui_registry_server.store.principals import PrincipalRow, id_of, named
from tui_registry_server.wire.activity import ActivityType
from tui_registry_server.wire.principal import ADMINS, USERS, PrincipalKind
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

MAX_NAMES = 10  # names in the text of an activity; its detail has all of them


def create(call: Call, body: CreateGroup, subject: Subject) -> Answer:
    """A new group, with its first members."""
    row = principals.create(call, GROUP, body.display_name, _columns(body))
    with _recorded(call, row) as members:
        members.join({member.value for member in body.members})
    return principals.read(call, GROUP, row.id)


def get(call: Call, body: GetResource, subject: None) -> Answer:
    """The group with its members."""
    return principals.read(call, GROUP, body.id, body.attributes, body.excluded_attributes)


def listed(call: Call, body: ListResources, subject: None) -> Answer:
    """Groups that match a filter, sorted and paged."""
    return principals.page(call, GROUP, body)


def search(call: Call, body: SearchResources, subject: None) -> Answer:
    """Search by POST, as by GET."""
    return principals.search(call, GROUP, body)


def replace(call: Call, body: ReplaceGroup, subject: Subject) -> Answer:
    """PUT: fields that are left out are cleared, members too, but not the name."""
    row = _write(call, principals.find(call, GROUP, body.id), body)
    wanted = {member.value for member in body.members}
    if wanted:
        _require_not_users(row)
    with _recorded(call, row) as members:
        members.leave(memberships.of_group(call.connection, row.id) - wanted)
        members.join(wanted)
    return principals.read(call, GROUP, row.id)


def patch(call: Call, body: PatchResource, subject: Subject) -> Answer:
    """Change the given attributes only."""
    row = principals.find(call, GROUP, body.id)
    fields = principals.fields_of(row) | {"displayName": row.name}
    current: set[str] | None = None
    joining: set[str] = set()
    leaving: set[str] = set()
    for change in read_changes(body.operations, GROUP):
        match change:
            case Add("members", values):
                ids = {member.value for member in values}
                joining |= ids
                leaving -= ids
            case Remove("members", None):
                current = memberships.of_group(call.connection, row.id) if current is None else current
                leaving |= current
                joining = set()
            case Remove("members", removed):
                leaving |= set(removed or ())
                joining -= set(removed or ())
            case _:
                apply_change(fields, change)
    if joining or leaving:
        _require_not_users(row)
    with _recorded(call, row) as members:
        members.group = row = _write(call, row, validated(ReplaceGroup, fields))
        members.leave(leaving)
        members.join(joining)
    return principals.read(call, GROUP, row.id)


def delete(call: Call, body: ResourceId, subject: Subject) -> Answer:
    """Delete a group with its permissions; its members are not deleted."""
    row = principals.find(call, GROUP, body.id)
    _require_not_builtin(row, "be deleted")
    principals.delete(call, GROUP, row)
    return {}


def _columns(fields: GroupFields) -> dict[str, Any]:
    """A group's displayName is its name."""
    return principals.columns_of(fields) | {"display_name": None}


def _write(call: Call, row: PrincipalRow, fields: GroupFields) -> PrincipalRow:
    name = fields.display_name or row.name
    if name != row.name:
        _require_not_builtin(row, "be renamed")
    after = row._replace(**_columns(fields), name=name)
    principals.change(call, GROUP, row, after)
    return after


class _Members:
    """Changes the members of a group, and tracks who of the changed ones was a member before: groups can be large."""

    def __init__(self, call: Call, group: PrincipalRow) -> None:
        self.group = group
        self._call = call
        self._before: set[str] = set()
        self._touched: set[str] = set()

    def join(self, member_ids: AbstractSet[str]) -> None:
        """Add members. Existing ones are ignored."""
        connection, group = self._call.connection, self.group
        present = self._touch(member_ids)
        if present:
            memberships.keep(connection, group.id, present)
        new = member_ids - present
        if not new:
            return
        found = named(connection, new)
        for member_id in new:
            if member_id not in found:
                raise ResourceDoesNotExist(
                    f"There is no user, group or service principal with id {member_id[:100]} to be added to "
                    f"'{group.name}'. It may have been deleted; list them to see their ids."
                )
        if (PrincipalKind.GROUP, USERS) in found.values():
            raise InvalidParameterValue("The group 'users' cannot be a member of a group: everybody is in it.")
        if circular := new & ({group.id} | memberships.above(connection, group.id)):
            names = ", ".join(f"'{found[member_id][1]}'" for member_id in circular)
            raise InvalidParameterValue(
                f"The group {names} cannot be a member of '{group.name}', which is the same group or is in it, "
                "directly or through others: groups cannot contain each other."
            )
        memberships.join(connection, group.id, new, self._call.now)

    def leave(self, member_ids: AbstractSet[str]) -> None:
        """Remove members. Others are ignored."""
        if leaving := self._touch(member_ids):
            memberships.leave(self._call.connection, self.group.id, leaving, self._call.now)

    def changed(self) -> tuple[set[str], set[str]]:
        """The ids of those who have become members, and of those who no longer are."""
        now = memberships.present(self._call.connection, self.group.id, self._touched)
        return now - self._before, self._before - now

    def _touch(self, member_ids: AbstractSet[str]) -> set[str]:
        """Track these ids. Returns those that are members now."""
        present = memberships.present(self._call.connection, self.group.id, member_ids) if member_ids else set()
        self._before |= present - self._touched
        self._touched |= member_ids
        return present


@contextmanager
def _recorded(call: Call, group: PrincipalRow) -> Iterator[_Members]:
    """Record the changes of members in the block, after checking that there still is an administrator."""
    members = _Members(call, group)
    yield members
    joined, left = members.changed()
    if left:
        principals.keep_an_admin(call)
    if not joined and not left:
        return
    added, removed = (references(call.connection, ids) for ids in (joined, left))
    words = [f"{verb} {_list_names(who)}" for verb, who in (("added", added), ("removed", removed)) if who]
    record(
        call,
        ActivityType.CHANGED_PRINCIPAL,
        system_comment=f"changed members of group {members.group.name}: {'; '.join(words)}",
        detail=principals.detail_of(members.group) | {"added": added, "removed": removed},
    )


def join(call: Call, group_name: str, member_id: str) -> None:
    """Add a member to a built-in group."""
    group_id = id_of(call.connection, PrincipalKind.GROUP, group_name)
    with _recorded(call, principals.find(call, GROUP, group_id or group_name)) as members:
        members.join({member_id})


def _list_names(who: list[dict[str, Any]]) -> str:
    more = f" and {len(who) - MAX_NAMES} more" if len(who) > MAX_NAMES else ""
    return ", ".join(in_words(each) for each in who[:MAX_NAMES]) + more


def _require_not_builtin(row: PrincipalRow, what: str) -> None:
    if row.name in (ADMINS, USERS):
        raise Immutable(f"The group '{row.name}' cannot {what}: the registry depends on it.")


def _require_not_users(row: PrincipalRow) -> None:
    if row.name == USERS:
        raise Immutable("The members of the group 'users' cannot be changed: everybody is in it.")
