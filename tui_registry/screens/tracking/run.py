"""One run: its summary, metrics, parameters and tags, and its models, which can be registered."""

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Resize
from textual.widgets import Static

from tui_registry.client.errors import CallError
from tui_registry.keys.actions import bindings
from tui_registry.screens.tracking.register_actions import RegisterActions
from tui_registry.session.messages import LivenessChanged
from tui_registry.terminal.sanitize import one_line
from tui_registry.tracking.candidate import Candidate, in_folders, logged
from tui_registry.tracking.run import Run
from tui_registry.widgets.ages import age
from tui_registry.widgets.runs import format_metric, summary
from tui_registry.widgets.table import Column, Row, Table
from tui_registry.widgets.tabs import Tabs

TOGETHER = 120  # columns of the terminal from which the panels are side by side
PANEL_CELLS = (20, 70)  # of a panel's contents for which its share of the width counts
ACTIVE_STATUSES = {"RUNNING", "SCHEDULED"}
"""A run with such a status may log more models."""

MODELS = "models"
VALUE = Column("VALUE", 10, grow=1)
PANELS = {
    "metrics": ("Metrics", (Column("METRIC", 12, grow=2, is_cut_in_middle=True), VALUE)),
    "params": ("Parameters", (Column("PARAMETER", 12, grow=2, is_cut_in_middle=True), VALUE)),
    "tags": ("Tags", (Column("TAG", 12, grow=2, is_cut_in_middle=True), replace(VALUE, is_cut_in_middle=True))),
}
"""The panels below the models: title and columns of each."""


class RunPlace(RegisterActions):
    """``breadcrumbs`` is the path to this screen."""

    place = "run"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings("run"))

    def __init__(self, run_id: str, *breadcrumbs: str, for_model: str | None = None) -> None:
        super().__init__(*breadcrumbs, for_model=for_model)
        self.run_id = run_id
        self._breadcrumbs = breadcrumbs
        self._summary = Static("", id="summary", markup=False)
        self._switcher = Tabs(id="switcher")
        columns = (
            Column("MODEL", 16, grow=1, max_width=40, is_cut_in_middle=True),
            Column("SOURCE", 24, grow=2, priority=1, is_cut_in_middle=True),
            Column("AGE", 4, priority=2),
            Column("STATUS", 6, priority=3, max_width=16),
        )
        self.models = Table(columns, empty="Loading models…", id=MODELS, cursor_needs_focus=True)
        self.panels = {
            name: Table(columns, empty="none", id=name, cursor_needs_focus=True)
            for name, (_, columns) in PANELS.items()
        }
        self._panel = "metrics"
        self._run: Run | None = None
        self._candidates: dict[str, Candidate] = {}  # by source
        self._are_models_loaded = False

    def compose(self) -> ComposeResult:
        yield self.header
        yield self._summary
        yield self.models
        yield self._switcher
        with Horizontal(id="panels"):
            for name, table in self.panels.items():
                with Vertical(classes="panel"):
                    yield Static(Content(PANELS[name][0]), classes="panel-title")
                    yield table
        yield self.bar

    def on_mount(self) -> None:
        super().on_mount()
        self.set_focus(self.models)

    def row_values(self) -> Mapping[str, str]:
        return {"run_id": self.run_id}

    async def load(self) -> None:
        run = await self.tracking.run(self.run_id)
        self._show(run)
        if not self._are_models_loaded:
            await self._load_models(run)

    def _show(self, run: Run) -> None:
        self._run = run
        *before, _ = self._breadcrumbs
        self.header.show_breadcrumbs(*before, run.name)
        rows = {
            "metrics": [(key, format_metric(value)) for key, value in run.metrics.items()],
            "params": list(run.params.items()),
            "tags": list(run.tags.items()),
        }
        for name, table in self.panels.items():
            table.show(
                [
                    Row(key, ((one_line(key, 300), ""), (one_line(value, 500), "bold")))
                    for key, value in sorted(rows[name])
                ]
            )
        self._lay_out()

    async def _load_models(self, run: Run) -> None:
        """First the logged models, then those in artifact folders, which take longer to find."""
        found: list[Candidate] = []
        problems: list[str] = []
        for source in (logged, in_folders):
            try:
                found += await source(self.tracking, run)
            except CallError as error:
                problems.append(one_line(str(error)))
            self._candidates = {candidate.source: candidate for candidate in found}
            self.models.show([_row(candidate) for candidate in self._candidates.values()])
            self._lay_out()
        message = (
            "\n".join(["The models of this run could not be loaded.", *problems])
            if problems
            else "This run has no models."
        )
        self.models.show([_row(candidate) for candidate in self._candidates.values()], empty=message)
        self._are_models_loaded = not problems and run.info.status not in ACTIVE_STATUSES
        self.post_message(LivenessChanged())

    def show_problem(self, problem: str) -> None:
        if self._run is None:
            self._summary.update(Content(self.problem_text(problem)))
            self.models.show([], empty="")

    def is_live(self, action: str) -> bool:
        if action == "register_candidate":
            return self.models.cursor_key is not None
        if action == "copy":
            return self._run is not None
        return True

    def action_refresh(self) -> None:
        self._are_models_loaded = False
        super().action_refresh()

    def action_back(self) -> None:
        self.app.pop_screen()

    def action_copy(self) -> None:
        """Copy the metric, parameter or tag under the cursor; in the list of models, the link to the run."""
        run = self._run
        if run is None:
            return
        key = self.panels[self._panel].cursor_key if self.focused is self.panels[self._panel] else None
        values = {
            "metrics": {name: repr(value) for name, value in run.metrics.items()},
            "params": run.params,
            "tags": run.tags,
        }
        self.console_app.copy(self.tracking.run_link(run) if key is None else values[self._panel][key])

    def action_next_panel(self) -> None:
        self._step(1)

    def action_previous_panel(self) -> None:
        self._step(-1)

    @on(Table.Sideways)
    def _sideways(self, event: Table.Sideways) -> None:
        self._step(event.by)

    def _step(self, by: int) -> None:
        tables = [self.models, *self.panels.values()]
        here = next((number for number, table in enumerate(tables) if table is self.focused), 0)
        following = tables[(here + by) % len(tables)]
        if following is not self.models:
            self._panel = following.id or self._panel
        self._lay_out()
        self.set_focus(following)

    def on_resize(self, _event: Resize) -> None:
        self._lay_out()

    def _lay_out(self) -> None:
        are_together = self.size.width >= TOGETHER
        self.set_class(are_together, "-together")
        self._switcher.display = not are_together
        least, most = PANEL_CELLS
        for name, table in self.panels.items():
            if isinstance(panel := table.parent, Vertical):
                panel.display = are_together or name == self._panel
                panel.set_class(name == self._panel, "current")
                panel.styles.width = f"{min(max(table.wanted_cells, least), most)}fr"
        labels = [f"{title} {self.panels[name].row_count}" for name, (title, _) in PANELS.items()]
        self._switcher.show(labels, list(PANELS).index(self._panel))
        self.models.styles.height = 1 + min(max(2, self.models.row_count), 8 if self.size.height >= 30 else 4)
        if self._run is not None:
            link = self.tracking.run_link(self._run)
            self._summary.update(Content("\n").join(summary(self._run, link, self.size.width - 4)))

    @on(Table.Opened, "#models")
    def _opened(self) -> None:
        self.action_register_candidate()

    def action_register_candidate(self) -> None:
        candidate = self._candidates.get(self.models.cursor_key or "")
        if candidate is not None and self._run is not None and not self.console_app.connection.is_read_only:
            self.register(candidate, self._run)


def _row(candidate: Candidate) -> Row:
    return Row(
        candidate.source,
        (
            (one_line(candidate.name, 300), "bold"),
            (one_line(candidate.source, 500), ""),
            ("" if candidate.created is None else age(candidate.created), "dim"),
            (
                one_line(candidate.unready.removeprefix("LOGGED_MODEL_").lower()) or "ready",
                "yellow" if candidate.unready else "dim",
            ),
        ),
    )
