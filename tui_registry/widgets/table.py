"""A table that draws only the lines on the screen, however many rows there are.

Cursor and marks belong to the keys of rows, so that they stay in place when other rows change. A cell is plain text
that has passed tui_registry.terminal.sanitize, with a style. Columns are as wide as their contents; they only become
wider until the table is resized or arranged in another way, so that nothing jumps while one reads.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.events import Click, Resize
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui_registry.keys.actions import bindings
from tui_registry.keys.keymap import in_force
from tui_registry.keys.movement import LISTS, MOVEMENT
from tui_registry.session.arrangement import Arrangement
from tui_registry.terminal.excerpt import Part, clip_around, clip_middle
from tui_registry.terminal.sanitize import clip
from tui_registry.widgets.columns import GAP_CELLS, Column, Needed, chosen_columns, lay_out
from tui_registry.widgets.row import Row, Span, in_order
from tui_registry.widgets.truncated_text import cell_lines

__all__ = ["Column", "Row", "Table"]

MARK_CELLS = 2
UNLIMITED = 1000  # cells
PRELOAD_ROWS = 50  # before the end, at which more rows are loaded
MEASURED_ROWS = 500  # before and behind the first visible one, whose contents decide how wide the columns are


class Table(ScrollView, can_focus=True):
    """Posts Highlighted when the cursor's row changes, Opened on Enter, NearEnd when more rows should be loaded."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--header", "table--heading", "table--cursor", "table--mark"}

    BINDINGS: ClassVar[list[BindingType]] = list(bindings(LISTS, MOVEMENT.values()))

    class Highlighted(Message):
        """The cursor is on another row, or on none."""

        def __init__(self, table: "Table", key: str | None) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> "Table":
            return self.table

    class Opened(Highlighted):
        """Enter was pressed on a row."""

    class Sideways(Message):
        """The left (-1) or right (1) arrow was pressed, to move to the table beside this one."""

        def __init__(self, by: int) -> None:
            super().__init__()
            self.by = by

    class NearEnd(Message):
        """The cursor is near the last row."""

        def __init__(self, table: "Table") -> None:
            super().__init__()
            self.table = table

        @property
        def control(self) -> "Table":
            return self.table

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        empty: str,
        id: str | None = None,  # noqa: A002  # as Textual names it
        cursor_needs_focus: bool = False,
        show_titles: bool = True,
    ) -> None:
        """``empty`` is displayed when there are no rows; ``cursor_needs_focus`` hides the cursor while the table is not
        focused; ``show_titles`` adds a line with the columns' titles."""
        super().__init__(id=id)
        self.columns = tuple(columns)
        self.empty = empty
        self.marks: set[str] = set()
        self._cursor_needs_focus = cursor_needs_focus
        self._show_titles = show_titles
        self._arrangement = Arrangement()
        self._sorts_rows = False
        self._given: list[Row] = []  # in the order in which they were given
        self._rows: list[Row] = []  # in the order in which they are displayed
        self._needed: dict[int, Needed] = {}  # cells of the contents, by the indexes of columns
        self._measured = range(0)  # the rows whose contents these are, as far as they did not change
        self._index: dict[str, int] = {}
        self._cursor = 0
        self._cached_layout: tuple[int, list[tuple[int, int]]] = (-1, [])

    def on_mount(self) -> None:
        self._bindings = in_force(self.app).rebound(self._bindings, LISTS)

    @property
    def _top(self) -> int:
        """Lines above the first row: the titles, unless they would take the only line."""
        return self._top_of(self.size.height)

    def _top_of(self, height: int) -> int:
        """``_top`` of a table of this height: finding a widget's size is slow."""
        return 1 if self._show_titles and height != 1 else 0

    @property
    def row_count(self) -> int:
        return len(self._rows)

    @property
    def window(self) -> tuple[int, int]:
        """The indexes of the first and the last visible row."""
        top, height = self.scroll_offset.y, self.size.height
        return top, top + max(0, height - 1 - self._top_of(height))

    @property
    def cursor_key(self) -> str | None:
        """The key of the row under the cursor, or None if there are no rows."""
        return self._rows[self._cursor].key if self._rows else None

    @property
    def keys(self) -> list[str]:
        """The keys of all rows, in order."""
        return [row.key for row in self._rows]

    @property
    def marked(self) -> list[str]:
        """The keys of the marked rows, in order of the rows."""
        return [row.key for row in self._rows if row.key in self.marks] if self.marks else []

    def show(self, rows: Sequence[Row], *, empty: str | None = None) -> None:
        """Replace the rows. The cursor stays on its key or, if that is no longer there, on its line; marks of removed
        rows are dropped."""
        before = self.cursor_key
        if empty is not None:
            self.empty = empty
        self._given = list(rows)
        self._rows = self._sorted(self._given)
        self._measured = range(0)
        self._index = {row.key: number for number, row in enumerate(self._rows)}
        self.marks &= self._index.keys()
        if before in self._index:
            self._cursor = self._index[before]
        self._cursor = max(0, min(self._cursor, len(self._rows) - 1))
        self.virtual_size = Size(self.size.width, len(self._rows) + self._top)
        self._keep_cursor_visible()
        self.refresh()
        if self.cursor_key != before:
            self.post_message(self.Highlighted(self, self.cursor_key))

    def arrange_rows(self, arrangement: Arrangement, *, sorts_rows: bool) -> None:
        """Choose the columns, and mark the one that the rows are sorted by. ``sorts_rows``: whether the table sorts
        them, or they come in that order."""
        self._arrangement, self._sorts_rows = arrangement, sorts_rows
        self._refit()
        self.show(self._given)

    def use_columns(self, columns: Sequence[Column]) -> None:
        """Replace the columns, and remove the rows, whose cells belong to the former columns."""
        self.show([])
        self.columns = tuple(columns)
        self._refit()

    @property
    def shown_columns(self) -> list[tuple[int, Column]]:
        """The chosen columns in their order, each with its index in the rows, also those that have no room."""
        return chosen_columns(self.columns, self._arrangement.columns)

    @property
    def drawn_columns(self) -> list[str]:
        """The names of the columns that have room."""
        return [self.columns[index].name for index, _ in self._layout(self.scrollable_content_region.width)]

    @property
    def wanted_cells(self) -> int:
        """The width in which nothing of these rows is cut, the longest texts aside."""
        needed = (self._needed.get(index, Needed(each.width, each.width)) for index, each in self.shown_columns)
        return MARK_CELLS + sum(max(each.most, each.title) + GAP_CELLS for each in needed)

    @property
    def rows(self) -> list[Row]:
        """All rows, in the order in which they are displayed."""
        return list(self._rows)

    @property
    def cursor_row(self) -> Row | None:
        """The row under the cursor, if there are rows."""
        return self._rows[self._cursor] if self._rows else None

    def move_to(self, key: str) -> None:
        if key in self._index:
            self._set_cursor(self._index[key])

    def toggle_mark(self) -> None:
        """Mark or unmark the row under the cursor, and move to the next one."""
        key = self.cursor_key
        if key is not None:
            self.marks ^= {key}
            self.action_move(1)
            self.refresh()

    def clear_marks(self) -> None:
        self.marks.clear()
        self.refresh()

    def action_move(self, by: int) -> None:
        self._set_cursor(self._cursor + by)

    def action_page(self, by: int) -> None:
        self._set_cursor(self._cursor + by * max(1, self.size.height - 1 - self._top))

    def action_half_page(self, by: int) -> None:
        self._set_cursor(self._cursor + by * max(1, (self.size.height - self._top) // 2))

    def action_first(self) -> None:
        self._set_cursor(0)

    def action_last(self) -> None:
        self._set_cursor(len(self._rows) - 1)

    def action_open(self) -> None:
        if self.cursor_key is not None:
            self.post_message(self.Opened(self, self.cursor_key))

    def action_sideways(self, by: int) -> None:
        self.post_message(self.Sideways(by))

    def on_click(self, event: Click) -> None:
        line = event.y + self.scroll_offset.y - self._top
        if event.y >= self._top and 0 <= line < len(self._rows):
            self._set_cursor(line)
            if event.chain == 2:
                self.action_open()

    def on_resize(self, event: Resize) -> None:
        self.virtual_size = Size(event.size.width, len(self._rows) + self._top)
        self._refit()
        self._keep_cursor_visible()

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        base = self.rich_style
        top = self._top
        if y < top:
            return self._header(width)
        y -= top
        number = y + self.scroll_offset.y
        if not self._rows:
            message = [part for line in self.empty.split("\n") for part in cell_lines(line, width - MARK_CELLS)]
            text = clip(" " * MARK_CELLS + message[y], width) if y < len(message) else " " * width
            return Strip([Segment(text, base + Style(dim=y > 0 or None))], width)
        if number >= len(self._rows):
            return Strip.blank(width, base)
        row = self._rows[number]
        under_cursor = number == self._cursor and (self.has_focus or not self._cursor_needs_focus)
        if under_cursor:
            base += self.get_component_rich_style("table--cursor")
        mark = f"{'▎' if under_cursor else ''}{'●' if row.key in self.marks else ''}"
        segments = [Segment(clip(mark, MARK_CELLS), base + self.get_component_rich_style("table--mark", partial=True))]
        left = width - MARK_CELLS
        for column, wanted in self._layout(width):
            text, style = row.cells[column]
            part = row.parts[column] if row.parts else None
            cells = min(wanted, left)
            gap = min(
                GAP_CELLS, left - cells
            )  # in the cell's style: blanks do not show it, and a change of style costs bytes
            of_cell = base + Style.parse(style) if style and not base.reverse else base
            shown = self._cut(text, cells, column, part) + " " * gap
            if row.spans and column == len(row.cells) - 1 and not base.reverse:
                segments += _spanned(shown, min(len(text), len(shown)), of_cell, row.spans)
            else:
                segments.append(Segment(shown, of_cell))
            left -= cells + gap
        segments.append(Segment(" " * left, segments[-1].style))
        return Strip(segments, width).simplify()

    def _header(self, width: int) -> Strip:
        style = self.rich_style + self.get_component_rich_style("table--header", partial=True)
        layout = self._layout(width)
        titles = (self._cut(self._title(self.columns[column], cells), cells, column, None) for column, cells in layout)
        text = " " * MARK_CELLS + (" " * GAP_CELLS).join(titles)
        return Strip([Segment(clip(text, width), style)], width)

    def _cut(self, text: str, cells: int, column: int, part: Part | None) -> str:
        if part is not None:
            return clip_around(text, cells, part)
        return clip_middle(text, cells) if self.columns[column].is_cut_in_middle else clip(text, cells)

    def _title(self, column: Column, cells: int) -> str:
        """The title that fits into so many cells, the short one if none does, with the arrow if rows are sorted by
        it."""
        sort = self._arrangement.sort
        arrow = ""
        if sort is not None and sort.column == column.name:
            arrow = f" {column.arrow(is_descending=sort.is_descending)}"
        has_room = not column.short_title or cell_len(column.title + arrow) <= cells
        return f"{column.title if has_room else column.short_title}{arrow}"

    def _sorted(self, rows: list[Row]) -> list[Row]:
        sort = self._arrangement.sort
        if sort is None or not self._sorts_rows:
            return list(rows)
        column = next((index for index, each in enumerate(self.columns) if each.name == sort.column), None)
        return list(rows) if column is None else in_order(rows, column, is_descending=sort.is_descending)

    def _refit(self) -> None:
        """Forget how wide the contents of former rows were."""
        self._needed, self._measured = {}, range(0)
        self._cached_layout = (-1, [])

    def _measure(self, first: int, last: int) -> None:
        """Widen the columns to the contents of the rows that are, or soon will be, visible: those from ``first`` to
        ``last``, and others near them."""
        last = min(last, len(self._rows) - 1)
        if last < 0 or (first in self._measured and last in self._measured):
            return
        self._measured = range(max(0, first - MEASURED_ROWS), min(last + MEASURED_ROWS, len(self._rows)) + 1)
        rows = self._rows[self._measured.start : self._measured.stop]
        for index, column in self.shown_columns:
            title, short = (cell_len(self._title(column, room)) if self._show_titles else 0 for room in (UNLIMITED, 0))
            cells = sorted(map(_cells, (row.cells[index][0] for row in rows)))
            before = self._needed.get(index, Needed(short, short))
            needed = Needed(max(before.typical, cells[-1 - len(cells) // 10]), max(before.most, cells[-1]), title)
            if needed != self._needed.get(index):
                self._needed[index] = needed
                self._cached_layout = (-1, [])

    def _layout(self, width: int) -> list[tuple[int, int]]:
        """The columns that fit: the index and the width in cells of each."""
        if width != self._cached_layout[0]:
            sort = self._arrangement.sort
            columns = [  # the arrow is always visible
                (index, replace(column, width=max(column.width, cell_len(self._title(column, 0)))))
                if sort is not None and sort.column == column.name
                else (index, column)
                for index, column in self.shown_columns
            ]
            self._cached_layout = (width, lay_out(columns, self._needed, width - MARK_CELLS))
        return self._cached_layout[1]

    def _set_cursor(self, number: int) -> None:
        number = max(0, min(number, len(self._rows) - 1))
        if number >= len(self._rows) - PRELOAD_ROWS:
            self.post_message(self.NearEnd(self))
        if number == self._cursor or not self._rows:
            return
        before, self._cursor = self._cursor, number
        if not self._keep_cursor_visible():
            size = self.size
            above = self._top_of(size.height) - self.scroll_offset.y
            self.refresh(Region(0, before + above, size.width, 1), Region(0, number + above, size.width, 1))
        self.post_message(self.Highlighted(self, self.cursor_key))

    def _keep_cursor_visible(self) -> bool:
        """Scroll to the cursor if needed; returns whether it was."""
        first, last = self.window
        lines = last - first + 1
        wanted = min(max(first, self._cursor - lines + 1), self._first_with_cursor)
        if wanted != first:
            self.scroll_to(y=wanted, animate=False, force=True, immediate=True)
            self.refresh()
        self._measure(wanted, wanted + lines - 1)
        return wanted != first

    @property
    def _first_with_cursor(self) -> int:
        """The first row that is shown with the one under the cursor."""
        return self._cursor


def _cells(text: str) -> int:
    return len(text) if text.isascii() else cell_len(text)


def _spanned(shown: str, length: int, style: Style, spans: Sequence[Span]) -> list[Segment]:
    """A text whose spans have styles of their own, as far as they are among its first ``length`` characters."""
    segments: list[Segment] = []
    at = 0
    for part, of_span in spans:
        start, end = min(part.start, length), min(part.end, length)
        segments += [Segment(shown[at:start], style), Segment(shown[start:end], style + Style.parse(of_span))]
        at = end
    return [each for each in (*segments, Segment(shown[at:], style)) if each.text]
