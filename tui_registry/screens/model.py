"""One model: its versions by stage, side by side where there is room, else one stage at a time."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Resize
from textual.widgets import Static

from server.wire.model_version import ModelVersion
from server.wire.registered_model import RegisteredModelDatabricks
from server.wire.stage import Stage
from server.wire.transition_request import InboxRequest
from tui_registry.actions import bindings
from tui_registry.ages import age
from tui_registry.messages import LivenessChanged
from tui_registry.screens import from_run
from tui_registry.screens.deciding import DecidingPlace
from tui_registry.search import named
from tui_registry.text import lines, one_line
from tui_registry.widgets.table import Column, Row, Table

WIDE = 100  # cells from which the stages stand side by side
SHOWN = 1000  # versions, the newest ones
COLUMNS = (Column("VER", 4, most=6), Column("AGE", 4), Column("WHAT", 8, grow=1))


class Model(DecidingPlace):
    place = "model"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings("model"))

    def __init__(self, name: str, version: str | None = None) -> None:
        super().__init__("Models", name)
        self.model_name = name
        self._wanted = version
        self._summary = Static("", id="summary", markup=False)
        self._switcher = Static("", id="switcher", markup=False)
        self.tables = {
            stage: Table(COLUMNS, empty="none", id=f"stage-{stage.value.lower()}", shy=True) for stage in Stage
        }
        self._stage = Stage.NONE
        self._settled = False
        self._versions: dict[str, ModelVersion] = {}
        self._requests: list[InboxRequest] = []

    def compose(self) -> ComposeResult:
        yield self.header
        yield self._summary
        yield self._switcher
        with Horizontal(id="stages"):
            for stage, table in self.tables.items():
                with Vertical(classes="stage"):
                    yield Static(Content(stage.value), classes="stage-title")
                    yield table
        yield self.details
        yield self.bar

    def on_mount(self) -> None:
        super().on_mount()
        self.set_focus(self.tables[self._stage])

    async def load(self) -> None:
        client = self.console_app.client
        model, page, inbox = await asyncio.gather(
            client.model(self.model_name),
            client.search_versions(
                filter_text=named(self.model_name), order_by="version_number DESC", max_results=SHOWN
            ),
            client.inbox(max_results=1000),
        )
        self._versions = {
            version.version: version for version in page.model_versions if version.name == self.model_name
        }
        self._requests = [request for request in inbox.requests if request.name == self.model_name]
        self._show(model, more=bool(page.next_page_token))

    def _show(self, model: RegisteredModelDatabricks, *, more: bool) -> None:
        self._summary.update(_summary(model, len(self._versions), more=more, pending=len(self._requests)))
        for stage, table in self.tables.items():
            rows = [self._row(version) for version in self._versions.values() if version.current_stage is stage]
            table.show(rows)
        if self._wanted in self._versions:
            stage = self._versions[self._wanted].current_stage
            self.tables[stage].move_to(self._wanted)
            self._go(stage)
            self._wanted = None
        elif not self._settled:
            self._go(self._first_stage())
        self._settled = True
        self._lay_out()
        self._show_version()

    def _row(self, version: ModelVersion) -> Row:
        asked = [request for request in self._requests if request.version == version.version]
        about = one_line(version.description or "", 300)
        what = f"→ {asked[0].to_stage}? {one_line(asked[0].user_id)}" if asked else about
        return Row(
            version.version,
            (
                (version.version, "bold"),
                (age(version.last_updated_timestamp), "dim"),
                (what, "bold yellow" if asked else "dim"),
            ),
        )

    def chosen_requests(self) -> Sequence[InboxRequest]:
        version = self.tables[self._stage].cursor_key
        return [request for request in self._requests if request.version == version][:1]

    def _first_stage(self) -> Stage:
        """Where somebody waits for a decision, else where anything is."""
        waiting = [self._versions[request.version] for request in self._requests if request.version in self._versions]
        if waiting:
            self.tables[waiting[0].current_stage].move_to(waiting[0].version)
            return waiting[0].current_stage
        return next((stage for stage in Stage if self.tables[stage].row_count), Stage.NONE)

    def show_problem(self, problem: str) -> None:
        if not self._versions:
            self._summary.update(Content(one_line(problem)))

    def known_requests(self) -> Iterable[InboxRequest]:
        return self._requests

    def is_live(self, action: str) -> bool:
        if action in {"approve", "reject", "cancel"}:
            return self.decisions_are_live(action)
        if action == "copy":
            return self.tables[self._stage].row_count > 0
        if action == "open_run":
            version = self._versions.get(self.tables[self._stage].cursor_key or "")
            return version is not None and bool(version.run_id)
        return True

    @on(Table.Sideways)
    def _sideways(self, event: Table.Sideways) -> None:
        self._step(event.by)

    def action_next_stage(self) -> None:
        self._step(1)

    def action_previous_stage(self) -> None:
        self._step(-1)

    def action_back(self) -> None:
        self.app.pop_screen()

    def action_register(self) -> None:
        from_run.browse(self.console_app, self.model_name)

    def action_open_run(self) -> None:
        version = self._versions.get(self.tables[self._stage].cursor_key or "")
        if version is not None and version.run_id:
            from_run.open_run(self.console_app, version.run_id)

    def action_copy(self) -> None:
        version = self.tables[self._stage].cursor_key
        self.console_app.copy(f"models:/{self.model_name}/{version}")

    def _step(self, by: int) -> None:
        stages = list(Stage)
        self._go(stages[(stages.index(self._stage) + by) % len(stages)])

    def _go(self, stage: Stage) -> None:
        self._stage = stage
        self._lay_out()
        self.set_focus(self.tables[stage])
        self._show_version()
        self.post_message(LivenessChanged())

    def on_resize(self, _event: Resize) -> None:
        self._lay_out()

    def _lay_out(self) -> None:
        wide = self.size.width >= WIDE
        self._switcher.display = not wide
        for stage, table in self.tables.items():
            if table.parent is not None:
                table.parent.display = wide or stage is self._stage
                table.parent.set_class(stage is self._stage, "current")
        parts: list[Content] = []
        for stage in Stage:
            label = f" {stage} {self.tables[stage].row_count} "
            parts.append(Content.styled(label, "bold reverse" if stage is self._stage else "dim"))
        self._switcher.update(Content(" ").join(parts))

    @on(Table.Highlighted)
    def _highlighted(self) -> None:
        self._show_version()
        self.post_message(LivenessChanged())

    def _show_version(self) -> None:
        key = self.tables[self._stage].cursor_key
        self.details.show_version(self._versions.get(key or ""), self.chosen_requests())


def _summary(model: RegisteredModelDatabricks, versions: int, *, more: bool, pending: int) -> Content:
    facts = [
        f"{versions}{'+' if more else ''} version{'' if versions == 1 else 's'}",
        f"{pending} open requests" if pending != 1 else "1 open request",
        f"you: {model.permission_level}",
        *([f"by {one_line(model.user_id)}"] if model.user_id else []),
        *(f"@{one_line(alias.alias)} = {alias.version}" for alias in model.aliases),
        *(f"{one_line(tag.key)}={one_line(tag.value, 100)}" for tag in model.tags),
    ]
    first = next((line for line in lines(model.description or "") if line.strip()), "")
    return Content.assemble("  ".join(facts), "\n", (one_line(first, 300), "dim"))
