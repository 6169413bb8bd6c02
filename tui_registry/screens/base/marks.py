"""Places where rows are marked, to act on several at once."""

from collections.abc import Sequence
from dataclasses import replace

from textual import on
from textual.widgets import Input

from tui_registry.keys.action import Action
from tui_registry.screens.base.place import Place
from tui_registry.session.messages import LivenessChanged
from tui_registry.widgets.mark_table import MarkTable

PRIORITIES = {"back": 1, "mark_range": 4, "mark_all": 4, "invert_marks": 5, "open": 5, "filter": 5}
"""In the action bar, while rows are marked: first what is done to them, and how to unmark them."""
OF_MARKED = frozenset({"pause_webhook", "resume_webhook", "delete_webhook", "replay"})
"""The actions that are done to all rows that are marked, and to these only; all others but for decisions to the row
under the cursor."""


class MarkActions(Place):
    """Subclasses define ``table`` and ``show_title``, which displays ``marks_title`` too."""

    @property
    def table(self) -> MarkTable:
        """The table with the cursor."""
        raise NotImplementedError

    @property
    def mark_tables(self) -> Sequence[MarkTable]:
        """All tables with rows that can be marked."""
        return [self.table]

    @property
    def marked_keys(self) -> list[str]:
        """The keys of the marked rows, in the order of the tables."""
        return [key for table in self.mark_tables for key in table.marked]

    @property
    def chosen_keys(self) -> list[str]:
        """The keys of the marked rows or, if none is marked, of the one under the cursor."""
        return self.marked_keys or ([self.table.cursor_key] if self.table.cursor_key else [])

    @property
    def has_marks(self) -> bool:
        """Whether there is something for ``leave_marks`` to end."""
        return any(table.marks or table.is_ranging for table in self.mark_tables)

    @property
    def marks_title(self) -> str:
        """How many rows are marked, to be added to the title of the place; empty if none are."""
        count = len(self.marked_keys)
        ranging = " (range)" if any(table.is_ranging for table in self.mark_tables) else ""
        return f", {count} marked{ranging}" if count else ""

    @property
    def live_actions(self) -> list[Action]:
        """While rows are marked, what marks others comes before what acts on one row; and what acts on them says on
        how many."""
        actions = super().live_actions
        count = len(self.marked_keys)
        if not count or isinstance(self.focused, Input):
            return actions
        labels = {action.id: counted(action.label, count) for action in actions if action.id in OF_MARKED}
        labels["back"] = f"unmark {count}"
        if any(table.is_ranging for table in self.mark_tables):
            labels |= {"mark_range": "end range", "back": "end range"}
        return [
            replace(
                action, label=labels.get(action.id, action.label), priority=PRIORITIES.get(action.id, action.priority)
            )
            for action in actions
        ]

    def show_title(self) -> None:
        """Show the breadcrumbs."""
        raise NotImplementedError

    @on(MarkTable.MarksChanged)
    def _marks_changed(self) -> None:
        self.show_title()
        self.post_message(LivenessChanged())

    def on_screen_suspend(self) -> None:
        """A range ends where something else is done."""
        super().on_screen_suspend()
        self._end_ranges()

    def action_mark(self) -> None:
        self.table.toggle_mark()

    def action_mark_range(self) -> None:
        self.table.toggle_range()

    def action_mark_all(self) -> None:
        self.table.toggle_all()

    def action_invert_marks(self) -> None:
        self.table.invert_marks()

    def leave_marks(self) -> None:
        """End the range, whose marks stay, or else clear all marks."""
        if not self._end_ranges():
            for table in self.mark_tables:
                table.clear_marks()

    def _end_ranges(self) -> bool:
        """Returns whether there was one."""
        ranging = [table for table in self.mark_tables if table.is_ranging]
        for table in ranging:
            table.end_range()
        return bool(ranging)


def counted(label: str, count: int) -> str:
    """``approve 2``, ``cancel 2 requests``."""
    verb, noun, _ = label.partition(" request")
    return f"{verb} {count}{noun}{'s' if noun and count > 1 else ''}"
