"""The server's answers about permissions, in words."""

from tui_registry_server.wire.permission_preview import LevelChange
from tui_registry_server.wire.permission_reasons import GrantReason


def reason_text(reason: GrantReason, *, registry_wide: bool) -> str:
    """Such as ``CAN_READ by group all-staff (through data), inherited from the whole registry``."""
    chain = f" (through {', '.join(reason.through)})" if reason.through else ""
    if reason.built_in:
        how = "as the group admins" if reason.by_name else f"as a member of admins{chain}"
        return f"{reason.permission_level} {how}, who manage everything"
    how = "by name" if reason.by_name else f"by group {reason.group_name}{chain}"
    where = "set on this model"
    if reason.inherited:
        where = "inherited from the whole registry"
    elif registry_wide:
        where = "set on the whole registry"
    return f"{reason.permission_level} {how}, {where}"


def change_text(change: LevelChange) -> str:
    """Such as ``none → CAN_EDIT``, or ``CAN_EDIT as before``."""
    before, after = change.level_before or "none", change.level_after or "none"
    return f"{before} → {after}" if before != after else f"{after} as before"
