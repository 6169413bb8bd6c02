"""How activities are displayed, everywhere the same."""

from tui_registry.terminal.sanitize import one_line, summary
from tui_registry_server.wire.activity import Activity, ActivityType
from tui_registry_server.wire.stage import Stage

ACTION_LABELS = {
    ActivityType.APPLIED_TRANSITION: "moved",
    ActivityType.REQUESTED_TRANSITION: "requested",
    ActivityType.CANCELLED_REQUEST: "cancelled",
    ActivityType.APPROVED_REQUEST: "approved",
    ActivityType.REJECTED_REQUEST: "rejected",
    ActivityType.NEW_COMMENT: "commented",
    ActivityType.SYSTEM_TRANSITION: "displaced",
    ActivityType.CREATED_MODEL: "created",
    ActivityType.RENAMED_MODEL: "renamed",
    ActivityType.UPDATED_MODEL: "edited",
    ActivityType.DELETED_MODEL: "deleted",
    ActivityType.CREATED_VERSION: "added",
    ActivityType.UPDATED_VERSION: "edited",
    ActivityType.DELETED_VERSION: "deleted",
    ActivityType.IMPORTED_MODEL: "imported",
    ActivityType.IMPORTED_VERSION: "imported",
    ActivityType.IMPORTED_ACTIVITY: "imported",
}
"""Short labels of the most frequent activity types, for a narrow column; the others use their own names."""

FORMER_LABELS = {ActivityType.REQUESTED_TRANSITION: "asked"}
"""Labels that filters still find."""


TRANSITIONS = (ActivityType.APPLIED_TRANSITION, ActivityType.APPROVED_REQUEST)
"""Transitions by people, which are counted, and not the archiving that follows from them."""


def per_day_title(count: int, days: int) -> str:
    """The title of every chart of them."""
    return f"Stage transitions per day: {count:,} in the last {days} days"


def action_label(activity: Activity) -> str:
    """The label of the activity's type."""
    kind = activity.activity_type
    return ACTION_LABELS.get(kind, kind.value.lower().replace("_", " "))


def is_transition(activity: Activity) -> bool:
    """Whether it is about moving a version from one stage to another."""
    return activity.from_stage is not None and activity.to_stage is not None


def describe(activity: Activity) -> str:
    """The stages and comments; the registry's own comment without the words that ``action_label`` has already."""
    system = (activity.system_comment or "").removeprefix(f"{action_label(activity)} ")
    moved = f"{activity.from_stage or Stage.NONE} → {activity.to_stage}" if is_transition(activity) else ""
    return "  ".join(part for part in (moved, summary(activity.comment or "", 300), one_line(system, 300)) if part)
