"""A new token, shown this one time. It is kept nowhere: neither in a list, nor in the journal, nor in a note."""

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

    def __init__(self, owner: str, value: str) -> None:
        super().__init__()
        self._owner = owner
        self._value = value

    def compose(self) -> ComposeResult:
        with Vertical(id="new-token"):
            yield Static(Content(f"A token for {one_line(self._owner)}"), id="title")
            yield Static(Content("This is the one time that it is shown: put it where it will be used."))
            yield Static(Content(one_line(self._value)), id="value")
            yield Static(Content("y copy   esc close, and forget it"), id="hint")

    def action_close(self) -> None:
        self._value = ""
        self.dismiss(None)

    def action_copy(self) -> None:
        cast("Console", self.app).copy(self._value, message="The token. Clear the clipboard when it is in its place.")
