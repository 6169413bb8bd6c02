"""A new token or secret, displayed once. It is stored nowhere: not in a list, the journal or a notification."""

from typing import ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui_registry.console import Console
from tui_registry.styles import DEFERRED_STYLES
from tui_registry.terminal.sanitize import one_line


class NewToken(ModalScreen[None]):
    CSS_PATH = DEFERRED_STYLES
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", show=False),
        Binding("y", "copy", show=False),
    ]

    def __init__(self, owner: str, value: str, noun: str = "token") -> None:
        super().__init__()
        self._noun = noun
        self._owner = owner
        self._value = value

    def compose(self) -> ComposeResult:
        with Vertical(id="new-token"):
            yield Static(Content(f"{self._noun.title()} for {one_line(self._owner)}"), id="title")
            yield Static(Content(f"Copy this {self._noun} now: it will not be displayed again."))
            yield Static(Content(one_line(self._value)), id="value")
            yield Static(Content("y copy   esc close"), id="hint")

    def action_close(self) -> None:
        self._value = ""
        self.dismiss(None)

    def action_copy(self) -> None:
        cast("Console", self.app).copy(self._value, message=f"The {self._noun}. Clear the clipboard after pasting it.")
