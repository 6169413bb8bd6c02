"""A choice from a list, by a key or with the cursor. ``n`` is No here, too, and closes it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui_registry.keys.names import legend
from tui_registry.styles import DEFERRED_STYLES
from tui_registry.terminal.sanitize import one_line
from tui_registry.widgets.table import Column, Row, Table

MAX_VISIBLE_ROWS = 12
TAKEN = frozenset("ynqjkgGarx")
"""Characters that choose nothing: they are Yes and No elsewhere, close the dialog, move in its list, or decide requests
in the lists below it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A value with its label, its explanation, the letter or digit that chooses it, if any, which is not TAKEN, and the
    Rich style of the explanation."""

    value: str
    label: str
    help: str = ""
    key: str = ""
    style: str = "dim"

    def __post_init__(self) -> None:
        if self.key in TAKEN:
            raise ValueError(f"{self.key} cannot choose {self.label}: it means something else in all dialogs.")


class Choose(ModalScreen[str | None]):
    """Returns the chosen value, or None."""

    CSS_PATH = DEFERRED_STYLES
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,n,q", "close", show=False)]
    COLUMNS = (Column("", 1), Column("", 12, grow=1, max_width=24), Column("", 16, grow=3))

    def __init__(
        self,
        title: str,
        choices: Sequence[Choice],
        *,
        current: str = "",
        help_is_cut_in_middle: bool = False,
        read: Callable[[], Awaitable[Sequence[Choice]]] | None = None,
    ) -> None:
        """``current`` is the value under the cursor at first, if it is one of them. ``read`` answers the same choices
        with what has to be read first; until then, one can choose already."""
        super().__init__()
        self._title = title
        self._choices = tuple(choices)
        self._current = current
        self._read = read
        columns = (*self.COLUMNS[:-1], replace(self.COLUMNS[-1], is_cut_in_middle=help_is_cut_in_middle))
        self._table = Table(columns, empty="Nothing to choose from.", id="choices", show_titles=False)

    def compose(self) -> ComposeResult:
        with Vertical(id="choose"):
            yield Static(Content(one_line(self._title)), id="title")
            yield self._table
            keys = "".join(each.key for each in self._choices)
            kind = "digit or " if keys.isdigit() else "letter or " if keys.isalpha() else "key or " if keys else ""
            yield Static(Content(legend(f"{kind}⏎ choose   n or esc close")), id="hint")

    def on_mount(self) -> None:
        self._table.styles.max_height = min(MAX_VISIBLE_ROWS, max(1, len(self._choices)))
        self._show()
        for number, each in enumerate(self._choices):
            if each.value == self._current:
                self._table.move_to(str(number))
        self.set_focus(self._table)
        if self._read is not None:
            self.run_worker(self._show_read(self._read), exit_on_error=False)

    def _show(self) -> None:
        self._table.show(
            [
                Row(
                    str(number), ((each.key, "bold"), (one_line(each.label), "bold"), (one_line(each.help), each.style))
                )
                for number, each in enumerate(self._choices)
            ]
        )

    async def _show_read(self, read: Callable[[], Awaitable[Sequence[Choice]]]) -> None:
        self._choices = tuple(await read())
        self._show()

    def on_key(self, event: events.Key) -> None:
        for each in self._choices:
            if each.key and event.character == each.key:
                event.stop()
                self.dismiss(each.value)
                return

    def action_close(self) -> None:
        self.dismiss(None)

    @on(Table.Opened)
    def _opened(self, event: Table.Opened) -> None:
        if event.key is not None:
            self.dismiss(self._choices[int(event.key)].value)
