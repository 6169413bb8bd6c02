"""What the user follows: how often and where they are notified, whether that arrives, and ending it."""

from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static

from tui_registry.keys.actions import WHILE_TYPING, WRITING, bindings
from tui_registry.mutations import follow as changes
from tui_registry.screens.base.listing import Listing
from tui_registry.screens.dialogs.confirm import Confirm, Question
from tui_registry.screens.models.follow_dialog import follow
from tui_registry.screens.tables.table_actions import TableActions
from tui_registry.session.arrangement import Sort
from tui_registry.terminal.sanitize import one_line, visible
from tui_registry.widgets.ages import age
from tui_registry.widgets.columns import BY_AGE
from tui_registry.widgets.row import Instant, Ranked
from tui_registry.widgets.table import Column, Row
from tui_registry_server.wire.follow import Digest, Follow
from tui_registry_server.wire.webhook_delivery import FailureReason

OF_REQUESTS = ""  # the key of the row
NO_PROBLEM = ("–", "dim")


class Follows(TableActions, Listing):
    place = "follows"
    list_title = "Follows"
    empty_message = (
        "You do not follow anything.\nPress f on a model, or in the inbox, to be notified of what others do."
    )
    no_match = "No matching follows."
    placeholder = "model or address"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("follows"), *WHILE_TYPING]
    COLUMNS = (
        Column("FOLLOWED", 25, grow=2, max_width=60, is_cut_in_middle=True),
        Column("NOTIFIED", 11),
        Column("TO", 18, grow=1, max_width=48),
        Column("PROBLEM", 8, grow=1, max_width=30),
        Column("SINCE", 5, priority=1, sorting=BY_AGE),
    )
    own_order = Sort("followed")

    def __init__(self) -> None:
        super().__init__()
        self._follows: dict[str, Follow] = {}
        self._about = Static("", id="about", markup=False)

    def compose(self) -> ComposeResult:
        yield self.header
        yield self.table
        yield self._about
        yield self.filter_input()
        yield self.bar

    async def load(self) -> None:
        await super().load()
        self.highlighted()

    async def read_page(self, typed: str, token: str, size: int) -> tuple[list[Row], str]:
        """All of them: their number is limited. The requests come first."""
        found = sorted(await self.console_app.client.follows.own(), key=lambda each: each.model_name or "")
        self._follows = {each.model_name or OF_REQUESTS: each for each in found}
        words = typed.casefold().split()
        rows = [_row(each) for each in found if all(word in _searched(each) for word in words)]
        return rows, ""

    @property
    def _chosen(self) -> Follow | None:
        key = self.table.cursor_key
        return None if key is None else self._follows.get(key)

    def highlighted(self) -> None:
        chosen = self._chosen
        self._about.update(Content("") if chosen is None else _about(chosen))

    def is_live(self, action: str) -> bool:
        if action in WRITING:
            return self._chosen is not None
        return super().is_live(action)

    def open_row(self, key: str) -> None:
        if key == OF_REQUESTS:
            self.app.call_later(partial(self.console_app.navigation.go, "inbox"))
        else:
            self.console_app.navigation.open_model(key)

    def action_copy(self) -> None:
        if (chosen := self._chosen) is not None:
            self.console_app.copy(chosen.model_name or changes.REQUESTS)

    def action_change(self) -> None:
        if (chosen := self._chosen) is not None:
            self.console_app.mutations.prepare(partial(follow, self.console_app, chosen.model_name))

    def action_unfollow(self) -> None:
        if (chosen := self._chosen) is not None:
            self.console_app.mutations.prepare(partial(self._unfollow, chosen))

    async def _unfollow(self, chosen: Follow) -> None:
        followed = changes.about(chosen.model_name)
        effect = f"Nothing more is sent to {one_line(changes.receiver_of(chosen))}."
        question = Question("Stop following this?", [Content(f"• {followed}\n  {effect}")], "Unfollow")
        if await self.app.push_screen_wait(Confirm(question)) is not None:
            self.console_app.mutations.start(changes.unfollow(self.console_app.client, chosen))


def _searched(followed: Follow) -> str:
    return f"{followed.model_name or changes.REQUESTS} {changes.receiver_of(followed)}".casefold()


def _row(followed: Follow) -> Row:
    name = changes.about(followed.model_name)
    often = changes.HOW_OFTEN[followed.digest].partition(",")[0]
    receiver = changes.receiver_of(followed)
    problem, style = (_reason(followed.problem), "bold red") if followed.problem else NO_PROBLEM
    return Row(
        followed.model_name or OF_REQUESTS,
        (
            (one_line(name), "bold"),
            (often, ""),
            (one_line(receiver), "dim"),
            (problem, style),
            (age(followed.creation_timestamp), "dim"),
        ),
        (
            name,
            Ranked(list(Digest).index(followed.digest), often),
            receiver,
            followed.problem,
            Instant(followed.creation_timestamp),
        ),
    )


def _reason(problem: str) -> str:
    """Why the last message did not arrive, in a few words where they are known."""
    return FailureReason.of(problem) or one_line(problem, 100)


def _about(followed: Follow) -> Content:
    of = f"Changes of {visible(followed.model_name)}" if followed.model_name else "Requests that you may decide"
    lines = [Content(one_line(f"{of}: you are notified {changes.HOW_OFTEN[followed.digest]}.", 300))]
    if followed.problem:
        problem = f"The last message did not arrive: {one_line(followed.problem, 300)}"
        lines.append(Content.styled(problem, "$text-error"))
    return Content("\n").join(lines)
