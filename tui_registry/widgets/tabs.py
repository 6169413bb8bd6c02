"""A line of tabs, one of them current."""

from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content
from textual.events import Resize
from textual.widget import Widget

from tui_registry.terminal.sanitize import ELLIPSIS


class Tabs(Widget):
    """One line in which the current label is visible at any width: other labels are dropped where there is no room."""

    def __init__(self, *, id: str) -> None:  # noqa: A002  # as Textual names it
        super().__init__(id=id)
        self._labels: tuple[str, ...] = ()
        self._current = 0

    def show(self, labels: Sequence[str], current: int) -> None:
        """``current`` is an index."""
        self._labels, self._current = tuple(labels), current
        self.refresh()

    def on_resize(self, _event: Resize) -> None:
        self.refresh()

    def render(self) -> Content:
        first, end = _visible_range(self._labels, self._current, self.size.width)
        parts = [
            Content.styled(f" {self._labels[number]} ", "bold reverse" if number == self._current else "dim")
            for number in range(first, end)
        ]
        before = [Content.styled(ELLIPSIS, "dim")] if first else []
        after = [Content.styled(ELLIPSIS, "dim")] if end < len(self._labels) else []
        return Content(" ").join([*before, *parts, *after])


def _visible_range(labels: Sequence[str], current: int, width: int) -> tuple[int, int]:
    """The slice of the labels that fit, around the current one: start and end."""
    first, end = 0, len(labels)
    while end - first > 1 and _cells(labels, first, end) > width:
        if end - 1 > current:
            end -= 1
        else:
            first += 1
    return first, end


def _cells(labels: Sequence[str], first: int, end: int) -> int:
    hidden_sides = (first > 0) + (end < len(labels))
    return sum(cell_len(label) + 3 for label in labels[first:end]) - 1 + 2 * hidden_sides
