"""The base of the lists of models and of prompts, which are models, too."""

from functools import partial
from typing import ClassVar

from tui_registry.mutations.subject import Subject
from tui_registry.queries.model_search import ModelSearch
from tui_registry.queries.search_syntax import MODEL_FIELDS
from tui_registry.screens.base.listing import Listing
from tui_registry.screens.models.edit_actions import EditActions
from tui_registry.screens.models.model_actions import delete_model, rename_model
from tui_registry.screens.tables.table_actions import TableActions
from tui_registry.widgets.table import Row
from tui_registry_server.wire.registered_model import RegisteredModel
from tui_registry_server.wire.stage import Stage

ON_A_MODEL = frozenset(
    {"card", "edit", "tags", "delete", "rename", "history", "permissions", "webhooks", "follow"},
)
"""The actions that need a model under the cursor."""


class ModelList(TableActions, Listing, EditActions):
    """Subclasses define ``row``, and what a Listing needs. ``within``: a comparison that all listed models satisfy."""

    within: ClassVar[str] = ""
    fields = MODEL_FIELDS

    def __init__(self) -> None:
        super().__init__()
        self._models: dict[str, RegisteredModel] = {}
        self._search: tuple[tuple[str, str], ModelSearch] | None = None

    def row(self, model: RegisteredModel) -> Row:
        """A model's row, whose key is its name."""
        raise NotImplementedError

    @property
    def model(self) -> RegisteredModel | None:
        """The model under the cursor."""
        return self._models.get(self.table.cursor_key or "")

    async def read_page(self, typed: str, token: str, size: int) -> tuple[list[Row], str]:
        wanted = (typed, self.server_order)
        if self._search is None or self._search[0] != wanted:
            models = self.console_app.client.models
            self._search = wanted, ModelSearch(models, typed, order_by=self.server_order, within=self.within)
        found, token = await self._search[1].page(token, size)
        self._models |= {model.name: model for model in found}
        return [self.row(model) for model in found], token

    def open_row(self, key: str) -> None:
        self.console_app.navigation.open_model(key)

    def is_live(self, action: str) -> bool:
        return self._table.row_count > 0 if action in ON_A_MODEL else super().is_live(action)

    def subject(self) -> Subject | None:
        return Subject(self.table.cursor_key) if self.table.cursor_key else None

    @property
    def is_in_production(self) -> bool:
        versions = self.model.latest_versions if self.model else ()
        return any(each.current_stage is Stage.PRODUCTION for each in versions)

    def known_description(self) -> str:
        return (self.model.description or "") if self.model else ""

    def action_card(self) -> None:
        if self.table.cursor_key:
            self.console_app.navigation.open_model_details(self.table.cursor_key)

    def action_history(self) -> None:
        if self.table.cursor_key:
            self.console_app.navigation.open_history(self.table.cursor_key, None)

    def action_rename(self) -> None:
        if self.table.cursor_key:
            rename = partial(rename_model, self.console_app, self.table.cursor_key, noun=self.noun)
            self.console_app.mutations.prepare(rename)

    def action_delete(self) -> None:
        if self.table.cursor_key:
            self.console_app.mutations.prepare(partial(delete_model, self.console_app, self.table.cursor_key))
