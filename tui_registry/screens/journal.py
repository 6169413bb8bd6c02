"""The journal: the changes and API calls of this session, newest first, live."""

import time
from dataclasses import replace
from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui_registry.client.journal import ChangeEntry, Entry
from tui_registry.keys.action import Action
from tui_registry.keys.actions import bindings
from tui_registry.queries.call_labels import call_label
from tui_registry.screens.base.listing import Listing
from tui_registry.screens.tables.table_actions import TableActions
from tui_registry.session.arrangement import Sort
from tui_registry.terminal.sanitize import one_line
from tui_registry.widgets.columns import BY_TIME, Sorting
from tui_registry.widgets.row import Instant
from tui_registry.widgets.table import Column, Row

POLL_SECONDS = 0.5
MAX_MESSAGE = 500  # characters
BY_DURATION = Sorting("shortest first", "longest first", is_descending_first=True)
RESULTS = {
    "done": ("ok", "green"),
    "refused": ("✗ failed", "bold red"),
    "unknown": ("? unknown", "bold red"),
}
"""How a change's verdict is displayed."""


class JournalPlace(TableActions, Listing):
    """Changes are in words, with the calls that they took in the details below; other calls are dim."""

    place = "journal"
    list_title = "Changes in this session"
    empty_message = "No changes in this session.\nv lists all calls, reads included."
    no_match = "No matching changes or calls."
    placeholder = "model, verb, result, user, method or path"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings("journal"))
    COLUMNS = (
        Column("TIME", 8, priority=1, sorting=BY_TIME),
        Column("USER", 12, priority=3, grow=1, max_width=28, is_cut_in_middle=True),
        Column("WHAT", 30, grow=4, former=("path",)),
        Column("RESULT", 9, max_width=13),
        Column("TOOK", 6, priority=2, sorting=BY_DURATION),
    )
    has_text = True
    own_order = Sort("time", is_descending=True)

    def __init__(self) -> None:
        super().__init__()
        self._displayed_count = -1
        self._only_changes = True
        self._details = Static("", markup=False)

    def compose(self) -> ComposeResult:
        yield self.header
        yield self.table
        with VerticalScroll(id="full-text", can_focus=False):
            yield self._details
        yield self.filter_input()
        yield self.bar

    @property
    def live_actions(self) -> list[Action]:
        """One key copies the line under the cursor, the other one shows all lines, to be copied."""
        labels = {"copy": "copy line", "show_text": "all as text"}
        return [replace(each, label=labels.get(each.id, each.label)) for each in super().live_actions]

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(POLL_SECONDS, self._poll)

    def _poll(self) -> None:
        app = self.console_app
        if self.is_current and app.connection.ready.is_set() and app.client.journal.count != self._displayed_count:
            self.reload()

    async def read_page(self, typed: str, token: str, size: int) -> tuple[list[Row], str]:
        """All are one page: they are in memory, and few."""
        self._displayed_count = self.console_app.client.journal.count
        return [self._row(each) for each in self._matching(typed)], ""

    def _matching(self, typed: str) -> list[Entry | ChangeEntry]:
        """Newest first: the changes, and the calls that were made for none."""
        journal = self.console_app.client.journal
        found: list[Entry | ChangeEntry] = [*journal.changes]
        if not self._only_changes:
            found += [entry for entry in journal.entries if not entry.change]
        found.sort(key=lambda each: each.number, reverse=True)
        words = typed.casefold().split()
        return [each for each in found if all(word in as_line(each).casefold() for word in words)]

    @property
    def _chosen(self) -> Entry | ChangeEntry | None:
        return next((each for each in self._matching("") if str(each.number) == self.table.cursor_key), None)

    def highlighted(self) -> None:
        """Display how the row under the cursor was sent, and the outcome."""
        chosen = self._chosen
        parts: list[Content] = []
        if isinstance(chosen, ChangeEntry):
            parts = [
                Content.styled(one_line(chosen.action), "bold"),
                Content(one_line(chosen.message, MAX_MESSAGE)),
                *(_call_line(call) for call in self.console_app.client.journal.calls_of(chosen)),
            ]
        elif chosen is not None:
            parts = [Content.styled(one_line(call_label(chosen.method, chosen.path)), "bold"), _call_line(chosen)]
        self._details.update(Content("\n").join(parts))

    def open_row(self, key: str) -> None:
        """The details are below."""

    def action_only_changes(self) -> None:
        """Hide or show the calls that changed nothing."""
        self._only_changes = not self._only_changes
        self.breadcrumbs = (self.list_title if self._only_changes else "Changes and API calls of this session",)
        self.restart()

    def action_copy(self) -> None:
        if chosen := self._chosen:
            self.console_app.copy(as_line(chosen))

    def as_text(self) -> str:
        return "\n".join(as_line(each) for each in self._matching(self.typed))

    def _row(self, each: Entry | ChangeEntry) -> Row:
        at = time.strftime("%H:%M:%S", time.localtime(each.at))
        who = one_line(self.console_app.connection.short_name(each.who))
        if isinstance(each, ChangeEntry):
            result, style = RESULTS[each.verdict]
            what = each.action if each.verdict == "done" else f"{each.action}: {each.message}"
            what_style = "bold"
        else:
            is_success = each.result.startswith("2")
            result, style = (each.result, "dim") if is_success else (f"✗ {each.result}", "bold red")
            what, what_style = call_label(each.method, each.path), "dim"
        return Row(
            str(each.number),
            (
                (at, "dim"),
                (who, "" if isinstance(each, ChangeEntry) else "dim"),
                (one_line(what, MAX_MESSAGE), what_style),
                (one_line(result), style),
                (_duration(each).rjust(6), "dim"),
            ),
            (Instant(int(each.at * 1000)), each.who, what, result, round(each.took, 6)),
        )


def as_line(each: Entry | ChangeEntry) -> str:
    """A change or a call in one line, such as for a bug report: time, user, what, result, duration."""
    at = datetime.fromtimestamp(each.at).astimezone().isoformat(timespec="milliseconds")
    if isinstance(each, ChangeEntry):
        text = f"{each.action}  {each.verdict}  {one_line(each.message, MAX_MESSAGE)}"
    else:
        text = f"{each.method} {each.path}  {each.result}"
    return one_line(f"{at}  {each.who or '-'}  {text}  {_duration(each)}", MAX_MESSAGE * 2)


def _duration(each: Entry | ChangeEntry) -> str:
    return f"{each.took * 1000:.0f} ms" if each.took < 1 else f"{each.took:.1f} s"


def _call_line(call: Entry) -> Content:
    style = "dim" if call.result.startswith("2") else "$text-error"
    return Content.styled(one_line(f"{call.method:6} {call.path}  {call.result}  {_duration(call)}"), style)
