"""The available actions in sections, searchable; Enter runs the one under the cursor, which is on none before one types
or moves: whoever only reads changes nothing."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui_registry.keys.action import Action
from tui_registry.keys.names import legend
from tui_registry.styles import DEFERRED_STYLES
from tui_registry.widgets.sectioned_table import SectionedTable
from tui_registry.widgets.table import Column, Row, Table
from tui_registry_server import charset

DIALOG_KEYS = "In dialogs: y yes  n no  tab next field  esc close"


class Help(ModalScreen[Action | None]):
    """Returns the chosen action, or None."""

    CSS_PATH = DEFERRED_STYLES
    only_opens: ClassVar[bool] = True  # so that Enter may follow its letters before they are seen
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark", "close", show=False),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("pagedown", "page(1)", show=False, priority=True),
        Binding("pageup", "page(-1)", show=False, priority=True),
    ]
    COLUMNS = (Column("KEY", 5 if charset.is_utf8() else 9), Column("ACTION", 20, grow=1))

    def __init__(self, sections: Sequence[tuple[str, Sequence[Action]]]) -> None:
        super().__init__()
        self._sections = sections
        self._actions = {action.id: action for _, actions in sections for action in actions}
        self._table = SectionedTable(self.COLUMNS, empty="No matching actions.", id="actions", show_titles=False)

    def compose(self) -> ComposeResult:
        with Vertical(id="help"):
            yield Static(Content("Keyboard shortcuts"), id="title")
            yield Input(placeholder=legend("type or ↓ to choose, ⏎ run, esc close"), id="query", compact=True)
            yield self._table
            yield Static(Content.styled(DIALOG_KEYS, "dim"), id="hint")

    def on_mount(self) -> None:
        self._show("")

    def action_move(self, by: int) -> None:
        self._table.action_move(by)

    def action_page(self, by: int) -> None:
        self._table.action_page(by)

    def action_close(self) -> None:
        self.dismiss(None)

    @on(Input.Changed, "#query")
    def _typed(self, event: Input.Changed) -> None:
        self._show(event.value)

    @on(Input.Submitted, "#query")
    @on(Table.Opened)
    def _chosen(self) -> None:
        if key := self._table.chosen_key:
            self.dismiss(self._actions[key])

    def _show(self, query: str) -> None:
        words = query.casefold().split()
        self._table.show_sections(
            [
                (title, [_row(each) for each in actions if _matches(title, each, words)])
                for title, actions in self._sections
            ]
        )
        if not words:
            self._table.choose_none()


def _row(action: Action) -> Row:
    return Row(action.id, ((legend(action.display_key), "bold"), (action.help, "")))


def _matches(title: str, action: Action, words: Sequence[str]) -> bool:
    text = f"{title} {action.display_key} {action.label} {action.help}".casefold()
    return all(word in text for word in words)
