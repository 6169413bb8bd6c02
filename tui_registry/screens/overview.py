"""The overview: what waits, what happened in the last days and what should be looked after, counted. Enter opens the
list behind a count, filtered."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from tui_registry.client.errors import CallError, Refused
from tui_registry.keys.actions import bindings
from tui_registry.keys.names import display_name
from tui_registry.queries.webhook_states import FAILING, webhook_state
from tui_registry.screens.base.polled import Polled
from tui_registry.session.messages import LivenessChanged, RegistryChanged
from tui_registry.terminal.sanitize import one_line
from tui_registry.widgets.ages import age
from tui_registry.widgets.day_bars import DayBars
from tui_registry.widgets.table import Column, Row, Table
from tui_registry_server.wire.error import ErrorCode
from tui_registry_server.wire.overview import Counted, RegistryOverview
from tui_registry_server.wire.overview_defaults import EXPIRY_DAYS, LAST_DAYS
from tui_registry_server.wire.webhook_overview import WebhookOverviewPage

NOT_THERE = (
    "This server has no overview: it is older than this console.\n"
    "Upgrade the server, then {refresh}. Until then the lists themselves show what there is."
)
REST_SECONDS = 2.0
"""Between two counts while much changes: counting takes the server longer than a page of a list."""
GOOD, WAITING = "green", "bold yellow"
WEBHOOKS = "Webhooks failing"


@dataclass(frozen=True, slots=True)
class Tile:
    """One count. counted: None if it cannot be read. note: beside it. about: what it means, and what Enter shows.
    place, filter: where its list is."""

    label: str
    counted: Counted | None
    note: str
    style: str
    about: str
    place: str
    filter: str = ""


class Overview(Polled):
    """Only the count of failing webhooks is polled: of all else there are events."""

    place = "overview"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings("overview"))
    COLUMNS: ClassVar[tuple[Column, ...]] = (Column("", 26), Column("", 7), Column("", 20, grow=1))

    def __init__(self) -> None:
        super().__init__("Overview")
        self.table = Table(self.COLUMNS, empty="Counting…", id="tiles", show_titles=False)
        self.bars = DayBars(id="bars")
        self.about = Static("", id="about", markup=False)
        self._tiles: dict[str, Tile] = {}
        self._is_not_there = False  # the server has no overview
        self._lacks_webhooks = False  # the server has none to count
        self._is_counting_webhooks = False
        self._counted_at = float("-inf")  # by time.monotonic()
        self._rest: Timer | None = None  # until the next count

    def compose(self) -> ComposeResult:
        yield self.header
        yield self.table
        yield self.bars
        yield self.about
        yield self.bar

    def on_mount(self) -> None:
        self.set_focus(self.table)

    def on_registry_changed(self, message: RegistryChanged) -> None:
        message.prevent_default()  # the reload at once of other places
        rest = self._counted_at + REST_SECONDS - time.monotonic()
        if rest <= 0:
            self.reload()
        elif self._rest is None:
            self._rest = self.set_timer(rest, self.reload)

    def reload(self) -> None:
        if self._rest is not None:
            self._rest.stop()
            self._rest = None
        self._counted_at = time.monotonic()
        super().reload()

    def action_refresh(self) -> None:
        self._is_not_there = False
        super().action_refresh()

    async def load(self) -> None:
        if self._is_not_there:
            return  # nothing that happens in the registry changes that
        days = last_days(datetime.now().astimezone().date())
        client = self.console_app.client
        try:
            overview, of_webhooks = await asyncio.gather(
                client.overview.get([midnight(day) for day in days], production_days=self.console_app.old_days),
                self._count_webhooks(),
            )
        except Refused as error:
            if error.error_code != ErrorCode.ENDPOINT_NOT_FOUND:
                raise
            self._is_not_there = True
            keys = self.console_app.keymap.keys["refresh"]
            refresh = f"press {display_name(keys[0])}" if keys else "open the console again"
            self._show([], NOT_THERE.format(refresh=refresh))
            self.bars.show([])
            return
        moves = overview.transitions
        counted = [each.count for each in moves.days]
        whole = self.console_app.connection.whole
        self._show([*tiles(overview, days, self.console_app.old_days, whole), *of_webhooks])
        self.bars.show(list(zip(days, counted, strict=True)))

    def poll(self) -> None:
        if self._tiles and not self._lacks_webhooks and not self._is_counting_webhooks:
            self.fetch("webhooks", self._count_webhooks_again)

    async def _count_webhooks_again(self) -> None:
        self._is_counting_webhooks = True
        try:
            of_webhooks = await self._count_webhooks()
        finally:
            self._is_counting_webhooks = False
        others = [each for each in self._tiles.values() if each.label != WEBHOOKS]
        if others and not self.is_loading:
            self._show([*others, *of_webhooks])

    async def _count_webhooks(self) -> list[Tile]:
        """A tile if there are any that the caller may manage, or if that cannot be read."""
        self._lacks_webhooks = False
        try:
            page = await self.console_app.client.webhooks.overviews()
        except CallError as error:
            code = error.error_code if isinstance(error, Refused) else ""
            self._lacks_webhooks = code == ErrorCode.ENDPOINT_NOT_FOUND
            is_expected = code in {ErrorCode.ENDPOINT_NOT_FOUND, ErrorCode.PERMISSION_DENIED}
            return [] if is_expected else [_unreadable_webhooks(error)]
        return [_webhooks_tile(page)] if page.webhooks else []

    def _show(self, shown: Sequence[Tile], empty: str = "") -> None:
        self._tiles = {each.label: each for each in shown}
        rows = [
            Row(
                each.label,
                (
                    (each.label, "bold"),
                    (_number(each.counted), each.style),
                    (each.note, each.style if each.note else ""),
                ),
            )
            for each in shown
        ]
        self.table.show(rows, empty=empty)
        self._show_about()

    def show_problem(self, problem: str) -> None:
        if not self._tiles:
            self.table.show([], empty=f"{problem}\n{self.retry_note}")

    def is_live(self, action: str) -> bool:
        return self.table.row_count > 0 if action == "open" else True

    def action_open(self) -> None:
        self.table.action_open()

    @on(Table.Opened)
    async def _opened(self, event: Table.Opened) -> None:
        if tile := self._tiles.get(event.key or ""):
            self.app.call_later(partial(self.console_app.navigation.search, tile.place, tile.filter))

    @on(Table.Highlighted)
    def _highlighted(self) -> None:
        self._show_about()
        self.post_message(LivenessChanged())

    def _show_about(self) -> None:
        tile = self._tiles.get(self.table.cursor_key or "")
        self.about.update(Content(tile.about if tile else ""))


def last_days(today: date) -> list[date]:
    """The last LAST_DAYS days, today at the end."""
    return [today - timedelta(days=back) for back in reversed(range(LAST_DAYS))]


def midnight(day: date) -> int:
    """When a day begins in the user's time zone, in milliseconds since the epoch."""
    return int(datetime.combine(day, clock_time()).astimezone().timestamp() * 1000)


def _number(counted: Counted | None) -> str:
    return "?" if counted is None else f"{counted.count:,}{'+' if counted.more else ''}"


def tiles(overview: RegistryOverview, days: Sequence[date], old_days: int, whole: str) -> list[Tile]:
    """The counts of an overview whose transitions are of these days, and whose old versions are of this age. ``whole``:
    what all models are called together."""

    def tile(label: str, counted: Counted, *, some: str, none: str, about: str, place: str, typed: str = "") -> Tile:
        note, style = (some, WAITING) if counted.count else (none, GOOD)
        return Tile(label, counted, note, style, about, place, typed)

    requests, moves, tokens = overview.open_requests, overview.transitions, overview.expiring_tokens
    whose = "of all users" if tokens.of_everybody else "of yours"
    expiring = f"token{'' if tokens.count == 1 else 's'} ({whose.removeprefix('of ')})"
    today = moves.days[-1].count if moves.days else 0
    return [
        tile(
            "Open requests",
            requests,
            some=f"the oldest has waited {age(requests.oldest_timestamp)}" if requests.oldest_timestamp else "",
            none="no open requests",
            about="Transition requests awaiting a decision.",
            place="inbox",
        ),
        Tile(
            "Stage transitions",
            moves,
            f"in the last {len(days)} days, {today} of them today"
            if moves.count
            else f"none in the last {len(days)} days",
            "" if moves.count else "dim",
            "Moves and approvals by people, without the archiving that follows from them.",
            "activity",
            f"type:moved type:approved since:{days[0].isoformat()}",
        ),
        tile(
            "Models without description",
            overview.models_without_description,
            some="nobody has written what they are for",
            none="no model lacks a description",
            about="Models without a description: e adds one.",
            place="models",
            typed="missing:description",
        ),
        tile(
            "Models without owner",
            overview.models_without_owner,
            some="no active account has CAN_MANAGE on them",
            none="an active account has CAN_MANAGE on each",
            about="Models on which no active account has CAN_MANAGE, directly, through a group or on the "
            f"{whole}: only members of admins can manage them. p grants a level.",
            place="models",
            typed="missing:owner",
        ),
        tile(
            "Old Production versions",
            overview.old_production_versions,
            some=f"created more than {old_days} days ago",
            none=f"none was created more than {old_days} days ago",
            about=f"Versions in Production that were created more than {old_days} days ago.",
            place="board",
            typed=f"stage:production older:{old_days}d",
        ),
        tile(
            "Tokens expiring soon",
            tokens,
            some=f"{expiring} expire{'s' if tokens.count == 1 else ''} within {EXPIRY_DAYS} days",
            none=f"no token {whose} expires within {EXPIRY_DAYS} days",
            about="Clients with such a token lose access when it expires: create a new one before.",
            place="tokens",
            typed=f"expires:{EXPIRY_DAYS}d",
        ),
    ]


def _webhooks_tile(page: WebhookOverviewPage) -> Tile:
    count = sum(webhook_state(each.status, each.last) == FAILING for each in page.webhooks)
    return Tile(
        WEBHOOKS,
        Counted(count=count, more=bool(page.next_page_token)),
        "their last delivery did not arrive" if count else "no last delivery has failed",
        WAITING if count else GOOD,
        "Active webhooks whose last delivery did not arrive: Enter on one shows what its receiver answered.",
        "webhooks",
        FAILING,
    )


def _unreadable_webhooks(error: CallError) -> Tile:
    return Tile(WEBHOOKS, None, "cannot be read", WAITING, one_line(str(error)), "webhooks", FAILING)
