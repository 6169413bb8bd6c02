"""The models: searched as you type."""

from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input

from server.wire.registered_model import RegisteredModel
from server.wire.stage import Stage
from tui_registry.actions import bindings
from tui_registry.ages import age
from tui_registry.messages import LivenessChanged
from tui_registry.screens.place import Place
from tui_registry.search import models_filter
from tui_registry.text import one_line
from tui_registry.widgets.stages import STAGE_STYLES
from tui_registry.widgets.table import Column, Row, Table

PAGE = 100  # models in one reading


class Models(Place):
    place = "models"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings("models"))
    COLUMNS = (
        Column("MODEL", 20, grow=4, most=60),
        Column("PROD", 5, priority=0),
        Column("STAGING", 7, priority=1),
        Column("NEWEST", 6, priority=2),
        Column("BY", 12, priority=4, grow=1, most=24),
        Column("CHANGED", 7, priority=3),
        Column("DESCRIPTION", 24, priority=5, grow=4),
    )

    def __init__(self) -> None:
        super().__init__("Models")
        self.table = Table(self.COLUMNS, empty="Asking for the models …", id="models")
        self._models: dict[str, RegisteredModel] = {}
        self._next = ""
        self._search = ""

    def compose(self) -> ComposeResult:
        yield self.header
        yield self.table
        yield Input(placeholder="part of a name, or = and a filter: = tags.team = 'risk'", id="filter", compact=True)
        yield self.bar

    def on_mount(self) -> None:
        super().on_mount()
        self.table.focus()

    async def load(self) -> None:
        page = await self.console_app.client.search_models(
            filter_text=models_filter(self._search), max_results=max(PAGE, min(1000, self.table.row_count))
        )
        self._models = {model.name: model for model in page.registered_models}
        self._next = page.next_page_token or ""
        self._show()

    def _show(self) -> None:
        count = f"{len(self._models)}{'+' if self._next else ''}"
        self.header.lead(f"Models ({count})" if not self._search else f"Models matching “{self._search}” ({count})")
        empty = "No model matches." if self._search else "There are no models that you may read."
        self.table.show(
            [_row(model, self.console_app.short_name(model.user_id or "")) for model in self._models.values()],
            empty=empty,
        )

    def show_problem(self, problem: str) -> None:
        if not self.table.row_count:
            self.table.show([], empty=f"{problem}\nIt is tried again by itself.")

    def is_live(self, action: str) -> bool:
        if action in {"open", "copy"}:
            return self.table.row_count > 0
        if action == "back":
            return bool(self._search or self._search_line.has_focus)
        return True

    def action_search(self) -> None:
        self._search_line.display = True
        self._search_line.focus()

    def action_back(self) -> None:
        self._search_line.value = ""
        self._search_line.display = False
        self.table.focus()
        self.post_message(LivenessChanged())

    def action_open(self) -> None:
        self.table.action_open()

    def action_copy(self) -> None:
        if self.table.cursor_key:
            self.console_app.copy(self.table.cursor_key)

    @property
    def _search_line(self) -> Input:
        return self.query_one("#filter", Input)

    @on(Input.Changed, "#filter")
    def _typed(self, event: Input.Changed) -> None:
        if event.value.strip() != self._search:
            self._search = event.value.strip()
            self.reload()

    @on(Input.Submitted, "#filter")
    def _submitted(self) -> None:
        """Enter goes to the first model that matches, once it is known; the arrows choose another."""
        self.table.focus()
        if not self._search:
            self._search_line.display = False
        else:
            self.spawn(self._open_first)

    async def _open_first(self) -> None:
        page = await self.console_app.client.search_models(filter_text=models_filter(self._search), max_results=2)
        if len(page.registered_models) == 1:
            self.console_app.open_model(page.registered_models[0].name)

    @on(Table.NearEnd)
    def _near_end(self) -> None:
        if self._next:
            self.fetch("more", partial(self._load_more, self._next))

    async def _load_more(self, token: str) -> None:
        search = self._search
        page = await self.console_app.client.search_models(
            filter_text=models_filter(search), max_results=PAGE, page_token=token
        )
        if search == self._search and token == self._next:
            self._models |= {model.name: model for model in page.registered_models}
            self._next = page.next_page_token or ""
            self._show()

    @on(Table.Opened)
    def _opened(self, event: Table.Opened) -> None:
        if event.key is not None:
            self.console_app.open_model(event.key)

    @on(Table.Highlighted)
    def _highlighted(self) -> None:
        self.post_message(LivenessChanged())


def _row(model: RegisteredModel, made_by: str) -> Row:
    newest = {version.current_stage: version.version for version in model.latest_versions}
    highest = max((int(version.version) for version in model.latest_versions), default=0)
    return Row(
        model.name,
        (
            (one_line(model.name), "bold"),
            (newest.get(Stage.PRODUCTION, "–"), STAGE_STYLES[Stage.PRODUCTION]),
            (newest.get(Stage.STAGING, "–"), STAGE_STYLES[Stage.STAGING]),
            (str(highest or "–"), ""),
            (one_line(made_by), "dim"),
            (age(model.last_updated_timestamp), "dim"),
            (one_line(model.description or "", 500), "dim"),
        ),
    )
