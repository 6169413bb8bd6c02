"""The board: the versions of all models by stage, last updated first."""

import asyncio
from functools import partial
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input

from tui_registry.client.errors import CallError
from tui_registry.keys.actions import WHILE_TYPING, bindings
from tui_registry.keys.names import display_name
from tui_registry.mutations.decision import by_subject
from tui_registry.queries.pages import Pages
from tui_registry.queries.search_syntax import VERSION_FIELDS, unmatched, versions_filter
from tui_registry.screens.models.stages import StagePlace
from tui_registry.screens.tables.table_actions import TableActions
from tui_registry.session.arrangement import Sort
from tui_registry.session.messages import LivenessChanged
from tui_registry.terminal.sanitize import summary, visible
from tui_registry.widgets.ages import age
from tui_registry.widgets.columns import BY_AGE, BY_NUMBER
from tui_registry.widgets.row import Instant
from tui_registry.widgets.stages import REQUEST_STYLE, requested
from tui_registry.widgets.table import Column, Row, Table
from tui_registry_server.wire.model_version import ModelVersion
from tui_registry_server.wire.permission import PermissionLevel
from tui_registry_server.wire.stage import Stage
from tui_registry_server.wire.transition_request import InboxRequest

MAX_REQUESTS = 1000  # open requests displayed on the board, the newest ones


class Board(TableActions, StagePlace):
    place = "board"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("board"), *WHILE_TYPING]
    COLUMNS = (
        Column("MODEL", 12, grow=3, max_width=40, is_cut_in_middle=True),
        Column("VER", 4, max_width=6, sorting=BY_NUMBER),
        Column("UPDATED", 4, priority=2, short_title="UPD.", sorting=BY_AGE, former=("age",)),
        Column("NOTE", 16, priority=3, grow=3, least=cell_len("→ Production?"), sorting=None, key="details"),
    )
    own_order = Sort("updated", is_descending=True)
    server_orders: ClassVar = {"model": "name", "ver": "version_number", "updated": "last_updated_timestamp"}

    def __init__(self) -> None:
        super().__init__("Board")
        self.stage = Stage.STAGING
        self._typed = ""
        self._displayed_for = ""  # what was typed when the rows were read
        self._searched_for: str | None = None  # the first stage where this is found is shown
        self._versions: dict[str, ModelVersion] = {}
        self._pages = self._new_pages()

    def _new_pages(self) -> dict[Stage, Pages[Row]]:
        """With the same times for every page."""
        return {stage: Pages(partial(self._read_page, stage, versions_filter(self._typed, stage))) for stage in Stage}

    def compose(self) -> ComposeResult:
        yield self.header
        yield from self.compose_stages()
        yield self.details
        yield Input(
            placeholder="model name, user:ada, tag:team=risk, older:90d, or = then an MLflow filter",
            id="filter",
            compact=True,
        )
        yield self.bar

    def on_mount(self) -> None:
        super().on_mount()
        self.set_focus(self.table)

    async def load(self) -> None:
        pages = self._pages
        requests = (await self.console_app.client.requests.inbox(max_results=MAX_REQUESTS)).requests
        by_row: dict[str, list[InboxRequest]] = {}
        for each in requests:
            by_row.setdefault(_key(each.name, each.version), []).append(each)
        self.by_subject, self.by_row = by_subject(requests), by_row
        await asyncio.gather(*(pages[stage].refresh(*table.window) for stage, table in self.tables.items()))
        self._show(pages)

    async def _read_page(self, stage: Stage, filter_text: str, token: str, size: int) -> tuple[list[Row], str]:
        """Of prompts, those that somebody moved to a stage: no tag may hide what is in Production."""
        page = await self.console_app.client.versions.search(
            filter_text=filter_text,
            order_by=self.server_order or "last_updated_timestamp DESC",
            max_results=size,
            page_token=token,
            include_prompts=stage is not Stage.NONE,
        )
        self._versions |= {_key(version.name, version.version): version for version in page.model_versions}
        return [self._row(version) for version in page.model_versions], page.next_page_token or ""

    def _row(self, version: ModelVersion) -> Row:
        key = _key(version.name, version.version)
        asked = requested(requests) if (requests := self.by_row.get(key)) else ""
        note = asked or summary(version.description or "", 300)
        return Row(
            key,
            (
                (visible(version.name), "bold"),
                (version.version, ""),
                (age(version.last_updated_timestamp), "dim"),
                (note, f"bold {REQUEST_STYLE}" if asked else "dim"),
            ),
            (
                version.name,
                int(version.version),
                Instant(version.last_updated_timestamp),
                asked or version.description,
            ),
        )

    def _show(self, pages: dict[Stage, Pages[Row]]) -> None:
        if pages is not self._pages:
            return  # something else has been typed
        self.show_title()
        for stage, table in self.tables.items():
            table.show(pages[stage].rows, empty=self._empty(stage))
        self._displayed_for = self._typed
        self.lay_out()
        self.show_version()
        if self._searched_for == self._typed:
            self._searched_for = None
            self._go_to_found()

    def _empty(self, stage: Stage) -> str:
        """What stands in place of a stage's versions: in an empty registry, where to begin."""
        if self._typed:
            return unmatched(f"No matching version in {stage}.", self._typed, VERSION_FIELDS)
        keys = self.console_app.keymap.keys["go_models"]
        has_any = any(pages.rows for pages in self._pages.values())
        begin = "" if has_any or not keys else f"\n{display_name(keys[0])} shows how to register a first model."
        return f"No version in {stage}.{begin}"

    @property
    def has_all_rows(self) -> bool:
        return not self._pages[self.stage].more

    def rearranged(self) -> None:
        self._pages = self._new_pages()
        self.reload()

    def show_title(self) -> None:
        matching = f" matching “{self._typed}”" if self._typed else ""
        self.header.show_breadcrumbs(f"Board{matching}", count=f"{self.order_note()}{self.marks_title}")

    def count(self, stage: Stage) -> str:
        return f"{super().count(stage)}{'+' if self._pages[stage].more else ''}"

    def version_of(self, key: str) -> ModelVersion | None:
        return self._versions.get(key)

    def level_on(self, name: str) -> PermissionLevel | None:
        return None

    def show_problem(self, problem: str) -> None:
        if not any(table.row_count for table in self.tables.values()):
            self.table.show([], empty=f"{problem}\n{self.retry_note}")

    def is_live(self, action: str) -> bool:
        if action in {"approve", "reject", "cancel"}:
            return self.decisions_are_live(action)
        if action == "open_run":
            return self.has_run
        if action in {"filter", "refresh", "next_stage", "previous_stage", "read_on(1)", "read_on(-1)"}:
            return True
        if action == "back":
            return bool(self._typed or self._line.has_focus or self.has_marks)
        return self.table.row_count > 0

    @property
    def _line(self) -> Input:
        return self.query_one("#filter", Input)

    def action_filter(self) -> None:
        self._line.display = True
        self.set_focus(self._line)

    def action_back(self) -> None:
        if self._typed or self._line.display:
            self._line.value = ""
            self._line.display = False
            self.set_focus(self.table)
            self.post_message(LivenessChanged())
        else:
            self.leave_marks()

    def action_move(self, by: int) -> None:
        self.table.action_move(by)

    def action_card(self) -> None:
        if self.version is not None:
            self.console_app.navigation.open_model_details(self.version.name)

    @on(Input.Changed, "#filter")
    def _filter_typed(self, event: Input.Changed) -> None:
        if event.value.strip() != self._typed:
            self._typed = event.value.strip()
            self._pages = self._new_pages()
            self.reload_typed()

    @on(Input.Submitted, "#filter")
    def _filter_done(self) -> None:
        self.set_focus(self.table)
        if not self._typed:
            self._line.display = False
        elif self._displayed_for == self._typed:
            self._go_to_found()

    def _go_to_found(self) -> None:
        """Go to the first stage with versions, if this one has none."""
        found = [stage for stage, table in self.tables.items() if table.row_count]
        if found and not self.table.row_count:
            self.go(found[0])

    def search_for(self, typed: str) -> None:
        super().search_for(typed)
        self.set_focus(self.table)
        self._searched_for = typed

    @on(Table.NearEnd)
    def _near_end(self, event: Table.NearEnd) -> None:
        stage = next(stage for stage, table in self.tables.items() if table is event.table)
        if self._pages[stage].more:
            self.fetch(f"more {stage}", partial(self._load_more, stage, self._pages))

    async def _load_more(self, stage: Stage, pages: dict[Stage, Pages[Row]]) -> None:
        await self.console_app.connection.ready.wait()
        try:
            await pages[stage].extend()
        except CallError:
            return  # the board's own load shows the problem
        self._show(pages)

    @on(Table.Highlighted)
    def _stale_rows(self) -> None:
        pages = self._pages[self.stage]
        if pages.has_stale and pages.is_stale(*self.table.window):
            self.reload()


def _key(name: str, version: str) -> str:
    return f"{name}/{version}"
