"""A table whose cursor goes to a row that is being made here, as soon as it is displayed."""

from collections.abc import Callable, Iterable, Sequence

from tui_registry.widgets.table import Row, Table

MAX_REFRESHES = 2  # after the row was made, of which the first may have been read before; then a filter hides it


class NewRowTable(Table):
    """Enter, while the row is awaited, opens it once it is there: not another one that is still under the cursor."""

    _is_new: Callable[[str], bool] | None = None
    _opens_new = False
    _refreshes_left: int | None = None  # None until the row was made

    def await_new(self, is_new: Callable[[str], bool]) -> None:
        """Wait for a row whose key is this one. It is no longer waited for once the cursor is moved."""
        self._is_new, self._opens_new, self._refreshes_left = is_new, False, None

    def new_is_made(self) -> None:
        """The row is there, and will be displayed, unless a filter hides it."""
        self._refreshes_left = MAX_REFRESHES

    def stop_awaiting(self) -> None:
        self._is_new, self._opens_new = None, False

    def misses_new(self, rows: Iterable[Row]) -> bool:
        """Whether a row is awaited that is not among these."""
        is_new = self._is_new
        return is_new is not None and not any(is_new(row.key) for row in rows)

    def show(self, rows: Sequence[Row], *, empty: str | None = None) -> None:
        super().show(rows, empty=empty)
        if self._is_new is None:
            return
        found = next((number for number, key in enumerate(self.keys) if self._is_new(key)), None)
        if found is not None:
            opens = self._opens_new
            self._set_cursor(found)
            self.stop_awaiting()
            if opens:
                self.action_open()
        elif self._refreshes_left is not None:
            self._refreshes_left -= 1
            if self._refreshes_left <= 0:
                self.stop_awaiting()

    def action_open(self) -> None:
        if self._is_new is not None:
            self._opens_new = True
        else:
            super().action_open()

    def _set_cursor(self, number: int) -> None:
        self.stop_awaiting()
        super()._set_cursor(number)
