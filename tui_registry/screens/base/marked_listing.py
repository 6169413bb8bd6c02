"""A list loaded by pages, whose rows are marked to act on several at once."""

from collections.abc import Callable, Sequence
from typing import cast

from tui_registry.mutations.mutation import Mutation
from tui_registry.mutations.result import Result, Verdict
from tui_registry.screens.base.listing import Listing
from tui_registry.screens.base.marks import MarkActions
from tui_registry.widgets.mark_table import MarkTable


class MarkedListing(MarkActions, Listing):
    def make_table(self) -> MarkTable:
        return MarkTable(self.COLUMNS, empty="Loading…", id="list")

    @property
    def table(self) -> MarkTable:
        return cast("MarkTable", self._table)

    @property
    def title_note(self) -> str:
        return self.marks_title

    def show_title(self) -> None:
        self._show_title()

    def is_live(self, action: str) -> bool:
        if action in {"mark", "mark_range", "mark_all", "invert_marks"}:
            return self.table.row_count > 0
        return super().is_live(action) or (action == "back" and self.has_marks)

    def action_back(self) -> None:
        """Clear the filter or, if there is none, the marks, or else leave the screen."""
        if self.has_marks and not self.typed and not self.filter_line.display:
            self.leave_marks()
        else:
            super().action_back()

    def start_each(self, keys: Sequence[str], made: Callable[[str], Mutation], participle: str) -> None:
        """Run a mutation for each of these rows, and unmark those for which it was done."""

        def finished(results: Sequence[Result]) -> None:
            self.table.unmark({key for key, each in zip(keys, results, strict=True) if each.verdict is Verdict.DONE})

        self.console_app.mutations.start_each([made(key) for key in keys], finished, participle)
