"""What a change of permissions would mean for whom, without making it."""

from collections.abc import Mapping
from typing import Any

from tui_registry_server.operations import access_lists
from tui_registry_server.operations.call import Answer, Call
from tui_registry_server.operations.permission_reasons import shown
from tui_registry_server.operations.permissions import after_change, heading
from tui_registry_server.operations.record import without_empty
from tui_registry_server.operations.subjects import ObjectSubject
from tui_registry_server.rules.permissions import Level, level_name
from tui_registry_server.rules.principals import ROOT
from tui_registry_server.store import effective_levels, grants, principals
from tui_registry_server.store.effective_levels import LevelRow, ListChange
from tui_registry_server.wire.permission_preview import MAX_PREVIEWED, PreviewPermissions
from tui_registry_server.wire.principal import ADMINS, USERS, PrincipalKind

Levels = Mapping[str, Level]
"""Principal id to level."""


def preview(call: Call, body: PreviewPermissions, subject: ObjectSubject) -> Answer:
    """Who would gain and who would lose by a change, through which group, and what the caller would have."""
    before = access_lists.direct(call, subject.object_id)
    after = after_change(call, body, subject, replace=body.replace)
    change = ListChange(
        before=_with_inherited(call, subject, before),
        after=_with_inherited(call, subject, after),
        named=[each for each in before.keys() | after.keys() if before.get(each) != after.get(each)],
        everyone=_group(call, USERS),
        entrance=ROOT if subject.model is None else call.principal.root_id,
    )
    named = effective_levels.of(call.connection, change, change.named, MAX_PREVIEWED)
    members = effective_levels.of_members(call.connection, change, MAX_PREVIEWED - len(named))
    (caller,) = effective_levels.of(call.connection, change, [call.principal.id], 1)
    return {
        **heading(subject),
        "etag": access_lists.etag(call, subject.object_id),
        "named": [_named(row, before, after) for row in named],
        "named_count": len(change.named),
        "members": _members(call, change, members),
        "member_counts": [
            {**_levels(old, new), "count": count}
            for old, new, count in effective_levels.count_members(call.connection, change)
        ],
        "caller": _levels(caller.before, caller.after),
    }


def _with_inherited(call: Call, subject: ObjectSubject, direct: Levels) -> Levels:
    """Every level that holds on the object: its direct entries, what the registry gives, and what members of ``admins``
    have in any case."""
    levels = dict(direct)
    if subject.model is not None:
        for row in grants.on(call.connection, call.principal.root_id):
            if row.level >= Level.READ:  # what lets one create models says nothing about any of them
                levels[row.principal_id] = max(Level(row.level), levels.get(row.principal_id, Level.NONE))
    return levels | {_group(call, ADMINS): Level.MANAGE}


def _group(call: Call, name: str) -> str:
    """The id of one of the groups that always exist."""
    return principals.id_of(call.connection, PrincipalKind.GROUP, name) or ""


def _levels(before: int, after: int) -> dict[str, str]:
    return without_empty({"level_before": level_name(before), "level_after": level_name(after)})


def _principal(row: LevelRow) -> dict[str, Any]:
    outside = {} if row.enters else {"outside_workspace": True}
    return {"principal": shown(row.id, row.kind, row.name, row.display_name, active=row.active)} | outside


def _named(row: LevelRow, before: Levels, after: Levels) -> dict[str, Any]:
    direct = {
        "direct_before": level_name(before.get(row.id, Level.NONE)),
        "direct_after": level_name(after.get(row.id, Level.NONE)),
    }
    return _principal(row) | _levels(row.before, row.after) | without_empty(direct)


def _members(call: Call, change: ListChange, rows: list[LevelRow]) -> list[dict[str, Any]]:
    everyone = [USERS] if change.everyone in change.named else []
    groups = effective_levels.named_groups_of(call.connection, change, [row.id for row in rows])
    return [_principal(row) | _levels(row.before, row.after) | {"through": groups[row.id] + everyone} for row in rows]
