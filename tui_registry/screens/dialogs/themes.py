"""The themes: the one under the cursor is previewed, Enter keeps it."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui_registry.keys.names import legend
from tui_registry.styles import DEFERRED_STYLES
from tui_registry.widgets.table import Column, Row, Table

MAX_VISIBLE_ROWS = 12


class Themes(ModalScreen[str | None]):
    """Returns the chosen theme; or None, after restoring the former one."""

    CSS_PATH = DEFERRED_STYLES
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "close", show=False)]
    COLUMNS = (Column("", 20, grow=1, max_width=30), Column("", 20, grow=1))

    def __init__(self, themes: Sequence[tuple[str, str]], current: str) -> None:
        """``themes`` are names, each with a description."""
        super().__init__()
        self._themes = tuple(themes)
        self._before = current
        self._table = Table(self.COLUMNS, empty="", id="themes", show_titles=False)

    def compose(self) -> ComposeResult:
        with Vertical(id="choose"):
            yield Static(Content("Theme"), id="title")
            yield self._table
            yield Static(Content(legend("⏎ keep   esc close")), id="hint")

    def on_mount(self) -> None:
        self._table.styles.max_height = min(MAX_VISIBLE_ROWS, len(self._themes))
        self._table.show([Row(name, ((name, "bold"), (about, "dim"))) for name, about in self._themes])
        self._table.move_to(self._before)
        self.set_focus(self._table)

    def action_close(self) -> None:
        self.app.theme = self._before
        self.dismiss(None)

    @on(Table.Highlighted)
    def _highlighted(self) -> None:
        if self._table.cursor_key is not None:
            self.app.theme = self._table.cursor_key

    @on(Table.Opened)
    def _opened(self, event: Table.Opened) -> None:
        self.dismiss(event.key)
