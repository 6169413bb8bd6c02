"""The last line of a dialog: its keys."""

from rich.cells import cell_len
from textual.content import Content
from textual.events import Resize
from textual.widget import Widget

from tui_registry.keys.names import legend


class Hint(Widget):
    """Shows the first of its texts that fits: give the longest first, and the shortest last."""

    def __init__(self, *texts: str) -> None:
        super().__init__(id="hint")
        self._texts: list[str] = []
        self.show(*texts)

    def show(self, *texts: str) -> None:
        """Other texts, for the keys that work now."""
        self._texts = [legend(text) for text in texts]
        self.refresh()

    def on_resize(self, _event: Resize) -> None:
        self.refresh()

    def render(self) -> Content:
        width = self.size.width
        return Content(next((text for text in self._texts if cell_len(text) <= width), self._texts[-1]))
