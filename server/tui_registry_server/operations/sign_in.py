"""Signing in with a token of an OpenID provider: its user and groups are made here, and its groups are followed.

The newest token of a user decides on the groups that claims have made; members that people or SCIM have made stay.
Unlike for changes by people, an administrator may be the last one when the provider takes that right away: what it
decides is not to be refused, and the command line can make another.
"""

import json
from typing import NamedTuple

from tui_registry_server.operations import principals
from tui_registry_server.operations.call import Call
from tui_registry_server.operations.record import record, references
from tui_registry_server.rules.errors import Unauthenticated
from tui_registry_server.rules.identity import ClaimPolicy, Person, Provisioning
from tui_registry_server.rules.scim_resources import GROUP, USER
from tui_registry_server.store import memberships, sign_ins
from tui_registry_server.store import principals as stored
from tui_registry_server.store.engine import Connection
from tui_registry_server.wire.activity import ActivityType
from tui_registry_server.wire.error import REFUSED
from tui_registry_server.wire.principal import PrincipalKind


def known(connection: Connection, person: Person, policy: ClaimPolicy) -> str | None:
    """The user's id, if this token has no new claims: signing in changes nothing then."""
    principal_id = stored.id_of(connection, PrincipalKind.USER, person.name)
    if principal_id is None:
        return None
    newest = sign_ins.newest(connection, principal_id, policy.issuer)
    return principal_id if newest is not None and person.issued < newest else None


def sign_in(call: Call, person: Person, policy: ClaimPolicy) -> str:
    """The user's id. Makes the user, if that is the policy, and their groups those of the token, unless a newer one was
    seen. Raises Unauthenticated if SCIM makes the users, and has not made this one."""
    principal_id = stored.id_of(call.connection, PrincipalKind.USER, person.name)
    if principal_id is None or not _changes(call.connection, principal_id, person, policy).nothing:
        # Nothing else about principals is changed, and what servers have cached of them stays, unless this is needed.
        principals.begin_change(call)
        principal_id = _find_or_make(call, person, policy)
        if principal_id is None:
            raise Unauthenticated(f"{REFUSED} its user has no account here, and accounts are made by SCIM only.")
        changes = _changes(call.connection, principal_id, person, policy)
        made = [principals.create(call, GROUP, name, {}).id for name in changes.missing]
        for group_id in changes.leaving:
            memberships.leave(call.connection, group_id, [principal_id], call.now)
            _record(call, principal_id, group_id, "removed", policy)
        for group_id in (*changes.joining, *made):
            memberships.join(call.connection, group_id, [principal_id], call.now, issuer=policy.issuer)
            _record(call, principal_id, group_id, "added", policy)
    sign_ins.put(call.connection, principal_id, policy.issuer, person.issued)
    return principal_id


class _Changes(NamedTuple):
    """Ids of groups to leave and to join, and names of groups to be made and joined."""

    leaving: list[str]
    joining: list[str]
    missing: list[str]

    @property
    def nothing(self) -> bool:
        return not (self.leaving or self.joining or self.missing)


def _changes(connection: Connection, principal_id: str, person: Person, policy: ClaimPolicy) -> _Changes:
    newest = sign_ins.newest(connection, principal_id, policy.issuer)
    if newest is not None and person.issued < newest:
        return _Changes([], [], [])
    found = {name: stored.id_of(connection, PrincipalKind.GROUP, name) for name in sorted(person.groups)}
    wanted = {group_id for group_id in found.values() if group_id is not None}
    leaving = sorted(memberships.claimed(connection, principal_id, policy.issuer) - wanted)
    if newest == person.issued:  # of two tokens of the same second nobody knows the newer one: it only takes away
        return _Changes(leaving, [], [])
    joining = sorted(wanted - memberships.groups_with(connection, principal_id))
    makes = policy.provisioning is Provisioning.SIGN_IN
    return _Changes(leaving, joining, [name for name, group_id in found.items() if group_id is None and makes])


def _find_or_make(call: Call, person: Person, policy: ClaimPolicy) -> str | None:
    principal_id = stored.id_of(call.connection, PrincipalKind.USER, person.name)
    if principal_id is None and policy.provisioning is Provisioning.SIGN_IN:
        emails = json.dumps([{"value": person.email, "primary": True}]) if person.email else None
        principal_id = principals.create(
            call, USER, person.name, {"display_name": person.display_name, "emails": emails}
        ).id
    return principal_id


def _record(call: Call, principal_id: str, group_id: str, verb: str, policy: ClaimPolicy) -> None:
    group, user = (references(call.connection, [each])[0] for each in (group_id, principal_id))
    record(
        call,
        ActivityType.CHANGED_PRINCIPAL,
        system_comment=f"changed members of group {group['name']}: {verb} user {user['name']}, as {policy.issuer} says",
        detail=group | {verb: [user], "issuer": policy.issuer},
    )
