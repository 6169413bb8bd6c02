"""A table whose rows can be marked: one by one, from one row to another, all, or all the others."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from textual.message import Message

from tui_registry.widgets.new_row_table import NewRowTable
from tui_registry.widgets.table import Row


class _Range(NamedTuple):
    """The row where it began, and what was marked before."""

    first: str
    marked: frozenset[str]


class MarkTable(NewRowTable):
    """Posts MarksChanged whenever other rows are marked than before, or a range is begun or ended."""

    class MarksChanged(Message):
        """Other rows are marked."""

    _range: _Range | None = None

    @property
    def is_ranging(self) -> bool:
        """Whether moving the cursor marks the rows from where the range began."""
        return self._range is not None

    def toggle_mark(self) -> None:
        self.end_range()
        super().toggle_mark()
        self.post_message(self.MarksChanged())

    def clear_marks(self) -> None:
        self._range = None
        self._mark(())

    def unmark(self, keys: Collection[str]) -> None:
        self._mark(self.marks - set(keys))

    def toggle_range(self) -> None:
        """Begin a range with the row under the cursor, or end the one that was begun, whose marks stay."""
        if self._range is not None:
            self.end_range()
        elif self.cursor_key is not None:
            self._range = _Range(self.cursor_key, frozenset(self.marks))
            self._mark({*self.marks, self.cursor_key})

    def end_range(self) -> None:
        if self._range is not None:
            self._range = None
            self.post_message(self.MarksChanged())

    def toggle_all(self) -> None:
        """Mark every row or, if every one is marked, none."""
        self._range = None
        self._mark(() if len(self.marks) == len(self.keys) else self.keys)

    def invert_marks(self) -> None:
        self._range = None
        self._mark(set(self.keys) - self.marks)

    def show(self, rows: Sequence[Row], *, empty: str | None = None) -> None:
        before = set(self.marks)
        super().show(rows, empty=empty)
        if self._range is not None and self._range.first not in self._index:
            self.end_range()
        if self.marks != before:
            self.post_message(self.MarksChanged())

    def _set_cursor(self, number: int) -> None:
        super()._set_cursor(number)
        if self._range is not None:
            first, last = sorted((self._index[self._range.first], self._index[self.cursor_key or ""]))
            self._mark((self._range.marked & self._index.keys()) | set(self.keys[first : last + 1]))

    def _mark(self, keys: Collection[str]) -> None:
        self.marks = set(keys)
        self.refresh()
        self.post_message(self.MarksChanged())
