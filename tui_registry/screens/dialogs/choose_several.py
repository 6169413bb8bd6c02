"""Several of a list, chosen with the cursor."""

from collections.abc import Collection, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui_registry.screens.dialogs.choose import MAX_VISIBLE_ROWS, Choice
from tui_registry.styles import DEFERRED_STYLES
from tui_registry.terminal.sanitize import one_line
from tui_registry.widgets.hint import Hint
from tui_registry.widgets.table import Column, Row, Table


class ChooseSeveral(ModalScreen[tuple[str, ...] | None]):
    """Returns the chosen values in the order of the choices, at least one; or None."""

    CSS_PATH = DEFERRED_STYLES
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", show=False),
        Binding("space,x", "choose", show=False),
        Binding("asterisk", "choose_all", show=False),
    ]
    COLUMNS = (Column("", 3), Column("", 12, grow=1), Column("", 16, priority=1, grow=2))

    def __init__(
        self, title: str, choices: Sequence[Choice], chosen: Collection[str] = (), *, apply: str = "apply"
    ) -> None:
        """``chosen``: the values that are chosen at first. ``apply``: what Enter does, in a word."""
        super().__init__()
        self._title = title
        self._choices = {each.value: each for each in choices}
        self._chosen = set(chosen)
        self._apply_label = apply
        self._table = Table(self.COLUMNS, empty="", id="choices", show_titles=False)

    def compose(self) -> ComposeResult:
        with Vertical(id="choose"):
            yield Static(Content(one_line(self._title)), id="title")
            yield self._table
            yield Hint(
                f"␣ choose or not   * all or none   ⏎ {self._apply_label}   esc close",
                f"␣ choose  * all  ⏎ {self._apply_label}",
            )

    def on_mount(self) -> None:
        self._table.styles.max_height = min(MAX_VISIBLE_ROWS, len(self._choices))
        self._show()
        self.set_focus(self._table)

    def _show(self) -> None:
        self._table.show(
            [
                Row(
                    each.value,
                    (
                        ("[x]" if each.value in self._chosen else "[ ]", "bold"),
                        (one_line(each.label), ""),
                        (one_line(each.help), "dim"),
                    ),
                )
                for each in self._choices.values()
            ]
        )

    def action_choose(self) -> None:
        if (value := self._table.cursor_key) is not None:
            self._chosen ^= {value}
            self._show()

    def action_choose_all(self) -> None:
        self._chosen = set() if len(self._chosen) == len(self._choices) else set(self._choices)
        self._show()

    def action_close(self) -> None:
        self.dismiss(None)

    @on(Table.Opened)
    def _apply(self) -> None:
        chosen = tuple(value for value in self._choices if value in self._chosen)
        if chosen:
            self.dismiss(chosen)
        else:
            self.notify("Choose at least one: ␣ on a row.", severity="warning", timeout=5, markup=False)
