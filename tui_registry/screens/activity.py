"""The activity feed of the registry, a model or a version: newest first, live."""

import time
from dataclasses import replace
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical

from tui_registry.client.errors import Refused
from tui_registry.keys.action import Action
from tui_registry.keys.actions import bindings
from tui_registry.mutations.subject import Subject
from tui_registry.queries.activity_labels import TRANSITIONS, action_label, describe, is_transition
from tui_registry.queries.search_syntax import ACTIVITY_FIELDS, ActivityFilter, activity_filter
from tui_registry.screens.base.listing import Listing
from tui_registry.screens.models.edit_actions import EditActions
from tui_registry.screens.tables.table_actions import TableActions
from tui_registry.session.arrangement import Sort
from tui_registry.session.messages import LivenessChanged
from tui_registry.terminal.sanitize import one_line, visible
from tui_registry.widgets.ages import age
from tui_registry.widgets.columns import BY_AGE, BY_NUMBER
from tui_registry.widgets.new_row_table import NewRowTable
from tui_registry.widgets.row import Instant
from tui_registry.widgets.table import Column, Row
from tui_registry.widgets.timeline import Timeline
from tui_registry.widgets.transition_spans import transition_spans
from tui_registry_server.wire.activity import ActivityType, FeedActivity
from tui_registry_server.wire.overview_defaults import LAST_DAYS

NOT_FOUND = 404
MAX_TRANSITIONS = 10_000  # that the timeline counts
TRANSITION_CELLS = cell_len("Production → Archived…")  # the longest one, before a comment: names are cut before stages
HIGHLIGHTED = {ActivityType.REJECTED_REQUEST, ActivityType.DELETED_MODEL, ActivityType.DELETED_VERSION}


class ActivityFeed(TableActions, Listing, EditActions):
    place = "activity"
    list_title = "Activity"
    empty_message = "No activity yet.\nWhat is changed on models that you can read is listed here."
    no_match = "No matching activity."
    placeholder = "model name, user:NAME, type:approved, since:7d"
    fields = ACTIVITY_FIELDS
    BINDINGS: ClassVar[list[BindingType]] = list(bindings("activity"))
    COLUMNS = (
        Column("AGE", 4, priority=2, sorting=BY_AGE),
        Column("USER", 13, priority=1, grow=1, max_width=28, least=13, is_cut_in_middle=True),
        Column("ACTION", 9, grow=1, max_width=10),
        Column("MODEL", 15, grow=3, max_width=30, is_cut_in_middle=True),
        Column("VER", 4, max_width=6, sorting=BY_NUMBER),
        Column("DETAILS", TRANSITION_CELLS, priority=3, grow=5, least=TRANSITION_CELLS),
    )

    own_order = Sort("age", is_descending=True)

    def __init__(self, name: str = "", version: str = "") -> None:
        """Without a name, the feed of the whole registry."""
        self._model_name, self._version = name, version
        super().__init__(*(step for step in (self.list_title, name, version) if step))
        self._activities: dict[str, FeedActivity] = {}
        self._timeline: Timeline | None = None
        self._filtered: tuple[str, ActivityFilter] = ("", {})  # what was typed, and as filters

    def make_table(self) -> NewRowTable:
        said = {"model": self._model_name, "ver": self._version}  # in the title, the same in each row
        columns = [replace(each, is_hidden=bool(said.get(each.name))) for each in self.COLUMNS]
        return NewRowTable(columns, empty="Loading…", id="list")

    async def read_page(self, typed: str, token: str, size: int) -> tuple[list[Row], str]:
        filters = self._filters_for(typed)
        try:
            page = await self.console_app.client.activities.search(**filters, max_results=size, page_token=token)
        except Refused as error:
            if error.status == NOT_FOUND and filters.get("name") and not self._model_name:
                return [], ""  # no model is called what is typed, perhaps not yet
            raise
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
        """Show or hide the transitions per day."""
        if self._timeline is not None:
            await self._timeline.remove()
            self._timeline = None
        else:
            self._timeline = Timeline()
            await self.query_one("#above").mount(self._timeline)
            self.reload()
        self.post_message(LivenessChanged())

    @property
    def live_actions(self) -> list[Action]:
        """Says of the timeline's key what it does now."""
        is_shown = self._timeline is not None
        return [
            replace(action, label="hide timeline") if is_shown and action.id == "timeline" else action
            for action in super().live_actions
        ]

    async def _count(self, timeline: Timeline) -> None:
        """Count the newest MAX_TRANSITIONS transitions of the displayed days that match the filter."""
        filters = self._filters_for(self.typed)
        filters["activity_type"] = [kind.value for kind in TRANSITIONS]
        filters["since"] = int((time.time() - LAST_DAYS * 86_400) * 1000)
        moves: list[FeedActivity] = []
        token = ""
        while len(moves) < MAX_TRANSITIONS:
            try:
                page = await self.console_app.client.activities.search(**filters, max_results=1000, page_token=token)
            except Refused as error:
                if error.status != NOT_FOUND or not filters.get("name") or self._model_name:
                    raise
                break  # no model is called what is typed
            moves += page.activities
            token = page.next_page_token or ""
            if not token:
                break
        timeline.count(moves)

    def subject(self) -> Subject | None:
        activity = self._activities.get(self.table.cursor_key or "")
        return Subject(activity.name, activity.version) if activity and activity.name else None

    def is_live(self, action: str) -> bool:
        if action == "comment":
            subject = self.subject()
            return subject is not None and subject.version is not None
        return super().is_live(action)

    def _filters_for(self, typed: str) -> ActivityFilter:
        if self._filtered[0] != typed:  # with the same times for every page
            self._filtered = typed, activity_filter(typed)
        filters = self._filtered[1].copy()
        if self._model_name:
            filters |= {"name": self._model_name, "version": self._version}
        return filters

    def open_row(self, key: str) -> None:
        activity = self._activities.get(key)
        if activity is not None and activity.version is not None:
            self.console_app.navigation.open_version(activity.name, activity.version)
        elif activity is not None:
            self.console_app.navigation.open_model(activity.name)


def _row(activity: FeedActivity, who: str) -> Row:
    kind, details = activity.activity_type, describe(activity)
    return Row(
        activity.id,
        (
            (age(activity.creation_timestamp), "dim"),
            (one_line(who), ""),
            (action_label(activity), "red" if kind in HIGHLIGHTED else "bold"),
            (visible(activity.name), ""),
            (activity.version or "", ""),
            (details, "dim" if kind is ActivityType.SYSTEM_TRANSITION or not is_transition(activity) else ""),
        ),
        (
            Instant(activity.creation_timestamp),
            activity.user_id,
            action_label(activity),
            activity.name,
            int(activity.version) if activity.version else None,
            details,
        ),
        spans=transition_spans(activity),
    )
