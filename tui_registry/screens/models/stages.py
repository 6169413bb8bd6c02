"""Versions in one list per stage: all of them where there is room, in a row or a square, else one stage at a time."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.events import Resize
from textual.widgets import Static

from tui_registry.screens.models.version_actions import VersionActions
from tui_registry.session.messages import LivenessChanged
from tui_registry.widgets.mark_table import MarkTable
from tui_registry.widgets.table import Column, Table
from tui_registry.widgets.tabs import Tabs
from tui_registry_server.wire.stage import Stage

ROW = 188  # columns of the terminal from which the stages are side by side, with all columns of their tables
SQUARE = (100, 30)  # columns and lines from which there are two beside and two below each other


class StagePlace(VersionActions):
    """Subclasses define ``version_of``, ``level_on`` and the rows."""

    COLUMNS: ClassVar[tuple[Column, ...]]

    def __init__(self, *breadcrumbs: str) -> None:
        super().__init__(*breadcrumbs)
        self.switcher = Tabs(id="switcher")
        self.tables = {
            stage: MarkTable(self.COLUMNS, empty="none", id=f"stage-{stage.value.lower()}", cursor_needs_focus=True)
            for stage in Stage
        }
        self.stage = Stage.NONE

    def compose_stages(self) -> ComposeResult:
        yield self.switcher
        with Container(id="stages"):
            for stage, table in self.tables.items():
                with Vertical(classes="stage"):
                    yield Static(Content(stage.value), classes="stage-title")
                    yield table

    @property
    def table(self) -> MarkTable:
        """The table of the current stage."""
        return self.tables[self.stage]

    @property
    def mark_tables(self) -> Sequence[MarkTable]:
        return list(self.tables.values())

    @on(Table.Sideways)
    def _sideways(self, event: Table.Sideways) -> None:
        self._step(event.by)

    def action_next_stage(self) -> None:
        self._step(1)

    def action_previous_stage(self) -> None:
        self._step(-1)

    def _step(self, by: int) -> None:
        stages = list(Stage)
        self.go(stages[(stages.index(self.stage) + by) % len(stages)])

    def go(self, stage: Stage) -> None:
        """Focus a stage."""
        self.stage = stage
        self.lay_out()
        self.set_focus(self.tables[stage])
        self.show_version()
        self.post_message(LivenessChanged())

    def on_resize(self, _event: Resize) -> None:
        self.lay_out()

    def lay_out(self) -> None:
        """Display the stages that fit, and how many versions each has."""
        in_row = self.size.width >= ROW
        in_square = not in_row and self.size.width >= SQUARE[0] and self.size.height >= SQUARE[1]
        self.set_class(in_row, "-row")
        self.set_class(in_square, "-square")
        is_alone = not in_row and not in_square
        self.switcher.display = is_alone
        labels: list[str] = []
        for stage, table in self.tables.items():
            label = f"{stage} {self.count(stage)}"
            if table.parent is not None:
                table.parent.display = stage is self.stage or not is_alone
                table.parent.set_class(stage is self.stage, "current")
                table.parent.query_one(".stage-title", Static).update(Content(label))
            labels.append(label)
        self.switcher.show(labels, list(self.tables).index(self.stage))

    def show_state(self) -> None:
        super().show_state()
        self.lay_out()  # the counts are known after the first load

    def count(self, stage: Stage) -> str:
        """How many versions a stage has, as text."""
        return "–" if self.is_unread else str(self.tables[stage].row_count)
