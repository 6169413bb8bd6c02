"""A text without a frame, to select with the mouse where the clipboard is unavailable, or to save to a file."""

from datetime import datetime
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui_registry.session.config import write_private
from tui_registry.styles import DEFERRED_STYLES
from tui_registry.terminal.sanitize import lines, one_line

MAX_LENGTH = 500_000  # characters
HINT = "shift + mouse select   w save to a file   esc close"
"""With shift the terminal selects, even where the console uses the mouse."""


class PlainText(ModalScreen[None]):
    """Displays one text. The file has the text unchanged, and is readable by its owner only."""

    CSS_PATH = DEFERRED_STYLES
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "close", show=False),
        Binding("w", "write", show=False),
        Binding("j", "read_on(1)", show=False),
        Binding("k", "read_on(-1)", show=False),
    ]

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="text"):
            yield Static(Content("\n").join([Content(line) for line in lines(self._text, MAX_LENGTH)]))
        yield Static(Content(HINT), id="hint")

    def action_close(self) -> None:
        self.dismiss(None)

    def action_read_on(self, by: int) -> None:
        self.query_one("#text").scroll_relative(y=by, animate=False)

    def action_write(self) -> None:
        file = _file()
        try:
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_private(file, self._text + "\n")
        except OSError as error:
            message, title = f"{file}: {error.strerror}", "Not saved"
            self.notify(one_line(message), title=title, severity="error", markup=False, timeout=30)
            return
        self.notify(one_line(str(file)), title="Saved, readable only by you", markup=False, timeout=30)


def _file() -> Path:
    import platformdirs

    folder = Path(platformdirs.user_state_dir("tui-registry", appauthor=False))
    return folder / f"text-{datetime.now().astimezone():%Y%m%d-%H%M%S-%f}.txt"
