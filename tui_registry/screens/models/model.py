"""One model: its versions by stage, with their open requests."""

import asyncio
from collections.abc import Iterable, Sequence
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static

from tui_registry.access.levels import may
from tui_registry.keys.actions import bindings
from tui_registry.queries.search_syntax import named
from tui_registry.screens.models.model_actions import add_version
from tui_registry.screens.models.stages import StagePlace
from tui_registry.terminal.sanitize import lines, one_line
from tui_registry.widgets.ages import age
from tui_registry.widgets.table import Column, Row
from tui_registry_server.wire.model_version import ModelVersion
from tui_registry_server.wire.permission import PermissionLevel
from tui_registry_server.wire.permission_policy import Ability
from tui_registry_server.wire.registered_model import RegisteredModelDatabricks
from tui_registry_server.wire.stage import Stage
from tui_registry_server.wire.transition_request import InboxRequest

MAX_VERSIONS = 1000  # the newest ones
REQUIRED_ABILITIES = {
    "new": Ability.EDIT,
    "register": Ability.EDIT,
    "edit": Ability.EDIT,
    "tags": Ability.EDIT,
    "aliases": Ability.SET_ALIAS,
    "delete": Ability.MANAGE,
}
"""What each action requires."""


class Model(StagePlace):
    place = "model"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings("model"))
    COLUMNS = (Column("VER", 4, max_width=6), Column("AGE", 4), Column("DETAILS", 8, grow=1))

    def __init__(self, name: str, version: str | None = None) -> None:
        super().__init__("Models", name)
        self.model_name = name
        self._initial_version = version
        self._summary = Static("", id="summary", markup=False)
        self._is_positioned = False
        self._level: PermissionLevel | None = None
        self._versions: dict[str, ModelVersion] = {}
        self._requests: list[InboxRequest] = []

    def compose(self) -> ComposeResult:
        yield self.header
        yield self._summary
        yield from self.compose_stages()
        yield self.details
        yield self.bar

    def on_mount(self) -> None:
        super().on_mount()
        self.set_focus(self.table)

    async def load(self) -> None:
        client = self.console_app.client
        model, page, inbox = await asyncio.gather(
            client.models.get(self.model_name),
            client.versions.search(
                filter_text=named(self.model_name), order_by="version_number DESC", max_results=MAX_VERSIONS
            ),
            client.requests.inbox(name=self.model_name, max_results=1000),
        )
        self._versions = {version.version: version for version in page.model_versions}
        self._requests = inbox.requests
        self._level = model.permission_level
        self._show(model, more=bool(page.next_page_token))

    def _show(self, model: RegisteredModelDatabricks, *, more: bool) -> None:
        created_by = self.console_app.connection.short_name(model.user_id) if model.user_id else ""
        self._summary.update(
            _summary(model, len(self._versions), more=more, pending=len(self._requests), created_by=created_by)
        )
        for stage, table in self.tables.items():
            rows = [self._row(version) for version in self._versions.values() if version.current_stage is stage]
            table.show(rows)
        if self._initial_version in self._versions:
            stage = self._versions[self._initial_version].current_stage
            self.tables[stage].move_to(self._initial_version)
            self.go(stage)
            self._initial_version = None
        elif not self._is_positioned:
            self.go(self._first_stage())
        self._is_positioned = True
        self.lay_out()
        self.show_version()

    def _row(self, version: ModelVersion) -> Row:
        requests = [request for request in self._requests if request.version == version.version]
        details = (
            f"→ {requests[0].to_stage}? {one_line(requests[0].user_id)}"
            if requests
            else one_line(version.description or "")
        )
        return Row(
            version.version,
            (
                (version.version, "bold"),
                (age(version.last_updated_timestamp), "dim"),
                (details, "bold yellow" if requests else "dim"),
            ),
        )

    def version_of(self, key: str) -> ModelVersion | None:
        return self._versions.get(key)

    def level_on(self, name: str) -> PermissionLevel | None:
        return self._level

    def chosen_requests(self) -> Sequence[InboxRequest]:
        version = self.table.cursor_key
        return [request for request in self._requests if request.version == version][:1]

    def _first_stage(self) -> Stage:
        """The first stage with an open request, else the first one with a version."""
        requested = [self._versions[request.version] for request in self._requests if request.version in self._versions]
        if requested:
            self.tables[requested[0].current_stage].move_to(requested[0].version)
            return requested[0].current_stage
        return next((stage for stage in Stage if self.tables[stage].row_count), Stage.NONE)

    def show_problem(self, problem: str) -> None:
        if not self._versions:
            self._summary.update(Content(one_line(problem)))

    def known_requests(self) -> Iterable[InboxRequest]:
        return self._requests

    def is_live(self, action: str) -> bool:
        if action in {"approve", "reject", "cancel"}:
            return self.decisions_are_live(action)
        if action == "open_run":
            return self.has_run
        if action in {"new", "register"}:
            return may(self._level, Ability.EDIT)
        if action in REQUIRED_ABILITIES and not may(self._level, REQUIRED_ABILITIES[action]):
            return False
        if action in {
            "card",
            "permissions",
            "back",
            "refresh",
            "next_stage",
            "previous_stage",
            "read_on(1)",
            "read_on(-1)",
        }:
            return True
        return self.table.row_count > 0

    def action_back(self) -> None:
        if any(table.marks for table in self.tables.values()):
            self.clear_marks()
        else:
            self.app.pop_screen()

    def action_new(self) -> None:
        self.console_app.mutations.prepare(partial(add_version, self.console_app, self.model_name))

    def action_register(self) -> None:
        self.console_app.navigation.open_experiments(self.model_name)

    def action_permissions(self) -> None:
        self.console_app.navigation.open_access(self.model_name)

    def action_card(self) -> None:
        self.console_app.navigation.open_model_details(self.model_name)


def _summary(model: RegisteredModelDatabricks, versions: int, *, more: bool, pending: int, created_by: str) -> Content:
    facts = [
        f"{versions}{'+' if more else ''} version{'' if versions == 1 else 's'}",
        f"{pending} open requests" if pending != 1 else "1 open request",
        f"your level: {model.permission_level}",
        *([f"created by {one_line(created_by)}"] if created_by else []),
        *(f"@{one_line(alias.alias)} = {alias.version}" for alias in model.aliases),
        *(f"{one_line(tag.key)}={one_line(tag.value, 100)}" for tag in model.tags),
    ]
    first = next((line for line in lines(model.description or "") if line.strip()), "")
    return Content.assemble("  ".join(facts), "\n", (one_line(first, 300), "dim"))
