"""The deliveries of a webhook, newest first: what was sent, what the receiver answered, and sending it again."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui_registry.keys.action import Action
from tui_registry.keys.actions import WHILE_TYPING, bindings
from tui_registry.mutations import webhook as changes
from tui_registry.mutations.mutation import Mutation
from tui_registry.queries import webhook_states as states
from tui_registry.screens.access.webhook_rows import delivery_style, outcome
from tui_registry.screens.base.marked_listing import MarkedListing
from tui_registry.screens.base.polled import Polled
from tui_registry.screens.dialogs.confirm import Confirm, Question
from tui_registry.screens.tables.table_actions import TableActions
from tui_registry.session.arrangement import Sort
from tui_registry.terminal.sanitize import lines, one_line, visible
from tui_registry.widgets.ages import age, moment
from tui_registry.widgets.columns import BY_AGE, BY_NUMBER
from tui_registry.widgets.row import Instant, Ranked
from tui_registry.widgets.table import Column, Row
from tui_registry_server.wire.webhook_delivery import DeliveryStatus, WebhookDelivery

MAX_READ = 20  # pages that are read until one has a match
MAX_ANSWER = 4096  # characters
WAITING_ARE_SENT_NOW = "It no longer waits for its next attempt; deliveries queued before it are sent first."
SAME_IDS = "With the same ids, so that the receiver can recognize duplicates."
STATUSES = {status.value.casefold(): status for status in DeliveryStatus}
STATES = {
    states.WAITING: DeliveryStatus.PENDING,
    states.RETRYING: DeliveryStatus.PENDING,
    states.DELIVERED: DeliveryStatus.DELIVERED,
    states.GIVEN_UP.partition(" ")[0]: DeliveryStatus.DEAD,
    states.WITHHELD: DeliveryStatus.WITHHELD,
}
"""By words of the states, for the server; what else is typed is looked for here."""
RANKS = (states.GIVEN_UP, states.RETRYING, states.WAITING, states.WITHHELD, states.DELIVERED)


class Deliveries(Polled, TableActions, MarkedListing):
    place = "deliveries"
    empty_message = "No deliveries in the last 30 days."
    no_match = "No matching deliveries."
    placeholder = "event, model or answer; waiting, retrying, delivered, given up"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("deliveries"), *WHILE_TYPING]
    COLUMNS = (
        Column("AGE", 4, sorting=BY_AGE),
        Column("EVENT", 20, grow=2, max_width=44),
        Column("WHAT", 12, grow=3, max_width=44, priority=1, is_cut_in_middle=True),
        Column("STATUS", 9),
        Column("FAILED", 6, priority=2, sorting=BY_NUMBER, key="attempts", former=("tries",)),
        Column("CODE", 4, sorting=BY_NUMBER),
        Column("MS", 5, priority=3, sorting=BY_NUMBER),
        Column("ANSWER", 12, grow=3, priority=4),
    )
    own_order = Sort("age", is_descending=True)

    def __init__(self, webhook_id: str, host: str) -> None:
        super().__init__("Webhooks", one_line(host), "Deliveries")
        self._webhook_id = webhook_id
        self._deliveries: dict[str, WebhookDelivery] = {}
        self._answer = Static("", markup=False)

    def compose(self) -> ComposeResult:
        yield self.header
        yield self.table
        with VerticalScroll(id="answer", can_focus=False):
            yield self._answer
        yield self.filter_input()
        yield self.bar

    async def load(self) -> None:
        await super().load()
        self.highlighted()

    async def read_page(self, typed: str, token: str, size: int) -> tuple[list[Row], str]:
        """The server filters by status; other words are looked for here, page by page until one has some."""
        words = typed.casefold().split()
        status = next((known[word].value for known in (STATUSES, STATES) for word in words if word in known), "")
        others = [word for word in words if word not in STATUSES]
        rows: list[Row] = []
        for _ in range(MAX_READ):
            page = await self.console_app.client.webhooks.deliveries(self._webhook_id, status, token, size)
            matching = [each for each in page.deliveries if all(word in _searched(each) for word in others)]
            self._deliveries |= {each.id: each for each in matching}
            rows += map(_row, matching)
            token = page.next_page_token or ""
            if rows or not token:
                break
        return rows, token

    @property
    def _chosen(self) -> WebhookDelivery | None:
        return self._deliveries.get(self.table.cursor_key or "")

    @property
    def _all_chosen(self) -> Sequence[WebhookDelivery]:
        return [self._deliveries[key] for key in self.chosen_keys if key in self._deliveries]

    @property
    def live_actions(self) -> list[Action]:
        """Those that wait for their next attempt are sent now, all others again."""
        is_now = all(map(_is_waiting, self._all_chosen))
        return [
            replace(action, label="send now") if action.id == "replay" and is_now else action
            for action in super().live_actions
        ]

    def is_live(self, action: str) -> bool:
        if action == "replay":
            return bool(self._all_chosen)
        if action == "open":
            return self._chosen is not None and self._chosen.model_name is not None
        return super().is_live(action)

    def highlighted(self) -> None:
        delivery = self._chosen
        self._answer.update(Content("") if delivery is None else _details(delivery))
        self.query_one("#answer").scroll_home(animate=False)

    def action_read_on(self, by: int) -> None:
        pane = self.query_one("#answer")
        pane.scroll_relative(y=by * max(1, pane.size.height // 2), animate=False)

    def open_row(self, key: str) -> None:
        """What the delivery is about, as it is now."""
        delivery = self._deliveries.get(key)
        if delivery is None or delivery.model_name is None:
            return
        if delivery.version is not None:
            self.console_app.navigation.open_version(delivery.model_name, delivery.version)
        else:
            self.console_app.navigation.open_model(delivery.model_name)

    def action_copy(self) -> None:
        if chosen := self._chosen:
            self.console_app.copy(chosen.id)

    def action_replay(self) -> None:
        self.console_app.mutations.prepare(partial(self._replay, self._all_chosen))

    async def _replay(self, chosen: Sequence[WebhookDelivery]) -> None:
        waiting = [each for each in chosen if _is_waiting(each)]
        what = "this delivery" if len(chosen) == 1 else f"{len(chosen)} deliveries"
        message = [
            Content(f"• {one_line(_title(chosen[0]))}" if len(chosen) == 1 else f"• {len(chosen)} that are marked"),
            *([Content(WAITING_ARE_SENT_NOW)] if waiting else []),
            *([Content(SAME_IDS)] if len(waiting) < len(chosen) else []),
        ]
        when = "now" if len(waiting) == len(chosen) else "again"
        question = Question(f"Send {what} {when}?", message, "Send")
        if await self.app.push_screen_wait(Confirm(question)) is not None:
            known = {each.id: each for each in chosen}

            def made(key: str) -> Mutation:
                return changes.replay_one(self.console_app.client, self._webhook_id, known[key], _title(known[key]))

            self.start_each(list(known), made, "to be sent now" if when == "now" else "queued again")


def _is_waiting(delivery: WebhookDelivery) -> bool:
    return delivery.status is DeliveryStatus.PENDING


def _title(delivery: WebhookDelivery) -> str:
    return f"{delivery.event} {_what(delivery)}".rstrip()


def _what(delivery: WebhookDelivery) -> str:
    version = f" version {delivery.version}" if delivery.version is not None else ""
    return f"{visible(delivery.model_name)}{version}" if delivery.model_name else ""


def _searched(delivery: WebhookDelivery) -> str:
    state = states.delivery_state(delivery)
    parts = (state, delivery.event, delivery.model_name, delivery.response_body, delivery.error, delivery.id)
    code = "" if delivery.response_status is None else str(delivery.response_status)
    return " ".join([*(part or "" for part in parts), code]).casefold()


def _row(delivery: WebhookDelivery) -> Row:
    answer = delivery.error or delivery.response_body or ""
    code, latency = delivery.response_status, delivery.latency_ms
    state, failed = states.delivery_state(delivery), states.failed_attempts(delivery)
    return Row(
        delivery.id,
        (
            (age(delivery.creation_timestamp), "dim"),
            (one_line(delivery.event), "bold"),
            (_what(delivery), ""),
            (state, delivery_style(delivery)),
            (str(failed or "–"), "red" if failed else "dim"),
            ("" if code is None else str(code), "" if code is not None and code in changes.SUCCESS else "red"),
            ("" if latency is None else str(latency), "dim"),
            (one_line(answer, 300), "dim"),
        ),
        (
            Instant(delivery.creation_timestamp),
            delivery.event,
            _what(delivery),
            Ranked(RANKS.index(state), state),
            failed,
            code,
            latency,
            answer,
        ),
    )


def _details(delivery: WebhookDelivery) -> Content:
    parts = [
        Content.assemble((one_line(_title(delivery)), "bold"), (f"  {moment(delivery.creation_timestamp)}", "dim")),
        Content(one_line(outcome(delivery), 1000)),
        Content.styled(f"ID {delivery.id}", "dim"),
    ]
    if delivery.response_body:
        parts.append(Content.styled("answer:", "dim"))
        parts += [Content(line) for line in lines(delivery.response_body, MAX_ANSWER)]
    return Content("\n").join(parts)
