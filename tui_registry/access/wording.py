"""The server's answers about permissions, in words."""

from tui_registry_server.wire.permission_preview import LevelChange
from tui_registry_server.wire.permission_reasons import GrantReason

OUTSIDE = "may not use this workspace, where a level on a model counts only for those with a level on all of it"
"""Why somebody has no level on a model, whatever was granted to them there."""


def reason_text(reason: GrantReason, *, whole: str, registry_wide: bool, noun: str = "model") -> str:
    """Such as ``CAN_READ through group all-staff (via data), inherited from the whole registry``. ``whole``: what all
    models are called together, ``noun``: what it is about, if that is not all of them."""
    chain = f" (via {', '.join(reason.through)})" if reason.through else ""
    if reason.built_in:
        how = "as the group admins" if reason.by_name else f"as a member of admins{chain}"
        return f"{reason.permission_level} {how}"
    how = "directly" if reason.by_name else f"through group {reason.group_name}{chain}"
    where = f"on this {noun}"
    if reason.inherited:
        where = f"inherited from the {whole}"
    elif registry_wide:
        where = f"on the {whole}"
    return f"{reason.permission_level} {how}, {where}"


def change_text(change: LevelChange) -> str:
    """Such as ``none → CAN_EDIT``, or ``CAN_EDIT (unchanged)``."""
    before, after = change.level_before or "none", change.level_after or "none"
    return f"{before} → {after}" if before != after else f"{after} (unchanged)"
