"""What came of the last change, in a line above the action bar that covers what is there for some seconds."""

from textual.content import Content
from textual.widgets import Static

from tui_registry.mutations.result import Verdict
from tui_registry.mutations.runner import Outcome

SIGNS = {
    Verdict.DONE: ("✓ ", "bold $text-success"),
    Verdict.REFUSED: ("✗ ", "bold $text-warning"),
    Verdict.UNKNOWN: ("? ", "bold $text-error"),
}


class StatusLine(Static):
    def __init__(self) -> None:
        super().__init__("", id="status", markup=False)
        self._outcome: Outcome | None = None

    def show(self, outcome: Outcome | None, *, above_input: bool) -> None:
        """``above_input``: whether there is a text input above the action bar, which must not be covered."""
        self.set_class(above_input, "above-input")
        if outcome is self._outcome:
            return
        self._outcome = outcome
        self.display = outcome is not None
        if outcome is not None:
            self.update(Content.assemble(SIGNS[outcome.verdict], outcome.text))
