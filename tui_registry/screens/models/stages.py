"""Versions in one list per stage: side by side where there is room, else one stage at a time."""

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Resize
from textual.widgets import Static

from tui_registry.mutations import version as versions
from tui_registry.mutations.subject import Subject
from tui_registry.mutations.transition import holders
from tui_registry.queries.search_syntax import named
from tui_registry.screens.dialogs.confirm import Confirm, Question, word_for
from tui_registry.screens.models.compare import Compare
from tui_registry.screens.models.edit_actions import EditActions
from tui_registry.screens.models.request_decisions import RequestDecisions
from tui_registry.screens.models.transition_dialog import transition_version
from tui_registry.session.messages import LivenessChanged
from tui_registry.terminal.sanitize import visible
from tui_registry.widgets.table import Column, Table
from tui_registry.widgets.tabs import Tabs
from tui_registry_server.wire.model_version import ModelVersion
from tui_registry_server.wire.permission import PermissionLevel
from tui_registry_server.wire.stage import Stage

WIDE = 100  # columns of the terminal from which the stages are side by side


class StagePlace(RequestDecisions, EditActions):
    """Subclasses define ``version_of``, ``level_on`` and the rows."""

    COLUMNS: ClassVar[tuple[Column, ...]]

    def __init__(self, *breadcrumbs: str) -> None:
        super().__init__(*breadcrumbs)
        self.switcher = Tabs(id="switcher")
        self.tables = {
            stage: Table(self.COLUMNS, empty="none", id=f"stage-{stage.value.lower()}", cursor_needs_focus=True)
            for stage in Stage
        }
        self.stage = Stage.NONE

    def version_of(self, key: str) -> ModelVersion | None:
        """The version of a row."""
        raise NotImplementedError

    def level_on(self, name: str) -> PermissionLevel | None:
        """The caller's level on a model, if it is known."""
        raise NotImplementedError

    def compose_stages(self) -> ComposeResult:
        yield self.switcher
        with Horizontal(id="stages"):
            for stage, table in self.tables.items():
                with Vertical(classes="stage"):
                    yield Static(Content(stage.value), classes="stage-title")
                    yield table

    @property
    def table(self) -> Table:
        """The table of the current stage."""
        return self.tables[self.stage]

    @property
    def version(self) -> ModelVersion | None:
        """The version under the cursor."""
        return self.version_of(self.table.cursor_key or "")

    def subject(self) -> Subject | None:
        return Subject(self.version.name, self.version.version) if self.version else None

    def known_description(self) -> str:
        return (self.version.description or "") if self.version else ""

    @on(Table.Sideways)
    def _sideways(self, event: Table.Sideways) -> None:
        self._step(event.by)

    def action_next_stage(self) -> None:
        self._step(1)

    def action_previous_stage(self) -> None:
        self._step(-1)

    def action_open(self) -> None:
        self.table.action_open()

    @on(Table.Opened)
    def _opened_row(self, event: Table.Opened) -> None:
        if (version := self.version_of(event.key or "")) is not None:
            self.console_app.navigation.open_version(version.name, version.version)

    def action_mark(self) -> None:
        self.table.toggle_mark()
        self.post_message(LivenessChanged())

    def clear_marks(self) -> None:
        for table in self.tables.values():
            table.clear_marks()
        self.post_message(LivenessChanged())

    def action_transition(self) -> None:
        if self.version is not None:
            level = self.level_on(self.version.name)
            self.console_app.mutations.prepare(partial(transition_version, self.console_app, self.version, level))

    @property
    def has_run(self) -> bool:
        """Whether the version under the cursor names the run it comes from."""
        return self.version is not None and bool(self.version.run_id)

    def action_open_run(self) -> None:
        if self.version is not None and self.version.run_id:
            self.console_app.navigation.open_run(self.version.run_id)

    def action_history(self) -> None:
        if self.version is not None:
            self.console_app.navigation.open_history(self.version.name, self.version.version)

    def action_delete(self) -> None:
        if self.version is not None:
            self.console_app.mutations.prepare(partial(self._delete_version, self.version))

    async def _delete_version(self, version: ModelVersion) -> None:
        app = self.console_app
        message = f"• {visible(version.name)} version {version.version}, currently in {version.current_stage}\n"
        message += "  Its tags, aliases, comments and open requests are deleted with it.\n  Its artifacts are kept."
        question = Question(
            title="Permanently delete this version?",
            message=[Content(message)],
            verb="Delete",
            word=word_for(version.name, "delete"),
            why_word="this cannot be undone",
        )
        if await app.push_screen_wait(Confirm(question)) is not None:
            app.mutations.start(versions.delete(app.client, version))

    @property
    def marked_versions(self) -> Sequence[ModelVersion]:
        """The marked versions of all stages, in the order of the stages."""
        found = (self.version_of(key) for table in self.tables.values() for key in table.marked)
        return [version for version in found if version is not None]

    def action_compare(self) -> None:
        """Compare two marked versions; or the marked one with the one under the cursor; or the one under the cursor
        with the one in Production or, if that is itself, with the newest other one."""
        chosen = list(self.marked_versions[:2])
        if len(chosen) < 2 and self.version is not None and self.version not in chosen:
            chosen.append(self.version)
        if len(chosen) == 2:
            self.app.push_screen(Compare(*chosen))
        elif chosen:
            self.console_app.mutations.prepare(partial(self._compare_with_another, chosen[0]))

    async def _compare_with_another(self, version: ModelVersion) -> None:
        client = self.console_app.client
        held = await holders(client, version.name, Stage.PRODUCTION)
        newest = await client.versions.search(
            filter_text=named(version.name), order_by="version_number DESC", max_results=2
        )
        found = [*held, *newest.model_versions]
        other = next((each for each in found if each.version != version.version), None)
        if other is not None:
            self.app.push_screen(Compare(other, version))
        else:
            self.app.notify("There is no other version to compare with.", markup=False)

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
        wide = self.size.width >= WIDE
        self.switcher.display = not wide
        labels: list[str] = []
        for stage, table in self.tables.items():
            label = f"{stage} {self.count(stage)}"
            if table.parent is not None:
                table.parent.display = wide or stage is self.stage
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

    @on(Table.Highlighted)
    def _highlighted_row(self) -> None:
        self.show_version()
        self.post_message(LivenessChanged())

    def show_version(self) -> None:
        """Display the details of the version under the cursor."""
        self.details.show_version(self.version, self.chosen_requests())
