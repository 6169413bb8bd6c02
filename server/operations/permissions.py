"""Reading and changing who may do what: the access control list of a model, or of the whole registry."""

from typing import Any

from server.operations.call import Answer, Call
from server.operations.record import record, without_empty
from server.operations.subjects import ObjectSubject
from server.rules.errors import InvalidParameterValue, ResourceDoesNotExist
from server.rules.permissions import LEVELS, Level, level_name, parse_level
from server.rules.principals import ADMINS, ROOT, PrincipalKind
from server.store import counters, grants, principals
from server.store.grants import GrantRow
from server.wire.activity import ActivityType
from server.wire.permission import AccessControlRequest, ChangePermissions, PermissionLevel, PermissionsOf

ROOT_PATH = "/registered-models/"
"""How an entry says that it was inherited from the registry-wide object."""

_NAME_FIELDS = {
    PrincipalKind.USER: "user_name",
    PrincipalKind.GROUP: "group_name",
    PrincipalKind.SERVICE_PRINCIPAL: "service_principal_name",
}


def get(call: Call, body: PermissionsOf, subject: ObjectSubject) -> Answer:
    """Every principal with a level on the object, direct or inherited."""
    return _entity(call, subject)


def levels(call: Call, body: PermissionsOf, subject: ObjectSubject) -> Answer:
    """The levels that can be given on the object."""
    return {
        "permission_levels": [
            {"permission_level": wire.value, "description": description}
            for wire, (_, description) in LEVELS.items()
            if subject.model is None or wire is not PermissionLevel.CAN_CREATE_REGISTERED_MODEL
        ]
    }


def add(call: Call, body: ChangePermissions, subject: ObjectSubject) -> Answer:
    """PATCH: give the levels listed, and leave the other entries as they are."""
    wanted = _wanted(call, body, subject)
    before = {row.principal_id: row for row in grants.on(call.connection, subject.object_id)}
    return _change(call, subject, before, {**{key: Level(row.level) for key, row in before.items()}, **wanted})


def replace(call: Call, body: ChangePermissions, subject: ObjectSubject) -> Answer:
    """PUT: the levels listed are the only direct entries from now on."""
    wanted = _wanted(call, body, subject)
    before = {row.principal_id: row for row in grants.on(call.connection, subject.object_id)}
    return _change(call, subject, before, wanted)


def _change(call: Call, subject: ObjectSubject, before: dict[str, GrantRow], after: dict[str, Level]) -> Answer:
    changes: dict[str, list[str | None]] = {}
    for principal_id in before.keys() - after.keys():
        grants.revoke(call.connection, subject.object_id, principal_id)
        changes[principal_id] = [level_name(before[principal_id].level), None]
    for principal_id, level in after.items():
        old = before.get(principal_id)
        if old is None or old.level != level:
            grants.grant(call.connection, subject.object_id, principal_id, level)
            changes[principal_id] = [None if old is None else level_name(old.level), level_name(level)]
    if changes:
        if subject.model is None:
            counters.advance(call.connection, counters.IDENTITY)
        named = {
            principals.name_of(call.connection, principal_id) or principal_id: levels
            for principal_id, levels in changes.items()
        }
        record(
            call,
            ActivityType.CHANGED_PERMISSIONS,
            model_id=subject.model.id if subject.model else None,
            model_name=subject.model.name if subject.model else None,
            system_comment="; ".join(
                f"{name}: {old or 'none'} -> {new or 'none'}" for name, (old, new) in sorted(named.items())
            ),
            detail={"object": subject.object_id, "levels": named},
        )
    return _entity(call, subject)


def _wanted(call: Call, body: ChangePermissions, subject: ObjectSubject) -> dict[str, Level]:
    """Principal id to the highest level listed for it."""
    wanted: dict[str, Level] = {}
    for entry in body.access_control_list:
        kind, name = _principal(entry)
        level = parse_level(entry.permission_level, registry_wide=subject.model is None)
        if kind is PrincipalKind.GROUP and name.lower() == ADMINS:
            if level is Level.MANAGE:
                continue
            raise InvalidParameterValue(f"Cannot change permissions for group 'admins' to {entry.permission_level}.")
        principal_id = principals.id_of(call.connection, kind, name)
        if principal_id is None:
            what = kind.value.replace("_", " ")
            raise ResourceDoesNotExist(f"Principal: {what} '{name}' does not exist. Create it first, or mend the name.")
        wanted[principal_id] = max(level, wanted.get(principal_id, Level.NONE))
    return wanted


def _principal(entry: AccessControlRequest) -> tuple[PrincipalKind, str]:
    for kind, field in _NAME_FIELDS.items():
        name = getattr(entry, field)
        if name is not None:
            return kind, name
    raise InvalidParameterValue("Name exactly one of user_name, group_name and service_principal_name in each entry.")


def _entity(call: Call, subject: ObjectSubject) -> Answer:
    entries: dict[tuple[str, str], dict[str, Any]] = {}

    def entry(kind: str, name: str, display_name: str | None) -> list[dict[str, Any]]:
        made = entries.setdefault(
            (kind, name),
            without_empty({_NAME_FIELDS[PrincipalKind(kind)]: name, "display_name": display_name})
            | {"all_permissions": []},
        )
        permissions: list[dict[str, Any]] = made["all_permissions"]
        return permissions

    for row in grants.on(call.connection, subject.object_id):
        entry(row.kind, row.name, row.display_name).append(
            {"permission_level": level_name(row.level), "inherited": False}
        )
    inherited: dict[str, Any] = {"inherited": True, "inherited_from_object": [ROOT_PATH]}
    if subject.model is not None:
        for row in grants.on(call.connection, ROOT):
            if row.level >= Level.READ:
                entry(row.kind, row.name, row.display_name).append(
                    {"permission_level": level_name(row.level), **inherited}
                )
    entry(PrincipalKind.GROUP, ADMINS, None).append(
        {"permission_level": PermissionLevel.CAN_MANAGE.value}
        | (inherited if subject.model is not None else {"inherited": False})
    )
    return {
        "object_id": f"/registered-models/{subject.object_id}",
        "object_type": "registered-model",
        "access_control_list": list(entries.values()),
    }
