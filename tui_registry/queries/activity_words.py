"""Activities in people's words, everywhere the same."""

from tui_registry.terminal.sanitize import one_line
from tui_registry_server.wire.activity import Activity, ActivityType
from tui_registry_server.wire.stage import Stage

WORDS = {
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
}
"""What people call the most frequent kinds, in a narrow column; the others by their own names."""


def did(activity: Activity) -> str:
    """What somebody did."""
    kind = activity.activity_type
    return WORDS.get(kind, kind.value.lower().replace("_", " "))


def moves(activity: Activity) -> bool:
    """Whether it is about a version's way from a stage to another."""
    return activity.from_stage is not None and activity.to_stage is not None


def what(activity: Activity) -> str:
    """From where to where, and the words that were said; those of the registry without what ``did`` says already."""
    system = (activity.system_comment or "").removeprefix(f"{did(activity)} ")
    moved = f"{activity.from_stage or Stage.NONE} → {activity.to_stage}" if moves(activity) else ""
    return "  ".join(one_line(part, 300) for part in (moved, activity.comment, system) if part)
