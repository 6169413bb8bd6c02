"""The columns of a table, to be chosen and put in order."""

from collections.abc import Collection, Mapping, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui_registry.styles import DEFERRED_STYLES
from tui_registry.terminal.sanitize import one_line
from tui_registry.widgets.hint import Hint
from tui_registry.widgets.table import Column, Row, Table

MAX_VISIBLE_ROWS = 12
NO_ROOM = "in a wider terminal"
"""Where a column that was chosen is displayed: columns that matter less go first."""


class ChooseColumns(ModalScreen[tuple[str, ...] | None]):
    """Returns the names of the chosen columns in order, at least one; none at all for the place's own ones; or None
    if nothing is to change."""

    CSS_PATH = DEFERRED_STYLES
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", show=False),
        Binding("space,x", "choose", show=False),
        Binding("J,shift+down", "shift(1)", show=False),
        Binding("K,shift+up", "shift(-1)", show=False),
        Binding("r", "reset", show=False),
    ]
    COLUMNS = (Column("", 3), Column("", 12, grow=1), Column("", 20, grow=1))

    def __init__(self, place: str, titles: Mapping[str, str], chosen: Sequence[str], drawn: Collection[str]) -> None:
        """``titles`` are those of all columns, by name. ``drawn``: those of the chosen ones that have room now."""
        super().__init__()
        self._titles = {name: titles[name] for name in (*chosen, *(each for each in titles if each not in chosen))}
        self._chosen = set(chosen)
        self._place = place
        self._without_room = set(chosen) - set(drawn)
        self._table = Table(self.COLUMNS, empty="", id="columns", show_titles=False)

    def compose(self) -> ComposeResult:
        with Vertical(id="choose"):
            yield Static(Content(f"Columns of {self._place}"), id="title")
            yield self._table
            yield Hint(
                "␣ show or hide   J K move column   r reset   ⏎ apply   esc close",
                "␣ show  J K move  r reset  ⏎ apply  esc close",
                "␣ show  J K move  r reset  ⏎ ok  esc no",
            )

    def on_mount(self) -> None:
        self._table.styles.max_height = min(MAX_VISIBLE_ROWS, len(self._titles))
        self._show()
        self.set_focus(self._table)

    def _show(self) -> None:
        self._table.show(
            [
                Row(
                    name,
                    (
                        ("[x]" if name in self._chosen else "[ ]", "bold"),
                        (one_line(title), ""),
                        (NO_ROOM if name in self._chosen & self._without_room else "", "dim"),
                    ),
                )
                for name, title in self._titles.items()
            ]
        )

    def action_choose(self) -> None:
        if (name := self._table.cursor_key) is not None:
            self._chosen ^= {name}
            self._show()

    def action_shift(self, by: int) -> None:
        """Move the column under the cursor."""
        names = list(self._titles)
        if (name := self._table.cursor_key) is None or not 0 <= (place := names.index(name) + by) < len(names):
            return
        names.remove(name)
        names.insert(place, name)
        self._titles = {each: self._titles[each] for each in names}
        self._show()

    def action_reset(self) -> None:
        self.dismiss(())

    def action_close(self) -> None:
        self.dismiss(None)

    @on(Table.Opened)
    def _apply(self) -> None:
        chosen = tuple(name for name in self._titles if name in self._chosen)
        if chosen:
            self.dismiss(chosen)
        else:
            self.notify("Choose at least one column.", severity="warning", timeout=5, markup=False)
