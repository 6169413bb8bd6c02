"""The activity: who did what, over everything, newest first, as it happens."""

from typing import ClassVar

from textual.binding import BindingType

from server.wire.activity import ActivityType, FeedActivity
from server.wire.stage import Stage
from tui_registry.actions import FILTERING, bindings
from tui_registry.ages import age
from tui_registry.screens.listing import Listing
from tui_registry.search import activity_filter
from tui_registry.text import one_line
from tui_registry.widgets.stages import STAGE_STYLES
from tui_registry.widgets.table import Column, Row

WORDS = {
    ActivityType.APPLIED_TRANSITION: "moved",
    ActivityType.REQUESTED_TRANSITION: "asked",
    ActivityType.CANCELLED_REQUEST: "took back",
    ActivityType.APPROVED_REQUEST: "approved",
    ActivityType.REJECTED_REQUEST: "rejected",
    ActivityType.NEW_COMMENT: "commented",
    ActivityType.SYSTEM_TRANSITION: "displaced",
}
"""What people call the most frequent kinds; the others by their own names."""

LOUD = {ActivityType.REJECTED_REQUEST, ActivityType.DELETED_MODEL, ActivityType.DELETED_VERSION}


class ActivityFeed(Listing):
    place = "activity"
    title_shown = "Activity"
    nothing = "Nothing has happened yet."
    no_match = "Nothing that matches has happened."
    hint = "a model's name, user:NAME, type:approved, since:7d"
    while_typing = FILTERING
    BINDINGS: ClassVar[list[BindingType]] = list(bindings("activity"))
    COLUMNS = (
        Column("AGO", 4),
        Column("WHO", 12, grow=1, most=28),
        Column("DID", 9, grow=1, most=19),
        Column("MODEL", 16, grow=3, most=48),
        Column("VER", 4, most=6),
        Column("WHAT", 20, priority=1, grow=5),
    )

    def __init__(self) -> None:
        super().__init__()
        self._activities: dict[str, FeedActivity] = {}

    async def read_page(self, typed: str, token: str, size: int) -> tuple[list[Row], str]:
        page = await self.console_app.client.activities(**activity_filter(typed), max_results=size, page_token=token)
        self._activities |= {activity.id: activity for activity in page.activities}
        rows = [_row(each, self.console_app.short_name(each.user_id or "")) for each in page.activities]
        return rows, page.next_page_token or ""

    def open_row(self, key: str) -> None:
        if activity := self._activities.get(key):
            self.console_app.open_model(activity.name, activity.version)

    def action_copy(self) -> None:
        if activity := self._activities.get(self.table.cursor_key or ""):
            version = f"/{activity.version}" if activity.version else ""
            self.console_app.copy(f"models:/{activity.name}{version}")


def _row(activity: FeedActivity, who: str) -> Row:
    kind = activity.activity_type
    return Row(
        activity.id,
        (
            (age(activity.creation_timestamp), "dim"),
            (one_line(who), ""),
            (WORDS.get(kind, kind.value.lower().replace("_", " ")), "red" if kind in LOUD else "bold"),
            (one_line(activity.name), ""),
            (activity.version or "", ""),
            (_what(activity), STAGE_STYLES[activity.to_stage] if _moves(activity) and activity.to_stage else "dim"),
        ),
    )


def _moves(activity: FeedActivity) -> bool:
    return activity.from_stage is not None and activity.to_stage is not None


def _what(activity: FeedActivity) -> str:
    moved = f"{activity.from_stage or Stage.NONE} → {activity.to_stage}" if _moves(activity) else ""
    return "  ".join(one_line(part, 300) for part in (moved, activity.comment, activity.system_comment) if part)
