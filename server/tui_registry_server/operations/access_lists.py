"""Access control lists: what the permissions of models and those of tokens have in common."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tui_registry_server.operations.call import Call
from tui_registry_server.operations.record import in_words, record, references, without_empty
from tui_registry_server.rules.errors import InvalidParameterValue, ResourceDoesNotExist
from tui_registry_server.rules.permissions import Level, level_name, token_level_name
from tui_registry_server.rules.principals import ROOT, TOKENS
from tui_registry_server.store import counters, grants, principals
from tui_registry_server.store.grants import GrantRow
from tui_registry_server.store.registered_models import ModelRow
from tui_registry_server.wire.activity import ActivityType
from tui_registry_server.wire.names import name_key
from tui_registry_server.wire.permission import AccessControlRequest
from tui_registry_server.wire.principal import ADMINS, PrincipalKind

_NAME_FIELDS = {
    PrincipalKind.USER: "user_name",
    PrincipalKind.GROUP: "group_name",
    PrincipalKind.SERVICE_PRINCIPAL: "service_principal_name",
}


def direct(call: Call, object_id: str) -> dict[str, Level]:
    """Principal id to level, of the direct grants on an object."""
    return {row.principal_id: Level(row.level) for row in grants.on(call.connection, object_id)}


def etag(call: Call, object_id: str) -> str:
    """Identifies the current direct grants on an object."""
    return hashlib.sha256(json.dumps(sorted(direct(call, object_id).items())).encode()).hexdigest()[:32]


def wanted(call: Call, entries: Iterable[AccessControlRequest], parse: Callable[[str], Level]) -> dict[str, Level]:
    """Principal id to the highest level listed for it."""
    levels: dict[str, Level] = {}
    for entry in entries:
        kind, name = principal_of(entry)
        level = parse(entry.permission_level)
        if kind is PrincipalKind.GROUP and name_key(name) == ADMINS:
            if level is Level.MANAGE:
                continue
            raise InvalidParameterValue(f"Cannot change permissions for group 'admins' to {entry.permission_level}.")
        principal_id = principals.id_of(call.connection, kind, name)
        if principal_id is None:
            what = kind.value.replace("_", " ")
            raise ResourceDoesNotExist(
                f"Principal: {what} '{name}' does not exist. Create it first, or correct the name."
            )
        levels[principal_id] = max(level, levels.get(principal_id, Level.NONE))
    return levels


def level_name_on(object_id: str, level: int) -> str:
    """The wire's name of a stored level on an object: the token settings have their own."""
    return token_level_name(level) if object_id == TOKENS else level_name(level)


def change(call: Call, object_id: str, after: dict[str, Level], *, model: ModelRow | None) -> None:
    """Make these the direct grants on an object. ``model``: None for a registry-wide object."""
    before = direct(call, object_id)
    for principal_id in before.keys() - after.keys():
        grants.revoke(call.connection, object_id, principal_id)
    for principal_id, level in after.items():
        if before.get(principal_id) != level:
            grants.grant(call.connection, object_id, principal_id, level)
    levels = changed_levels(call, object_id, before)
    if not levels:
        return
    if model is None:
        counters.advance(call.connection, counters.IDENTITY)
    record(
        call,
        ActivityType.CHANGED_PERMISSIONS,
        model_id=model.id if model else None,
        model_name=model.name if model else None,
        system_comment="; ".join(
            f"{in_words(each)}: {each['level'][0] or 'none'} -> {each['level'][1] or 'none'}" for each in levels
        ),
        detail={"object": ROOT if object_id == call.principal.root_id else object_id, "levels": levels},
    )


def changed_levels(call: Call, object_id: str, before: Mapping[str, Level]) -> list[dict[str, Any]]:
    """For a record: the principals whose direct grant on an object has changed, with ``level`` before and after."""
    after = direct(call, object_id)
    differing = {each for each in before.keys() | after.keys() if before.get(each) != after.get(each)}

    def name(level: Level | None) -> str | None:
        return None if level is None else level_name_on(object_id, level)

    return [
        who | {"level": [name(before.get(who["id"])), name(after.get(who["id"]))]}
        for who in references(call.connection, differing)
    ]


def entries(
    own: Iterable[GrantRow],
    inherited: Iterable[GrantRow],
    level_name: Callable[[int], str],
    *,
    inherited_from: str | None,
) -> list[dict[str, Any]]:
    """One AccessControl for each principal. ``admins`` have the highest level, inherited if ``inherited_from``."""
    listed: dict[tuple[str, str], dict[str, Any]] = {}

    def permissions_of(kind: str, name: str, display_name: str | None) -> list[dict[str, Any]]:
        entry = listed.setdefault(
            (kind, name),
            without_empty({_NAME_FIELDS[PrincipalKind(kind)]: name, "display_name": display_name})
            | {"all_permissions": []},
        )
        permissions: list[dict[str, Any]] = entry["all_permissions"]
        return permissions

    as_direct: dict[str, Any] = {"inherited": False}
    as_inherited: dict[str, Any] = {"inherited": True, "inherited_from_object": [inherited_from]}
    for rows, origin in ((own, as_direct), (inherited, as_inherited)):
        for row in rows:
            permissions_of(row.kind, row.name, row.display_name).append(
                {"permission_level": level_name(row.level), **origin}
            )
    permissions_of(PrincipalKind.GROUP, ADMINS, None).append(
        {"permission_level": level_name(Level.MANAGE), **(as_direct if inherited_from is None else as_inherited)}
    )
    return list(listed.values())


def principal_of(entry: AccessControlRequest) -> tuple[PrincipalKind, str]:
    """The kind and the name of whom an entry is for."""
    for kind, field in _NAME_FIELDS.items():
        name = getattr(entry, field)
        if name is not None:
            return kind, name
    raise InvalidParameterValue("Name exactly one of user_name, group_name and service_principal_name in each entry.")
