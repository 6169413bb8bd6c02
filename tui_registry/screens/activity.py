"""The activity: who did what, over everything, newest first, as it happens."""

import time
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical

from tui_registry.keys.actions import FILTERING, bindings
from tui_registry.mutations.subject import Subject
from tui_registry.queries.activity_labels import action_label, describe, is_transition
from tui_registry.queries.filters import ActivityFilter, activity_filter
from tui_registry.screens.base.listing import Listing
from tui_registry.screens.models.editing import EditingPlace
from tui_registry.terminal.sanitize import one_line, visible
from tui_registry.widgets.ages import age
from tui_registry.widgets.stages import STAGE_STYLES
from tui_registry.widgets.table import Column, Row
from tui_registry_server.wire.activity import ActivityType, FeedActivity

if TYPE_CHECKING:
    from tui_registry.widgets.timeline import Timeline

COUNTED = 10_000  # transitions that the timeline counts at most
LOUD = {ActivityType.REJECTED_REQUEST, ActivityType.DELETED_MODEL, ActivityType.DELETED_VERSION}


class ActivityFeed(Listing, EditingPlace):
    place = "activity"
    title_shown = "Activity"
    nothing = "Nothing has happened yet."
    no_match = "Nothing that matches has happened."
    hint = "a model's name, user:NAME, type:approved, since:7d"
    while_typing = FILTERING
    BINDINGS: ClassVar[list[BindingType]] = list(bindings("activity"))
    COLUMNS = (
        Column("AGO", 4, priority=2),
        Column("WHO", 12, priority=1, grow=1, most=28),
        Column("DID", 9, grow=1, most=19),
        Column("MODEL", 16, grow=3, most=48),
        Column("VER", 4, most=6),
        Column("WHAT", 20, priority=3, grow=5),
    )

    def __init__(self, name: str = "", version: str = "") -> None:
        """Of everything, of a model, or of a version."""
        super().__init__(*(step for step in (self.title_shown, name, version) if step))
        self._name_shown, self._version_shown = name, version
        self._activities: dict[str, FeedActivity] = {}
        self._timeline: Timeline | None = None

    async def read_page(self, typed: str, token: str, size: int) -> tuple[list[Row], str]:
        narrowed = self._narrowed(typed)
        page = await self.console_app.client.activities.search(**narrowed, max_results=size, page_token=token)
        self._activities |= {activity.id: activity for activity in page.activities}
        rows = [_row(each, self.console_app.connection.short_name(each.user_id or "")) for each in page.activities]
        return rows, page.next_page_token or ""

    def compose(self) -> ComposeResult:
        yield self.header
        yield Vertical(id="above")
        yield self.table
        yield self.filter_input()
        yield self.bar

    async def load(self) -> None:
        await super().load()
        if self._timeline is not None:
            await self._count(self._timeline)

    async def action_timeline(self) -> None:
        """Show the transitions per day, or hide them again."""
        from tui_registry.widgets.timeline import Timeline  # with numpy: not before it is wanted

        if self._timeline is not None:
            await self._timeline.remove()
            self._timeline = None
        else:
            self._timeline = Timeline()
            await self.query_one("#above").mount(self._timeline)
            self.reload()

    async def _count(self, timeline: "Timeline") -> None:
        """The newest COUNTED transitions of the days shown, of what is narrowed to."""
        from tui_registry.widgets.timeline import DAYS, MOVES

        narrowed = self._narrowed(self.typed)
        narrowed["activity_type"] = [kind.value for kind in MOVES]
        narrowed["since"] = int((time.time() - DAYS * 86_400) * 1000)
        moves: list[FeedActivity] = []
        token = ""
        while len(moves) < COUNTED:
            page = await self.console_app.client.activities.search(**narrowed, max_results=1000, page_token=token)
            moves += page.activities
            token = page.next_page_token or ""
            if not token:
                break
        timeline.show(moves)

    def subject(self) -> Subject | None:
        activity = self._activities.get(self.table.cursor_key or "")
        return Subject(activity.name, activity.version) if activity and activity.name else None

    def is_live(self, action: str) -> bool:
        if action == "comment":
            subject = self.subject()
            return subject is not None and subject.version is not None
        return super().is_live(action)

    def enter(self) -> None:
        names = {self._activities[row].name for row in self.table.keys if row in self._activities}
        self.find_model(self.typed, names)

    def _narrowed(self, typed: str) -> ActivityFilter:
        narrowed = activity_filter(typed)
        if self._name_shown:
            narrowed |= {"name": self._name_shown, "version": self._version_shown}
        return narrowed

    def open_row(self, key: str) -> None:
        activity = self._activities.get(key)
        if activity is not None and activity.version is not None:
            self.console_app.navigation.open_version(activity.name, activity.version)
        elif activity is not None:
            self.console_app.navigation.open_model(activity.name)


def _row(activity: FeedActivity, who: str) -> Row:
    kind = activity.activity_type
    return Row(
        activity.id,
        (
            (age(activity.creation_timestamp), "dim"),
            (one_line(who), ""),
            (action_label(activity), "red" if kind in LOUD else "bold"),
            (visible(activity.name), ""),
            (activity.version or "", ""),
            (
                describe(activity),
                STAGE_STYLES[activity.to_stage] if is_transition(activity) and activity.to_stage else "dim",
            ),
        ),
    )
