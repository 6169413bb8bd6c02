"""Why the registry cannot be opened, and what to do about it."""

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui_registry.client.access_token import TokenError, clean
from tui_registry.styles import DEFERRED_STYLES
from tui_registry.terminal.sanitize import lines
from tui_registry.widgets.fitting import Fitting, Scrolled


@dataclass(frozen=True, slots=True)
class Remedy:
    """Try again: with this token, which is not stored, or with the credentials as before if it is empty."""

    token: str = ""


class Problem(ModalScreen[Remedy]):
    """Displays a problem; returns what to try. Quitting it quits the console."""

    CSS_PATH = DEFERRED_STYLES
    AUTO_FOCUS = ""  # letters are keys until a token is typed
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "leave", show=False),
        Binding("escape", "forget", show=False),
        Binding("r,enter", "again", show=False),
        Binding("t", "token", show=False),
        Binding("down,j", "read_on(1)", show=False),
        Binding("up,k", "read_on(-1)", show=False),
    ]

    def __init__(self, title: str, message: str, *, token_helps: bool) -> None:
        super().__init__()
        self._title = title
        self._message = message
        self._token_helps = token_helps

    def compose(self) -> ComposeResult:
        message = Scrolled("message")
        with Fitting(id="problem"):
            yield Static(Content(self._title), id="title")
            with message:
                yield Static(Content("\n").join([Content(line) for line in lines(self._message)]))
            yield message.rest
            yield Input(placeholder="Token (hidden, not stored)", password=True, id="token", compact=True)
            keys = [("r", "try again"), *([("t", "enter a token for this session")] if self._token_helps else [])]
            keys.append(("q", "quit"))
            yield Static(Content("   ").join([Content.assemble((key, "bold"), f" {what}") for key, what in keys]))

    def action_leave(self) -> None:
        self.app.exit(return_code=1)

    def action_read_on(self, by: int) -> None:
        self.query_one("#message").scroll_relative(y=by, animate=False)

    def action_again(self) -> None:
        self.dismiss(Remedy())

    def action_token(self) -> None:
        if self._token_helps:
            line = self.query_one("#token", Input)
            line.display = True
            self.set_focus(line)

    def action_forget(self) -> None:
        line = self.query_one("#token", Input)
        line.value = ""
        self.set_focus(None)  # immediately: the next key is not part of a token
        line.display = False

    @on(Input.Submitted, "#token")
    def _typed(self, event: Input.Submitted) -> None:
        try:
            token = clean(event.value, "What was typed")
        except TokenError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        if token:
            self.dismiss(Remedy(token))
