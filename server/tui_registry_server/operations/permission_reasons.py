"""Why somebody has a level on a model or on the whole registry: every grant that gives it one."""

from typing import Any

from tui_registry_server.operations import subjects
from tui_registry_server.operations.call import Answer, Call
from tui_registry_server.operations.grant_reasons import Granted, Holder
from tui_registry_server.operations.permissions import heading
from tui_registry_server.operations.record import without_empty
from tui_registry_server.operations.subjects import ObjectSubject
from tui_registry_server.rules.errors import InvalidParameterValue, ResourceDoesNotExist
from tui_registry_server.rules.permissions import Level, level_name
from tui_registry_server.rules.principals import Principal, address, parse_address
from tui_registry_server.store import grants, principals
from tui_registry_server.store.principals import PrincipalRow
from tui_registry_server.wire.permission_reasons import MAX_GRANTS, MAX_GROUPS, ExplainPermissions
from tui_registry_server.wire.principal import PrincipalKind


def explain(call: Call, body: ExplainPermissions, subject: ObjectSubject) -> Answer:
    """What a principal may do on the object, and every grant that this comes from."""
    row = _resolve(call, body.principal)
    who = principals.with_rights(
        call.connection, row.id, PrincipalKind(row.kind), row.name, call.principal.workspace_id
    )
    holder = Holder.of(call.connection, who)
    groups = holder.group_names()
    reasons = _reasons(call, holder, subject) if who.is_member else []
    return without_empty(
        {
            **heading(subject),
            "principal": shown(row.id, row.kind, row.name, row.display_name, active=row.active),
            "outside_workspace": None if who.is_member else True,
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
    except ResourceDoesNotExist:  # as for anyone who may not read it
        return Level.NONE


def _reasons(call: Call, holder: Holder, subject: ObjectSubject) -> list[dict[str, Any]]:
    held = frozenset(holder.who.identities)

    def granted(object_id: str, at_least: int) -> list[Granted]:
        rows = grants.on(call.connection, object_id)
        return [
            Granted(row.principal_id, row.level) for row in rows if row.principal_id in held and row.level >= at_least
        ]

    registry_wide = subject.model is None
    inherited = [] if registry_wide else granted(call.principal.root_id, Level.READ)
    return holder.reasons(granted(subject.object_id, Level.NONE), inherited, registry_wide=registry_wide)
