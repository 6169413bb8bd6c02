"""The models: searched as you type."""

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input

from server.wire.registered_model import RegisteredModel
from server.wire.stage import Stage
from tui_registry.actions import SEARCHING, WHILE_TYPING, bindings
from tui_registry.ages import age
from tui_registry.client.errors import CallError
from tui_registry.messages import LivenessChanged
from tui_registry.pages import Pages
from tui_registry.screens.place import Place
from tui_registry.search import models_filter
from tui_registry.text import one_line
from tui_registry.widgets.stages import STAGE_STYLES
from tui_registry.widgets.table import Column, Row, Table


class Models(Place):
    place = "models"
    while_typing = SEARCHING
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("models"), *WHILE_TYPING]
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
        self._search = ""
        self._shown: str | None = None
        self._opening = False
        self._pages = Pages(partial(self._read_page, self._search))

    def compose(self) -> ComposeResult:
        yield self.header
        yield self.table
        yield Input(placeholder="part of a name, or = and a filter: = tags.team = 'risk'", id="filter", compact=True)
        yield self.bar

    def on_mount(self) -> None:
        super().on_mount()
        self.set_focus(self.table)

    async def load(self) -> None:
        pages = self._pages
        await pages.refresh(*self.table.window)
        self._show(pages)

    async def _read_page(self, search: str, token: str, size: int) -> tuple[list[Row], str]:
        page = await self.console_app.client.search_models(
            filter_text=models_filter(search), max_results=size, page_token=token
        )
        rows = [_row(model, self.console_app.short_name(model.user_id or "")) for model in page.registered_models]
        return rows, page.next_page_token or ""

    def _show(self, pages: Pages[Row]) -> None:
        if pages is not self._pages:
            return  # another search has begun
        rows = pages.rows
        count = f"{len(rows)}{'+' if pages.more else ''}"
        self.header.lead(f"Models matching “{self._search}” ({count})" if self._search else f"Models ({count})")
        empty = "No model matches." if self._search else "There are no models that you may read."
        self.table.show(rows, empty=empty)
        if self._shown != self._search:
            self._shown = self._search
            self.table.action_first()
            if best := _best(rows, self._search):
                self.table.move_to(best)
        if self._opening:
            self._opening = False
            self.table.action_open()

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
        self.set_focus(self._search_line)

    def action_back(self) -> None:
        self._search_line.value = ""
        self._search_line.display = False
        self.set_focus(self.table)
        self.post_message(LivenessChanged())

    def action_move(self, by: int) -> None:
        self.table.action_move(by)

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
            self._pages = Pages(partial(self._read_page, self._search))
            self._opening = False
            self.reload()

    @on(Input.Submitted, "#filter")
    def _submitted(self) -> None:
        """Enter opens the model under the cursor: the best match, once it is known, if no other was chosen."""
        self.set_focus(self.table)
        if not self._search:
            self._search_line.display = False
        elif self._shown == self._search:
            self.table.action_open()
        else:
            self._opening = True

    @on(Table.NearEnd)
    def _near_end(self) -> None:
        if self._pages.more:
            self.fetch("more", partial(self._load_more, self._pages))

    async def _load_more(self, pages: Pages[Row]) -> None:
        await self.console_app.connected.wait()
        try:
            await pages.extend()
        except CallError:
            return  # the list's own reading tells
        self._show(pages)

    @on(Table.Opened)
    def _opened(self, event: Table.Opened) -> None:
        if event.key is not None:
            self.console_app.open_model(event.key)

    @on(Table.Highlighted)
    def _highlighted(self) -> None:
        if self._pages.is_stale(*self.table.window):
            self.reload()
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


def _best(rows: Sequence[Row], search: str) -> str | None:
    """The name that is meant, among those that match: the very one, or else one that begins so."""
    wanted = search.casefold()
    for fits in (str.__eq__, str.startswith):
        for row in rows:
            if fits(row.key.casefold(), wanted):
                return row.key
    return None
