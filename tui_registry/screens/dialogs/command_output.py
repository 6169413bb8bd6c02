"""The output of the custom commands that ran, or run, in the background, one command at a time."""

from collections.abc import Sequence
from typing import ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui_registry.console import Console
from tui_registry.styles import DEFERRED_STYLES
from tui_registry.terminal.background_process import BackgroundProcess
from tui_registry.terminal.child_process import ending
from tui_registry.terminal.sanitize import one_line, program_output
from tui_registry.widgets.hint import Hint

MAX_LINES = 1_000  # the last ones
REFRESH_SECONDS = 0.2


class CommandOutput(ModalScreen[None]):
    CSS_PATH = DEFERRED_STYLES
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "close", show=False),
        Binding("left,h", "choose(-1)", show=False),
        Binding("right,l", "choose(1)", show=False),
        Binding("down,j", "read_on(1)", show=False),
        Binding("up,k", "read_on(-1)", show=False),
        Binding("x", "end", show=False),
        Binding("y", "copy", show=False),
    ]

    def __init__(self, processes: Sequence[BackgroundProcess]) -> None:
        """``processes``: at least one; the last one is shown."""
        super().__init__()
        self._processes = processes
        self._index = len(processes) - 1
        self._title = Static("", id="title", markup=False)
        self._text = Static("", markup=False)
        self._shown: object = None

    @property
    def _process(self) -> BackgroundProcess:
        return self._processes[self._index]

    def compose(self) -> ComposeResult:
        yield self._title
        with VerticalScroll(id="text"):
            yield self._text
        others = "← → others   " if len(self._processes) > 1 else ""
        yield Hint(f"{others}↓↑ scroll   y copy   x stop it   esc close", f"{others}x stop it  esc close")

    def on_mount(self) -> None:
        self._show()
        self.set_interval(REFRESH_SECONDS, self._show)

    def action_close(self) -> None:
        self.dismiss(None)

    def action_choose(self, by: int) -> None:
        self._index = min(max(0, self._index + by), len(self._processes) - 1)
        self._show()

    def action_read_on(self, by: int) -> None:
        self.query_one("#text").scroll_relative(y=by, animate=False)

    def action_copy(self) -> None:
        cast("Console", self.app).copy("\n".join(program_output(self._process.output)))

    def action_end(self) -> None:
        """End the program."""
        self.run_worker(self._process.end(), exit_on_error=False)

    def _show(self) -> None:
        process = self._process
        state = "running" if process.is_running else f"{ending(process.code or 0)} after {process.seconds:.1f} s"
        number = f"   {self._index + 1} of {len(self._processes)}" if len(self._processes) > 1 else ""
        self._title.update(Content(one_line(f"{process.title}: {state}{number}", 300)))
        shown = (self._index, process.received)
        if shown == self._shown:
            return
        self._shown = shown
        scroll = self.query_one("#text")
        is_at_end = scroll.is_vertical_scroll_end
        self._text.update(Content("\n".join(program_output(process.output)[-MAX_LINES:]) or "No output."))
        if is_at_end:
            self.call_after_refresh(scroll.scroll_end, animate=False)
