"""A row in full: the title and the whole text of every column."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui_registry.styles import DEFERRED_STYLES
from tui_registry.terminal.sanitize import lines, one_line
from tui_registry.widgets.fitting import Fitting, Scrolled
from tui_registry.widgets.hanging_indent import HangingIndent
from tui_registry.widgets.hint import Hint

MAX_LENGTH = 100_000  # characters of one text
MAX_LINES = 3_000  # of all texts: no key acts while they are broken to the width, a quarter of a millisecond each


class RowText(ModalScreen[None]):
    """``texts`` are pairs of a title and a text; ``copy`` copies all of them as one text."""

    CSS_PATH = DEFERRED_STYLES
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,V", "close", show=False),
        Binding("y", "copy", show=False),
        Binding("j,down", "read_on(1)", show=False, priority=True),
        Binding("k,up", "read_on(-1)", show=False, priority=True),
        Binding("pagedown,space,J", "page(1)", show=False, priority=True),
        Binding("pageup,K", "page(-1)", show=False, priority=True),
        Binding("g,home", "end(-1)", show=False, priority=True),
        Binding("G,end", "end(1)", show=False, priority=True),
    ]

    def __init__(self, texts: Sequence[tuple[str, str]], copy: Callable[[str], None]) -> None:
        super().__init__()
        self._texts = tuple(texts)
        self._copy = copy
        self._panel = Scrolled("row-text")

    def compose(self) -> ComposeResult:
        parts: list[Content] = []
        for title, text in self._texts:
            parts.append(Content.styled(one_line(title), "bold"))
            parts += [Content(f"  {line}") for line in lines(text or "–", MAX_LENGTH)]
        if (left_out := len(parts) - MAX_LINES) > 0:
            parts[MAX_LINES:] = [Content.styled(f"  {left_out:,} more lines. y copies all of them.", "$text-warning")]
        with Fitting(id="row"):
            with self._panel:
                yield Static(HangingIndent(Content("\n").join(parts)))
            yield self._panel.rest
            yield Hint("↓↑ scroll   y copy all   esc close", "↓↑  y copy  esc close")

    def action_close(self) -> None:
        self.dismiss(None)

    def action_copy(self) -> None:
        self._copy("\n".join(f"{title}: {text}" for title, text in self._texts))

    def action_read_on(self, by: int) -> None:
        self._panel.scroll_relative(y=by, animate=False)

    def action_page(self, by: int) -> None:
        self._panel.scroll_relative(y=by * max(1, self._panel.size.height - 1), animate=False)

    def action_end(self, which: int) -> None:
        if which > 0:
            self._panel.scroll_end(animate=False)
        else:
            self._panel.scroll_home(animate=False)
