"""Why somebody has a level on a model or on the whole registry: every grant that gives it one."""

from typing import Any

from tui_registry_server.operations import subjects
from tui_registry_server.operations.call import Answer, Call
from tui_registry_server.operations.permissions import ROOT_PATH, heading
from tui_registry_server.operations.record import without_empty
from tui_registry_server.operations.subjects import ObjectSubject
from tui_registry_server.rules.errors import InvalidParameterValue, ResourceDoesNotExist
from tui_registry_server.rules.permissions import Level, level_name
from tui_registry_server.rules.principals import ROOT, Principal, address, parse_address
from tui_registry_server.store import grants, memberships, principals
from tui_registry_server.store.grants import GrantRow
from tui_registry_server.store.memberships import Step
from tui_registry_server.store.principals import PrincipalRow
from tui_registry_server.wire.permission_reasons import MAX_GRANTS, MAX_GROUPS, MAX_THROUGH, ExplainPermissions
from tui_registry_server.wire.principal import ADMINS, USERS, PrincipalKind

Steps = dict[str, Step]
"""The last step to each group, by the group's id."""


def explain(call: Call, body: ExplainPermissions, subject: ObjectSubject) -> Answer:
    """What a principal may do on the object, and every grant that it may do so by."""
    row = _resolve(call, body.principal)
    who = principals.with_rights(call.connection, row.id, PrincipalKind(row.kind), row.name)
    steps = memberships.steps(call.connection, who.id, who.identities)
    groups = sorted([*{step.name for step in steps.values()}, *_everyone(who)])
    reasons = _reasons(call, who, steps, subject)
    return without_empty(
        {
            **heading(subject),
            "principal": shown(row.id, row.kind, row.name, row.display_name, active=row.active),
            "permission_level": level_name(_level(call, who, body)),
            "grants": reasons[:MAX_GRANTS],
            "grant_count": len(reasons),
            "groups": groups[:MAX_GROUPS],
            "group_count": len(groups),
        }
    )


def shown(principal_id: str, kind: str, name: str, display_name: str | None, *, active: bool) -> dict[str, Any]:
    """A PrincipalReference."""
    return without_empty(
        {"id": principal_id, "kind": kind, "name": name, "display_name": display_name, "active": active}
    )


def _resolve(call: Call, text: str) -> PrincipalRow:
    """Who is meant."""
    kinds, name = parse_address(text) if text.strip() else ([call.principal.kind], call.principal.name)
    found = [
        row
        for kind in kinds
        if (principal_id := principals.id_of(call.connection, kind, name)) is not None
        and (row := principals.find(call.connection, kind, principal_id)) is not None
    ]
    if not found:
        what = "user, group or service principal" if len(kinds) > 1 else kinds[0].value.replace("_", " ")
        raise ResourceDoesNotExist(f"There is no {what} called '{name}'.")
    if len(found) > 1:
        ways = " or ".join(address(PrincipalKind(row.kind), row.name) for row in found)
        raise InvalidParameterValue(f"Several are called '{name}': write {ways}.")
    return found[0]


def _level(call: Call, who: Principal, body: ExplainPermissions) -> int:
    """What the ability table would judge by, if they called."""
    try:
        return subjects.permissions_object(call._replace(principal=who), body).level
    except ResourceDoesNotExist:  # as it is for whoever may not read it
        return Level.NONE


def _reasons(call: Call, who: Principal, steps: Steps, subject: ObjectSubject) -> list[dict[str, Any]]:
    """GrantReason for each, the highest level first, then those by name, and those on the object itself."""
    own = [(row, False) for row in grants.on(call.connection, subject.object_id)]
    if subject.model is not None:
        own += [(row, True) for row in grants.on(call.connection, ROOT) if row.level >= Level.READ]
    held = frozenset(who.identities)
    found = [
        (row.level, _reason(row, who, steps, inherited=inherited)) for row, inherited in own if row.principal_id in held
    ]
    if who.admin:
        found.append((Level.MANAGE, _of_admins(who, steps, inherited=subject.model is not None)))
    found.sort(key=lambda each: (-each[0], not each[1]["by_name"], each[1]["inherited"], each[1].get("group_name", "")))
    return [reason for _, reason in found]


def _reason(row: GrantRow, who: Principal, steps: Steps, *, inherited: bool) -> dict[str, Any]:
    by_name = row.principal_id == who.id
    return without_empty(
        {
            "permission_level": level_name(row.level),
            "by_name": by_name,
            "group_name": None if by_name else row.name,
            "through": [] if by_name else _through(steps, row.principal_id),
            "inherited": inherited,
            "inherited_from_object": [ROOT_PATH] if inherited else [],
        }
    )


def _of_admins(who: Principal, steps: Steps, *, inherited: bool) -> dict[str, Any]:
    group_id = next((group_id for group_id, step in steps.items() if step.name == ADMINS), None)
    return without_empty(
        {
            "permission_level": level_name(Level.MANAGE),
            "by_name": group_id is None,
            "group_name": ADMINS if group_id else None,
            "through": _through(steps, group_id) if group_id else [],
            "inherited": inherited,
            "inherited_from_object": [ROOT_PATH] if inherited else [],
            "built_in": True,
        }
    )


def _everyone(who: Principal) -> list[str]:
    return [] if who.kind is PrincipalKind.GROUP else [USERS]


def _through(steps: Steps, group_id: str) -> list[str]:
    """The names of the groups between the principal and this group, from the principal's own on."""
    names: list[str] = []
    member_id = steps[group_id].member_id if group_id in steps else ""
    while member_id in steps:
        names.append(steps[member_id].name)
        member_id = steps[member_id].member_id
    return names[::-1][:MAX_THROUGH]
