"""The journal: the API calls of this session, newest first, live."""

import time
from datetime import datetime
from typing import ClassVar

from textual.binding import BindingType

from tui_registry.client.journal import Entry
from tui_registry.keys.actions import bindings
from tui_registry.screens.base.listing import Listing
from tui_registry.screens.tables.table_actions import TableActions
from tui_registry.session.arrangement import Sort
from tui_registry.terminal.sanitize import one_line
from tui_registry.widgets.columns import BY_NUMBER, BY_TIME
from tui_registry.widgets.row import Instant
from tui_registry.widgets.table import Column, Row

POLL_SECONDS = 0.5


class JournalPlace(TableActions, Listing):
    place = "journal"
    list_title = "API calls of this session"
    empty_message = "No API calls yet."
    no_match = "No matching calls."
    placeholder = "method, path, result or user"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings("journal"))
    COLUMNS = (
        Column("TIME", 8, priority=1, sorting=BY_TIME),
        Column("USER", 12, priority=3, grow=1, max_width=28),
        Column("METHOD", 6),
        Column("PATH", 30, grow=4, max_width=70),
        Column("RESULT", 6, grow=1, max_width=13),
        Column("TOOK", 6, priority=2, sorting=BY_NUMBER),
    )
    has_text = True
    own_order = Sort("time", is_descending=True)

    def __init__(self) -> None:
        super().__init__()
        self._displayed_count = -1

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(POLL_SECONDS, self._poll)

    def _poll(self) -> None:
        app = self.console_app
        if self.is_current and app.connection.ready.is_set() and app.client.journal.count != self._displayed_count:
            self.reload()

    async def read_page(self, typed: str, token: str, size: int) -> tuple[list[Row], str]:
        """All calls are one page: they are in memory, and few."""
        self._displayed_count = self.console_app.client.journal.count
        return [_row(entry, self.console_app.connection.short_name(entry.who)) for entry in self._matching(typed)], ""

    def _matching(self, typed: str) -> list[Entry]:
        words = typed.casefold().split()
        entries = reversed(self.console_app.client.journal.entries)
        return [entry for entry in entries if all(word in as_line(entry).casefold() for word in words)]

    def open_row(self, key: str) -> None:
        """A call has no further details."""

    def action_copy(self) -> None:
        for entry in self._matching(""):
            if str(entry.number) == self.table.cursor_key:
                self.console_app.copy(as_line(entry))

    def as_text(self) -> str:
        return "\n".join(as_line(entry) for entry in self._matching(self.typed))


def as_line(entry: Entry) -> str:
    """A call in one line, such as for a bug report: time, user, call, result, duration."""
    at = datetime.fromtimestamp(entry.at).astimezone().isoformat(timespec="milliseconds")
    call = f"{entry.method} {entry.path}"
    return one_line(f"{at}  {entry.who or '-'}  {call}  {entry.result}  {_duration(entry)}")


def _duration(entry: Entry) -> str:
    return f"{entry.took * 1000:.0f} ms" if entry.took < 1 else f"{entry.took:.1f} s"


def _row(entry: Entry, who: str) -> Row:
    is_success = entry.result.startswith("2")
    return Row(
        str(entry.number),
        (
            (time.strftime("%H:%M:%S", time.localtime(entry.at)), "dim"),
            (one_line(who), ""),
            (entry.method, "" if entry.method == "GET" else "bold"),
            (one_line(entry.path), ""),
            (one_line(entry.result if is_success else f"✗ {entry.result}"), "green" if is_success else "bold red"),
            (_duration(entry).rjust(6), "dim"),
        ),
        (
            Instant(int(entry.at * 1000)),
            entry.who,
            entry.method,
            entry.path,
            entry.result,
            round(entry.took, 6),
        ),
    )
