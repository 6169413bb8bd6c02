"""A list of candidates below an input: what each is, its name and a detail, with the matched letters highlighted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui_registry.terminal.sanitize import clip

KIND_CELLS = 9
GAP_CELLS = 2
MARK_CELLS = 2
NAME_SHARE = 0.42  # of the cells that the names have; a longer one takes those of its detail
MIN_NAME_CELLS, MAX_NAME_CELLS = 16, 48
MIN_DETAIL_CELLS = 8


@dataclass(frozen=True, slots=True)
class Entry:
    """A line, of plain text that has passed tui_registry.terminal.sanitize. in_name, in_detail: the indexes of the
    letters to highlight. keys: at the end of the line."""

    kind: str
    name: str
    detail: str = ""
    keys: str = ""
    in_name: frozenset[int] = frozenset()
    in_detail: frozenset[int] = frozenset()


class CandidateList(Widget):
    """It never has the focus: the input above it passes the keys on. Posts Chosen on a double click."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"list--cursor", "list--kind", "list--match", "list--mark"}

    class Chosen(Message):
        """The entry under the cursor was double-clicked."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # as Textual names it
        super().__init__(id=id)
        self._entries: Sequence[Entry] = ()
        self._empty = ""
        self._top = 0
        self.cursor = 0

    def show(self, entries: Sequence[Entry], cursor: int, *, empty: str) -> None:
        """Replace the entries; ``empty`` is displayed if there are none."""
        self._entries, self._empty = entries, empty
        self.move_to(cursor)

    def move_to(self, cursor: int) -> None:
        """Bring the cursor to an entry, by its index, or to the nearest."""
        self.cursor = max(0, min(cursor, len(self._entries) - 1))
        self._keep_cursor_visible()
        self.refresh()

    def move(self, by: int) -> None:
        """Move the cursor, from the last entry to the first and back."""
        if self._entries:
            self.move_to((self.cursor + by) % len(self._entries))

    def page(self, by: int) -> None:
        self.move_to(self.cursor + by * max(1, self.size.height - 1))

    def _keep_cursor_visible(self) -> None:
        if not (lines := self.size.height):
            return  # it has not been laid out yet
        top = min(max(self._top, self.cursor - lines + 1), self.cursor)
        self._top = max(0, min(top, len(self._entries) - lines))

    def on_resize(self) -> None:
        self._keep_cursor_visible()

    def on_click(self, event: events.Click) -> None:
        if self._top + event.y < len(self._entries):
            self.move_to(self._top + event.y)
            if event.chain == 2:
                self.post_message(self.Chosen())

    def on_mouse_scroll_down(self) -> None:
        self.move_to(self.cursor + 1)

    def on_mouse_scroll_up(self) -> None:
        self.move_to(self.cursor - 1)

    def render_line(self, y: int) -> Strip:
        width, base, number = self.size.width, self.rich_style, self._top + y
        if number >= len(self._entries):
            text = self._empty if y == 0 and not self._entries else ""
            return Strip([Segment(clip(f"  {text}", width), base + Style(dim=True))], width)
        entry, is_current = self._entries[number], number == self.cursor
        if is_current:
            base += self.get_component_rich_style("list--cursor")
        mark = base + self.get_component_rich_style("list--mark", partial=True)
        kind = base + self.get_component_rich_style("list--kind", partial=True)
        dim = base if base.reverse else base + Style(dim=True)
        name_cells, detail_cells, key_cells = self._widths(entry, width)
        segments = [
            Segment(clip("▎" if is_current else "", MARK_CELLS), mark),
            Segment(clip(entry.kind, KIND_CELLS), kind),
            *self._highlighted(clip(entry.name, name_cells), entry.in_name, base),
        ]
        if detail_cells:
            segments += [Segment(" " * GAP_CELLS, base)]
            segments += self._highlighted(clip(entry.detail, detail_cells), entry.in_detail, dim)
        if key_cells:
            segments.append(Segment(f"{' ' * GAP_CELLS}{entry.keys}", mark))
        return Strip(segments).adjust_cell_length(width, base).simplify()

    @staticmethod
    def _widths(entry: Entry, width: int) -> tuple[int, int, int]:
        """The cells of the name, the detail and the keys; the name is the last one to be cut."""
        room = width - MARK_CELLS - KIND_CELLS
        key_cells = cell_len(entry.keys)
        usual = max(MIN_NAME_CELLS, min(MAX_NAME_CELLS, int(room * NAME_SHARE)))
        name_cells = min(room, max(usual, cell_len(entry.name)))
        keys = key_cells + GAP_CELLS if key_cells and name_cells + key_cells + GAP_CELLS <= room else 0
        detail = room - name_cells - keys - GAP_CELLS
        if detail < MIN_DETAIL_CELLS:
            return room - keys, 0, keys
        return name_cells, detail, keys

    def _highlighted(self, text: str, positions: frozenset[int], style: Style) -> Iterator[Segment]:
        highlight = style + self.get_component_rich_style("list--match", partial=True)
        start = 0
        for index in range(1, len(text) + 1):
            if index == len(text) or (index in positions) != (start in positions):
                yield Segment(text[start:index], highlight if start in positions else style)
                start = index
