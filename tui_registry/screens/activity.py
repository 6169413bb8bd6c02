"""The activity: who did what, over everything, newest first, as it happens."""

from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input

from server.wire.activity import ActivityType, FeedActivity
from server.wire.stage import Stage
from tui_registry.actions import FILTERING, bindings
from tui_registry.ages import age
from tui_registry.client.errors import CallError
from tui_registry.messages import LivenessChanged
from tui_registry.pages import Pages
from tui_registry.screens.place import Place
from tui_registry.search import activity_filter
from tui_registry.text import one_line
from tui_registry.widgets.stages import STAGE_STYLES
from tui_registry.widgets.table import Column, Row, Table

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


class ActivityFeed(Place):
    place = "activity"
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
        super().__init__("Activity")
        self.table = Table(self.COLUMNS, empty="Asking for the activity …", id="activities")
        self._filter = ""
        self._activities: dict[str, FeedActivity] = {}
        self._pages = Pages(partial(self._read_page, self._filter))

    def compose(self) -> ComposeResult:
        yield self.header
        yield self.table
        yield Input(placeholder="a model's name, user:NAME, type:approved", id="filter", compact=True)
        yield self.bar

    def on_mount(self) -> None:
        super().on_mount()
        self.set_focus(self.table)

    async def load(self) -> None:
        pages = self._pages
        await pages.refresh(*self.table.window)
        self._show(pages)

    async def _read_page(self, typed: str, token: str, size: int) -> tuple[list[Row], str]:
        page = await self.console_app.client.activities(**activity_filter(typed), max_results=size, page_token=token)
        self._activities |= {activity.id: activity for activity in page.activities}
        rows = [_row(each, self.console_app.short_name(each.user_id or "")) for each in page.activities]
        return rows, page.next_page_token or ""

    def _show(self, pages: Pages[Row]) -> None:
        if pages is not self._pages:
            return  # another filter has begun
        self.header.lead("Activity", *([self._filter] if self._filter else []))
        empty = "Nothing that matches has happened." if self._filter else "Nothing has happened yet."
        self.table.show(pages.rows, empty=empty)

    def show_problem(self, problem: str) -> None:
        if self._filter or not self.table.row_count:
            self.table.show([], empty=problem)

    def is_live(self, action: str) -> bool:
        if action in {"open", "copy"}:
            return self.table.row_count > 0
        if action == "back":
            return bool(self._filter or self._filter_line.has_focus)
        return True

    def action_filter(self) -> None:
        self._filter_line.display = True
        self.set_focus(self._filter_line)

    def action_back(self) -> None:
        self._filter_line.value = ""
        self._filter_line.display = False
        self.set_focus(self.table)
        self.post_message(LivenessChanged())

    def action_open(self) -> None:
        self.table.action_open()

    def action_copy(self) -> None:
        if activity := self._activities.get(self.table.cursor_key or ""):
            version = f"/{activity.version}" if activity.version else ""
            self.console_app.copy(f"models:/{activity.name}{version}")

    @property
    def _filter_line(self) -> Input:
        return self.query_one("#filter", Input)

    @on(Input.Changed, "#filter")
    def _typed(self, event: Input.Changed) -> None:
        if event.value.strip() != self._filter:
            self._filter = event.value.strip()
            self._pages = Pages(partial(self._read_page, self._filter))
            self.reload()

    @on(Input.Submitted, "#filter")
    def _submitted(self) -> None:
        if not self._filter:
            self._filter_line.display = False
        self.set_focus(self.table)

    @on(Table.NearEnd)
    def _near_end(self) -> None:
        if self._pages.more:
            self.fetch("more", partial(self._load_more, self._pages))

    async def _load_more(self, pages: Pages[Row]) -> None:
        await self.console_app.connected.wait()
        try:
            await pages.extend()
        except CallError:
            return  # the list's own reading tells
        self._show(pages)

    @on(Table.Opened)
    def _opened(self, event: Table.Opened) -> None:
        if activity := self._activities.get(event.key or ""):
            self.console_app.open_model(activity.name, activity.version)

    @on(Table.Highlighted)
    def _highlighted(self) -> None:
        if self._pages.is_stale(*self.table.window):
            self.reload()
        self.post_message(LivenessChanged())


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
