"""Verbs on users."""

import uuid

from server.operations.call import Call
from server.operations.record import record
from server.rules.errors import InvalidParameterValue, ResourceAlreadyExists
from server.rules.principals import ADMINS, PrincipalKind
from server.store import counters, principals
from server.wire.activity import ActivityType

MAX_NAME = 256


def create(call: Call, name: str, *, admin: bool) -> str:
    """A new active user; the id. An admin is a member of the group ``admins``."""
    name = check_name(name)
    if principals.id_of(call.connection, PrincipalKind.USER, name) is not None:
        raise ResourceAlreadyExists(f"User '{name}' exists already. Choose another name.")
    principal_id = uuid.uuid4().hex
    principals.add(
        call.connection, principal_id=principal_id, kind=PrincipalKind.USER, name=name, display_name=None, now=call.now
    )
    if admin:
        group_id = principals.id_of(call.connection, PrincipalKind.GROUP, ADMINS)
        if group_id is not None:
            principals.join(call.connection, group_id, principal_id)
    counters.advance(call.connection, counters.IDENTITY)
    record(call, ActivityType.CREATED_PRINCIPAL, system_comment=f"created user {name}", detail={"admin": admin})
    return principal_id


def check_name(name: str) -> str:
    """The name itself, if a principal may have it."""
    if not name.strip() or name != name.strip():
        raise InvalidParameterValue("A user's or group's name cannot be empty, nor begin or end with a space.")
    if len(name) > MAX_NAME:
        raise InvalidParameterValue(f"A user's or group's name has at most {MAX_NAME} characters.")
    if not name.isprintable() or ":" in name:
        raise InvalidParameterValue(
            f"The name {name!r} has a colon or a character that cannot be printed; leave it out."
        )
    return name
