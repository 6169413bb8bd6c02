"""One model: its versions in one table, those with open requests first, and what each was in Production."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.content import Content
from textual.events import Resize
from textual.widgets import Static

from tui_registry.access.levels import may
from tui_registry.client.errors import Refused
from tui_registry.keys.action import Action
from tui_registry.keys.actions import bindings
from tui_registry.keys.names import display_name
from tui_registry.mutations.decision import by_subject
from tui_registry.mutations.rollback import REQUIRED_LEVEL
from tui_registry.queries.prompts import is_prompt, own_tags
from tui_registry.queries.version_page import version_page
from tui_registry.screens.models.follow_dialog import follow
from tui_registry.screens.models.model_actions import add_version
from tui_registry.screens.models.prompt_dialogs import add_prompt_version
from tui_registry.screens.models.rollback_dialog import roll_back_model
from tui_registry.screens.models.version_actions import VersionActions
from tui_registry.screens.models.version_rows import COLUMNS, OF_PROMPTS, PROMPT_COLUMNS, Versions
from tui_registry.screens.tables.table_actions import TableActions
from tui_registry.terminal.sanitize import one_line, summary
from tui_registry.widgets.line_clamp import LineClamp
from tui_registry.widgets.mark_table import MarkTable
from tui_registry_server.wire.model_version import ModelVersion
from tui_registry_server.wire.permission import PermissionLevel
from tui_registry_server.wire.permission_policy import Ability, rank
from tui_registry_server.wire.registered_model import RegisteredModelDatabricks
from tui_registry_server.wire.stage import Stage
from tui_registry_server.wire.stage_history import StageHistoryPage, StagePeriod

MAX_OLDER = 20  # that are read one at a time, because they are asked for or were in Production last
MAX_PERIODS = 1000  # the newest ones
SERVING = (Stage.PRODUCTION, Stage.STAGING)
MAX_DESCRIPTION_LENGTH = 1000  # characters above the versions
SUMMARY_LINES, HIGH_SUMMARY_LINES = 3, 6  # above the versions; more in a terminal with many lines
REQUIRED_ABILITIES = {
    "new": Ability.EDIT,
    "register": Ability.EDIT,
    "edit": Ability.EDIT,
    "tags": Ability.EDIT,
    "aliases": Ability.SET_ALIAS,
    "delete": Ability.MANAGE,
}
"""What each action requires."""
AS_MODELS = {"register", "transition", "rollback"}
"""What there is for models only: versions of prompts come from no run, and have aliases in place of stages."""
ALWAYS_LIVE = {
    "card",
    "find",
    "permissions",
    "webhooks",
    "follow",
    "back",
    "refresh",
    "history",
    "rollback",
    "read_on(1)",
    "read_on(-1)",
}


class Model(TableActions, VersionActions):
    place = "model"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings("model"))

    def __init__(self, name: str, version: str | None = None) -> None:
        super().__init__("Models", name)
        self.model_name = name
        self._initial_version = version
        self._summary = Static("", id="summary", markup=False)
        self._table = MarkTable(COLUMNS, empty="Loading…", id="versions")
        self._level: PermissionLevel | None = None
        self._known = Versions()
        self._model: RegisteredModelDatabricks | None = None
        self._has_more = False
        self._is_prompt = False

    @property
    def table(self) -> MarkTable:
        return self._table

    def show_title(self) -> None:
        place = "Prompts" if self._is_prompt else "Models"
        count = "" if self._model is None else f" ({len(self._known.versions)}{'+' if self._has_more else ''})"
        self.header.show_breadcrumbs(place, self.model_name, count=f"{count}{self.marks_title}")

    def compose(self) -> ComposeResult:
        yield self.header
        yield self._summary
        with Container(id="body"):
            yield self._table
            yield self.details
        yield self.bar

    def on_mount(self) -> None:
        super().on_mount()
        self.set_focus(self._table)

    async def load(self) -> None:
        client = self.console_app.client
        model, page, inbox, (periods, predecessor, is_complete) = await asyncio.gather(
            client.models.get(self.model_name),
            version_page(client, self.model_name),
            client.requests.inbox(name=self.model_name, max_results=1000),
            self._read_periods(),
        )
        if is_prompt(model.tags) is not self._is_prompt:
            self._is_prompt = not self._is_prompt
            self.own_columns = OF_PROMPTS if self._is_prompt else None
            self._table.columns = PROMPT_COLUMNS if self._is_prompt else COLUMNS
            self.arrange_tables()
        versions = {version.version: version for version in page.model_versions}
        if page.next_page_token:
            versions |= {
                version.version: version for version in model.latest_versions if version.version not in versions
            }
            wanted = [
                *([self._initial_version] if self._initial_version else []),
                *([predecessor] if predecessor else []),
                *(request.version for request in inbox.requests),
                *(alias.version for alias in (model.aliases if self._is_prompt else ())),
                *(period.version for period in periods if period.stage is Stage.PRODUCTION),
            ]
            versions |= await self._read_older(dict.fromkeys(each for each in wanted if each not in versions))
        self._known = Versions(versions, inbox.requests, periods, is_complete, predecessor)
        self.by_subject, self.by_row = by_subject(inbox.requests), self._known.requests_by_version
        self._level = model.permission_level
        self._has_more = bool(page.next_page_token)
        self._model = model
        self._show()

    async def _read_periods(self) -> tuple[list[StagePeriod], str | None, bool]:
        """The newest times in stages, and in those where a version may be for long, if these are not among them; the
        predecessor; and whether that are all."""
        read = partial(self.console_app.client.models.stage_history, self.model_name, max_results=MAX_PERIODS)
        newest: StageHistoryPage = await read()
        if not newest.next_page_token:
            return newest.stage_periods, newest.predecessor, True
        serving: list[StageHistoryPage] = await asyncio.gather(*(read(stage=stage) for stage in SERVING))
        periods = [each for each in newest.stage_periods if each.stage not in SERVING]
        for page in serving:
            periods += page.stage_periods
        return sorted(periods, key=lambda each: each.started_timestamp, reverse=True), newest.predecessor, False

    async def _read_older(self, numbers: Iterable[str]) -> dict[str, ModelVersion]:
        """Older versions, without those that were deleted meanwhile."""

        async def read(number: str) -> ModelVersion | None:
            try:
                return await self.console_app.client.versions.get(self.model_name, number)
            except Refused as error:
                if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                    return None
                raise

        found = await asyncio.gather(*(read(number) for number in list(numbers)[:MAX_OLDER]))
        return {version.version: version for version in found if version is not None}

    def on_resize(self, event: Resize) -> None:
        super().on_resize(event)
        self._show_summary()

    def _show_summary(self) -> None:
        model, more = self._model, self._has_more
        if model is None:
            return
        short_name, keys = self.console_app.connection.short_name, self.console_app.keymap.keys["card"]
        created_by = short_name(model.user_id) if model.user_id else ""
        order_note = " (only the newest are sorted)" if more and self.is_sorted_here else self.order_note()
        self._summary.update(
            LineClamp(
                _summary(
                    model,
                    len(self._known.versions),
                    more=more,
                    pending=len(self._known.requests),
                    created_by=created_by,
                    order_note=order_note,
                ),
                HIGH_SUMMARY_LINES if self.has_class("-high") else SUMMARY_LINES,
                f"{display_name(keys[0])} shows all of it" if keys else "",
            )
        )

    def _show(self) -> None:
        self.show_title()
        self._show_summary()
        self._table.show(self._known.rows(self.console_app.connection.short_name), empty="No versions.")
        if self._initial_version and self._initial_version in self._known.versions:
            self._table.move_to(self._initial_version)
            self._initial_version = None
        self.show_version()

    @property
    def has_all_rows(self) -> bool:
        return not self._has_more

    def rearranged(self) -> None:
        self.reload()

    def version_of(self, key: str) -> ModelVersion | None:
        return self._known.versions.get(key)

    def level_on(self, name: str) -> PermissionLevel | None:
        return self._level

    def description_of(self, name: str) -> str | None:
        return (self._model.description or "") if self._model is not None else None

    def show_problem(self, problem: str) -> None:
        if not self._known.versions:
            self._summary.update(Content(one_line(problem)))
            self._table.show([], empty="")

    def is_live(self, action: str) -> bool:
        if action in {"approve", "reject", "cancel"}:
            return self.decisions_are_live(action)
        if action == "open_run":
            return self.has_run
        if action in AS_MODELS and self._is_prompt:
            return False
        if action in {"new", "register"}:
            return may(self._level, Ability.EDIT)
        if action in REQUIRED_ABILITIES and not may(self._level, REQUIRED_ABILITIES[action]):
            return False
        return action in ALWAYS_LIVE or self._table.row_count > 0

    @property
    def live_actions(self) -> list[Action]:
        """Says to which version Production is rolled back. Without the rollback that is not possible: its key still
        says why."""
        to = self._known.predecessor if rank(self._level) >= rank(REQUIRED_LEVEL) else None
        if sum(each.current_stage is Stage.PRODUCTION for each in self._known.versions.values()) > 1:
            to = None  # none of them is the one to replace
        return [
            replace(action, label=f"{action.label} to {to}") if action.id == "rollback" else action
            for action in super().live_actions
            if to is not None or action.id != "rollback"
        ]

    def action_back(self) -> None:
        if self.has_marks:
            self.leave_marks()
        else:
            self.app.pop_screen()

    def action_new(self) -> None:
        app, name = self.console_app, self.model_name
        if self._is_prompt:
            app.mutations.prepare(partial(add_prompt_version, app, name, self.version, self.table))
        else:
            app.mutations.prepare(partial(add_version, app, name, self.table))

    def action_rollback(self) -> None:
        self.console_app.mutations.prepare(partial(roll_back_model, self.console_app, self.model_name))

    def action_register(self) -> None:
        self.console_app.navigation.open_experiments(self.model_name)

    def action_permissions(self) -> None:
        self.console_app.navigation.open_access(self.model_name)

    def action_webhooks(self) -> None:
        self.console_app.navigation.open_webhooks(self.model_name)

    def action_follow(self) -> None:
        self.console_app.mutations.prepare(partial(follow, self.console_app, self.model_name))

    def action_card(self) -> None:
        self.console_app.navigation.open_model_details(self.model_name)

    def action_history(self) -> None:
        self.console_app.navigation.open_history(self.model_name, None)


def _summary(
    model: RegisteredModelDatabricks, versions: int, *, more: bool, pending: int, created_by: str, order_note: str
) -> list[list[Content]]:
    facts = [
        f"{versions}{'+' if more else ''} version{'' if versions == 1 else 's'}{order_note}",
        *([f"{pending} open request{'' if pending == 1 else 's'}"] if pending or not is_prompt(model.tags) else []),
        f"your level: {model.permission_level}",
        *([f"created by {one_line(created_by)}"] if created_by else []),
        *(f"@{one_line(alias.alias)} = {alias.version}" for alias in model.aliases),
        *(f"{one_line(tag.key)}={one_line(tag.value, 100)}" for tag in own_tags(model.tags)),
    ]
    description = Content.styled(summary(model.description or "", MAX_DESCRIPTION_LENGTH), "dim")
    return [[Content(fact) for fact in facts], [description]]
