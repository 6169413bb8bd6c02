"""Why there is nothing to show, and what to do about it."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui_registry.text import lines


class Problem(ModalScreen[None]):
    """The console cannot go on; any of its keys leaves it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q,escape,enter", "leave", show=False)]

    def __init__(self, told: str) -> None:
        super().__init__()
        self._told = told

    def compose(self) -> ComposeResult:
        with Vertical(id="problem"):
            yield Static(Content("The registry cannot be opened"), id="title")
            yield Static(Content("\n").join([Content(line) for line in lines(self._told)]))
            yield Static(Content.styled("q leaves", "dim"), id="hint")

    def action_leave(self) -> None:
        self.app.exit(return_code=1)
