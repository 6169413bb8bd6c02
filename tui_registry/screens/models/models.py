"""The list of models, searched as you type."""

from functools import partial
from typing import ClassVar

from textual.binding import BindingType

from tui_registry.keys.actions import WHILE_TYPING, bindings
from tui_registry.screens.models.model_actions import create_model
from tui_registry.screens.models.model_list import ModelList
from tui_registry.session.arrangement import Sort
from tui_registry.terminal.sanitize import one_line, summary, visible
from tui_registry.widgets.ages import age
from tui_registry.widgets.columns import BY_AGE, BY_NUMBER
from tui_registry.widgets.first_steps import FirstSteps
from tui_registry.widgets.row import Instant
from tui_registry.widgets.stages import STAGE_STYLES
from tui_registry.widgets.table import Column, Row
from tui_registry_server.wire.registered_model import RegisteredModel
from tui_registry_server.wire.stage import Stage

NO_VERSION = "–"


class Models(ModelList):
    place = "models"
    list_title = "Models"
    empty_message = "No models that you can read.\nPress n to create one."
    no_match = "No matching models."
    placeholder = "name, stage:production, tag:team=risk, user:ada, missing:owner, or = then an MLflow filter"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("models"), *WHILE_TYPING]
    COLUMNS = (
        Column("MODEL", 20, grow=4, max_width=60, is_cut_in_middle=True),
        Column("PROD", 5, priority=0, sorting=BY_NUMBER),
        Column("STAGING", 7, priority=1, sorting=BY_NUMBER),
        Column("LATEST", 6, priority=2, sorting=BY_NUMBER),
        Column("CREATED BY", 12, priority=4, grow=1, max_width=24, is_cut_in_middle=True),
        Column("UPDATED", 7, priority=3, sorting=BY_AGE),
        Column("DESCRIPTION", 24, priority=5, grow=4),
        Column("CREATED", 7, priority=6, sorting=BY_AGE, is_hidden=True),
        Column("TAGS", 16, priority=7, grow=2, sorting=None, is_hidden=True),
    )
    own_order = Sort("model")
    server_orders: ClassVar = {"model": "name", "updated": "last_updated_timestamp"}

    def __init__(self) -> None:
        super().__init__()
        self._first_steps = FirstSteps()

    async def load(self) -> None:
        await super().load()
        is_empty = not self.table.row_count and not self.typed
        client = self.console_app.client
        self._first_steps.show_if(is_empty, self, client.url, client.workspace, self.console_app.keymap)

    def row(self, model: RegisteredModel) -> Row:
        return _row(model, self.console_app.connection.short_name(model.user_id or ""))

    def is_live(self, action: str) -> bool:
        if action == "copy" and self._first_steps.code:
            return True
        return super().is_live(action)

    def action_new(self) -> None:
        self.console_app.mutations.prepare(partial(create_model, self.console_app, self.table))

    def action_register(self) -> None:
        self.console_app.navigation.open_experiments()


def _row(model: RegisteredModel, created_by: str) -> Row:
    newest = {version.current_stage: version.version for version in model.latest_versions}
    highest = max((int(version.version) for version in model.latest_versions), default=None)
    tags = ", ".join(f"{tag.key}={tag.value}" for tag in model.tags)
    return Row(
        model.name,
        (
            (visible(model.name), "bold"),
            *(
                (newest[stage], STAGE_STYLES[stage]) if stage in newest else (NO_VERSION, "dim")
                for stage in (Stage.PRODUCTION, Stage.STAGING)
            ),
            (str(highest), "") if highest else (NO_VERSION, "dim"),
            (one_line(created_by), "dim"),
            (age(model.last_updated_timestamp), "dim"),
            (summary(model.description or "", 500), "dim"),
            (age(model.creation_timestamp), "dim"),
            (one_line(tags, 500), "dim"),
        ),
        (
            model.name,
            *(int(newest[stage]) if stage in newest else None for stage in (Stage.PRODUCTION, Stage.STAGING)),
            highest,
            model.user_id,
            Instant(model.last_updated_timestamp),
            model.description,
            Instant(model.creation_timestamp),
            tags,
        ),
    )
