"""The inbox: the open requests of all models, with the details needed to decide them."""

import asyncio
import sys
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.widgets import Input

from tui_registry.client.errors import CallError
from tui_registry.keys.actions import WHILE_TYPING, bindings
from tui_registry.keys.names import display_name
from tui_registry.mutations.decision import Decision, by_subject, displaced, targets_of
from tui_registry.mutations.subject import Subject
from tui_registry.queries.search_syntax import field_of, unmatched
from tui_registry.screens.models.copy_actions import CopyActions
from tui_registry.screens.models.request_decisions import DEBOUNCE_SECONDS, RequestDecisions
from tui_registry.screens.tables.table_actions import TableActions
from tui_registry.session.arrangement import Sort
from tui_registry.session.messages import LivenessChanged
from tui_registry.terminal.sanitize import one_line, summary, visible
from tui_registry.widgets.ages import age
from tui_registry.widgets.columns import BY_AGE, BY_NUMBER
from tui_registry.widgets.first_steps import FirstSteps
from tui_registry.widgets.mark_table import MarkTable
from tui_registry.widgets.row import Instant, Ranked
from tui_registry.widgets.stages import BY_STAGE, REQUEST_STYLE, STAGE_RANKS
from tui_registry.widgets.table import Column, Row, Table
from tui_registry_server.wire.transition_request import InboxRequest

PAGE_SIZE = 1000


FIELDS = ("model", "user", "stage")
"""What the filter can be about, besides words."""


LEFT_EMPTY = "EMPTY!"
"""In place of what a request displaces: it takes from Production the only version there, which is left empty. Short, as
is NOTHING: at 80 columns the names of models have the room."""
ALARM = "bold red"
NOTHING = "none"


NO_REQUESTS = "No open requests on models that you can read."


class Inbox(TableActions, RequestDecisions, CopyActions):
    place = "inbox"
    CSS_PATH = None
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("inbox"), *WHILE_TYPING]
    COLUMNS = (
        Column("MODEL", 15, grow=3, max_width=48, is_cut_in_middle=True),
        Column("VER", 4, max_width=6, sorting=BY_NUMBER),
        Column("TRANSITION", 21, sorting=BY_STAGE),
        Column("REQUESTED BY", 13, grow=2, max_width=28, short_title="BY", is_cut_in_middle=True),
        Column("AGE", 4, priority=1, sorting=BY_AGE),
        Column("DISPLACES", 6, max_width=16, short_title="DISPL.", sorting=BY_NUMBER),
        Column("COMMENT", 20, priority=3, grow=4),
    )

    own_order = Sort("age", is_descending=True)

    def __init__(self) -> None:
        super().__init__("Inbox")
        self._table = MarkTable(self.COLUMNS, empty="Loading open requests…", id="requests")
        self._requests: dict[str, InboxRequest] = {}
        self._more = False
        self._lists_marked = False  # below the list, in place of the request under the cursor
        self._filter = ""
        self._first_steps = FirstSteps()
        self._is_in_use = False  # whether there is, or was, a model

    @property
    def table(self) -> MarkTable:
        return self._table

    @property
    def listed_tables(self) -> Sequence[Table]:
        return [self._table]

    def compose(self) -> ComposeResult:
        yield self.header
        with Container(id="body"):
            yield self.table
            yield self.details
        yield Input(
            placeholder="model, user, stage or comment; or model:x user:ada stage:production",
            id="filter",
            compact=True,
        )
        yield self.bar

    def on_mount(self) -> None:
        super().on_mount()
        self.set_focus(self.table)

    async def load(self) -> None:
        page = await self.console_app.client.requests.inbox(max_results=PAGE_SIZE)
        self._requests = {request.id: request for request in page.requests}
        self.by_subject = by_subject(page.requests)
        self._more = bool(page.next_page_token)
        self.show_requests()
        await self._show_first_steps()

    async def _show_first_steps(self) -> None:
        """In an empty registry, instead of a request's details."""
        client = self.console_app.client
        if not self._is_in_use:
            self._is_in_use = bool(self._requests or (await client.models.search(max_results=1)).registered_models)
        self._first_steps.show_if(not self._is_in_use, self, client.url, client.workspace, self.console_app.keymap)

    def show_requests(self) -> None:
        """Display the requests that match the filter."""
        matching = [request for request in self._requests.values() if _matches(request, self._filter)]
        empty = unmatched("No matching requests.", self._filter, FIELDS) if self._filter else NO_REQUESTS
        self.table.show(
            [_row(request, self.console_app.connection.short_name(request.user_id)) for request in matching],
            empty=empty,
        )
        self.show_title()
        self._show_details()

    @property
    def has_all_rows(self) -> bool:
        return not self._more

    def rearranged(self) -> None:
        self.show_requests()

    def show_title(self) -> None:
        shown, matching = self.table.row_count, ""
        count = self.count_text(shown, has_more=self._more)
        if self._filter:
            matching = f" matching “{self._filter}”"
            count = f"{shown}{'+' if self._more else ''}{self.order_note()}"  # the rest is not loaded
        self.header.show_breadcrumbs(f"Inbox{matching}", count=f" ({count}){self.marks_title}")

    def requests_to(self, decision: Decision) -> Sequence[InboxRequest]:
        return [self._requests[key] for key in self.chosen_keys if key in self._requests]

    def show_problem(self, problem: str) -> None:
        if not self.table.row_count:
            self.table.show([], empty=f"{problem}\n{self.retry_note}")

    def is_live(self, action: str) -> bool:
        if action in {"approve", "reject", "cancel"}:
            return self.decisions_are_live(action)
        if action == "copy" and self._first_steps.code:
            return True
        if action in {"open", "card", "mark", "mark_range", "mark_all", "invert_marks", "copy"}:
            return self.table.row_count > 0
        if action == "back":
            return bool(self._filter or self.has_marks or isinstance(self.focused, Input))
        return True

    def after_decisions(self, ids: Collection[str]) -> None:
        self.table.unmark(ids)

    def action_filter(self) -> None:
        self._filter_line.display = True
        self.set_focus(self._filter_line)

    def action_back(self) -> None:
        if self._filter or self._filter_line.display:
            self._filter_line.value = ""
            self._filter_line.display = False
            self._filter = ""
            self.show_requests()
        else:
            self.leave_marks()
        self.set_focus(self.table)
        self.post_message(LivenessChanged())

    def action_follow(self) -> None:
        from tui_registry.screens.models.follow_dialog import follow  # not needed for the first row

        self.console_app.mutations.prepare(partial(follow, self.console_app, None))

    def action_move(self, by: int) -> None:
        self.table.action_move(by)

    def action_open(self) -> None:
        self.table.action_open()

    def action_card(self) -> None:
        if (subject := self.subject()) is not None:
            self.console_app.navigation.open_model_details(subject.name)

    def subject(self) -> Subject | None:
        chosen = self._requests.get(self.table.cursor_key or "")
        return Subject(chosen.name, chosen.version) if chosen else None

    def row_values(self) -> Mapping[str, str]:
        request = self._requests.get(self.table.cursor_key or "")
        if request is None:
            return {}
        return {
            "name": request.name,
            "version": request.version,
            "stage": request.from_stage.value,
            "to_stage": request.to_stage.value,
            "request_id": request.id,
        }

    @property
    def _filter_line(self) -> Input:
        return self.query_one("#filter", Input)

    @on(Input.Changed, "#filter")
    def _filter_typed(self, event: Input.Changed) -> None:
        self._filter = event.value.strip()
        self.show_requests()

    @on(Input.Submitted, "#filter")
    def _filter_done(self) -> None:
        """Enter keeps the filter."""
        self.set_focus(self.table)
        self._filter_line.display = bool(self._filter)

    @on(Table.Opened)
    def _opened(self) -> None:
        if chosen := self.table.cursor_key:
            request = self._requests[chosen]
            self.console_app.navigation.open_model(request.name, request.version)

    @on(Table.Highlighted)
    def _highlighted(self) -> None:
        self._show_details()
        self.post_message(LivenessChanged())

    @on(MarkTable.MarksChanged)
    def _marked(self) -> None:
        if self._lists_marked or self.marked_keys:
            self._show_details()

    def _show_details(self) -> None:
        """Of the request under the cursor or, where others are marked, of all that a decision is about."""
        request = self._requests.get(self.table.cursor_key or "")
        marked = [self._requests[key] for key in self.marked_keys if key in self._requests]
        self._lists_marked = bool(marked) and marked != [request]
        if self._lists_marked:
            targets = targets_of(marked, self.by_subject, Decision.APPROVE)
            self.details.show_marked(marked, self.table.cursor_key, targets)
            return
        self.details.show_request(request, self._others(request))
        if request is not None:
            self.fetch("details", partial(self._fetch_details, request))

    def _others(self, request: InboxRequest | None) -> list[InboxRequest]:
        """The requests that are decided with one."""
        return list(targets_of([request], self.by_subject, Decision.APPROVE)[0].unchosen) if request else []

    async def _fetch_details(self, request: InboxRequest) -> None:
        await asyncio.sleep(DEBOUNCE_SECONDS)
        try:
            review = await self.console_app.client.requests.review(request.name, request.version, request.to_stage)
        except CallError as error:
            self.details.show_error(request, str(error))
            return
        keys = self.console_app.keymap.keys["card"]
        self.details.show_review(request, review, display_name(keys[0]) if keys else "")
        await self.compare(request, review.model_version)


def _row(request: InboxRequest, requested_by: str) -> Row:
    transition = f"{request.from_stage} → {request.to_stage}"
    others = displaced(request)
    effect = LEFT_EMPTY if request.leaves_empty else ", ".join(others)
    alarm = ALARM if request.leaves_empty else ""
    return Row(
        request.id,
        (
            (visible(request.name), "bold"),
            (request.version, ""),
            (transition, alarm or REQUEST_STYLE),
            (one_line(requested_by), ""),
            (age(request.creation_timestamp), "dim"),
            (effect or NOTHING, alarm or ("" if effect else "dim")),
            (summary(request.comment or "", 500), "dim"),
        ),
        (
            request.name,
            int(request.version),
            Ranked(STAGE_RANKS[request.to_stage], transition),
            request.user_id,
            Instant(request.creation_timestamp),
            Ranked(max(map(int, others), default=sys.maxsize), effect) if effect else None,
            request.comment,
        ),
    )


def _matches(request: InboxRequest, wanted: str) -> bool:
    """Whether every word occurs in the request; ``model:``, ``user:`` and ``stage:`` search that field only."""
    parts = {
        "model": request.name,
        "user": request.user_id,
        "stage": f"{request.from_stage} {request.to_stage}",
    }
    text = " ".join((*parts.values(), request.version, request.comment or "")).casefold()
    for word in wanted.casefold().split():
        field, value = field_of(word, FIELDS) or ("", word)
        if value not in (parts[field].casefold() if field else text):
            return False
    return True
