"""A table in sections, whose headings the cursor skips."""

from collections.abc import Iterable, Sequence

from rich.segment import Segment
from textual.strip import Strip

from tui_registry.terminal.sanitize import clip
from tui_registry.widgets.table import Row, Table

HEADING = "\0"
"""With which the keys of headings begin."""


class SectionedTable(Table):
    def show_sections(self, sections: Iterable[tuple[str, Sequence[Row]]]) -> None:
        """Replace the rows: for each section its heading and its rows, if it has any."""
        blank = (("", ""),) * len(self.columns)
        self.show(
            [row for title, rows in sections if rows for row in (Row(f"{HEADING}{title}", blank, (title,)), *rows)]
        )
        self._set_cursor(self._cursor)

    def choose_none(self) -> None:
        """Put the cursor on the first heading, where it is not displayed, until it is moved."""
        if self.row_count:
            super()._set_cursor(0)

    @property
    def chosen_key(self) -> str | None:
        """The key of the row under the cursor, or None if there is none or a heading."""
        key = self.cursor_key
        return None if key is None or key.startswith(HEADING) else key

    def render_line(self, y: int) -> Strip:
        number = y - self._top + self.scroll_offset.y
        if y < self._top or number >= len(self._rows) or not self._is_heading(number):
            return super().render_line(y)
        width = self.scrollable_content_region.width
        style = self.rich_style + self.get_component_rich_style("table--heading", partial=True)
        title = self._rows[number].key.removeprefix(HEADING)
        return Strip([Segment(clip(title, width), style)], width)

    def _is_heading(self, number: int) -> bool:
        return self._rows[number].key.startswith(HEADING)

    def _set_cursor(self, number: int) -> None:
        """Skip headings in the direction of the movement, as far as there are other rows."""
        number = max(0, min(number, len(self._rows) - 1))
        by = 1 if number >= self._cursor else -1
        for step in (by, -by):
            while 0 <= number < len(self._rows) and self._is_heading(number):
                number += step
            if 0 <= number < len(self._rows):
                break
            number = max(0, min(number, len(self._rows) - 1))
        super()._set_cursor(number)

    @property
    def _first_with_cursor(self) -> int:
        first = self._cursor
        while first > 0 and self._is_heading(first - 1):
            first -= 1
        return first
