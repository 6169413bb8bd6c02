"""The available actions, searchable; Enter runs the one under the cursor."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui_registry.keys.action import Action
from tui_registry.keys.keymap import in_force
from tui_registry.keys.names import legend
from tui_registry.styles import DEFERRED_STYLES
from tui_registry.widgets.table import Column, Row, Table
from tui_registry_server import charset

DIALOG_KEYS = "Dialogs: y n tab"


class Help(ModalScreen[Action | None]):
    """Returns the chosen action, or None."""

    CSS_PATH = DEFERRED_STYLES
    only_opens: ClassVar[bool] = True  # so that Enter may follow its letters before they are seen
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark", "close", show=False),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
    ]
    COLUMNS = (Column("KEY", 5 if charset.is_utf8() else 9), Column("ACTION", 20, grow=1))

    def __init__(self, actions: list[Action]) -> None:
        super().__init__()
        self._actions = {action.id: action for action in actions}
        self._table = Table(self.COLUMNS, empty="No matching actions.", id="actions")

    def compose(self) -> ComposeResult:
        with Vertical(id="help"):
            yield Static(Content("Keyboard shortcuts"), id="title")
            yield Input(placeholder=legend("type to search, ⏎ run, esc close"), id="query", compact=True)
            yield self._table
            yield Static(Content.styled(f"Lists: {in_force(self.app).movement_hint}   {DIALOG_KEYS}", "dim"), id="hint")

    def on_mount(self) -> None:
        self._show("")

    def action_move(self, by: int) -> None:
        self._table.action_move(by)

    def action_close(self) -> None:
        self.dismiss(None)

    @on(Input.Changed, "#query")
    def _typed(self, event: Input.Changed) -> None:
        self._show(event.value)

    @on(Input.Submitted, "#query")
    @on(Table.Opened)
    def _chosen(self) -> None:
        if self._table.cursor_key:
            self.dismiss(self._actions[self._table.cursor_key])

    def _show(self, query: str) -> None:
        words = query.casefold().split()
        self._table.show(
            [
                Row(action.id, ((legend(action.display_key), "bold"), (action.help, "")))
                for action in self._actions.values()
                if all(word in f"{action.display_key} {action.label} {action.help}".casefold() for word in words)
            ]
        )
