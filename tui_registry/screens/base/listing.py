"""A place that is one long list: read in pages as it is looked at, and narrowed by what is typed."""

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from tui_registry.client.errors import CallError
from tui_registry.queries.pages import Pages
from tui_registry.screens.base.place import Place
from tui_registry.session.messages import LivenessChanged
from tui_registry.widgets.table import Column, Row, Table


class Listing(Place):
    """Subclasses say the columns, ``read_page`` and ``open_row``; their actions ``filter`` or ``search`` begin typing.

    title_shown: stands in the header. nothing, no_match: what stands there without rows. hint: stands in the empty
    line that is typed in. opens_best: whether Enter, while typing, opens the best match.
    """

    COLUMNS: ClassVar[tuple[Column, ...]]
    title_shown: ClassVar[str]
    nothing: ClassVar[str]
    no_match: ClassVar[str]
    hint: ClassVar[str]
    opens_best: ClassVar[bool] = False

    def __init__(self, *trail: str) -> None:
        super().__init__(*(trail or (self.title_shown,)))
        self.trail = trail or (self.title_shown,)
        self.table = Table(self.COLUMNS, empty="Asking the server …", id="list")
        self.typed = ""
        self._shown: str | None = None
        self._answered = False  # whether it is known what comes of what was typed
        self._opening = False
        self._pages = Pages(partial(self.read_page, self.typed))

    async def read_page(self, typed: str, token: str, size: int) -> tuple[list[Row], str]:
        """The rows of a page, for what is typed, and the next page's token, empty at the end."""
        raise NotImplementedError

    def open_row(self, key: str) -> None:
        """Enter was pressed on a row."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        yield self.header
        yield self.table
        yield self.filter_input()
        yield self.bar

    def filter_input(self) -> Input:
        """The line that is typed in, not yet there."""
        return Input(placeholder=self.hint, id="filter", compact=True)

    def on_mount(self) -> None:
        super().on_mount()
        self.set_focus(self.table)

    async def load(self) -> None:
        pages = self._pages
        await pages.refresh(*self.table.window)
        self._show(pages)

    def _show(self, pages: Pages[Row]) -> None:
        if pages is not self._pages:
            return  # something else has been typed
        rows = pages.rows
        count = f"{len(rows)}{'+' if pages.more else ''}"
        *before, last = self.trail
        self.header.lead(*before, f"{last} matching “{self.typed}” ({count})" if self.typed else f"{last} ({count})")
        self.table.show(rows, empty=self.no_match if self.typed else self.nothing)
        if self._shown != self.typed:
            self._shown = self.typed
            self.table.action_first()
            if self.opens_best and (best := _best(rows, self.typed)):
                self.table.move_to(best)
        self.tell_answered()

    def show_problem(self, problem: str) -> None:
        if self._shown != self.typed or not self.table.row_count:
            self.table.show([], empty=self.complaint(problem))
        self.tell_answered()

    def tell_answered(self) -> None:
        """It is known what comes of what was typed; Enter may have been pressed before."""
        self._answered = True
        if self._opening:
            self._opening = False
            self.enter()

    def complaint(self, problem: str) -> str:
        """What to say where there is nothing to show, by lines."""
        return f"{problem}\nIt is tried again by itself."

    def is_live(self, action: str) -> bool:
        if action in {"open", "copy"}:
            return self.table.row_count > 0
        if action == "back":
            return bool(self.typed or self.filter_line.has_focus or len(self.app.screen_stack) > 1)
        return True

    def action_filter(self) -> None:
        self.filter_line.display = True
        self.set_focus(self.filter_line)

    def action_search(self) -> None:
        self.action_filter()

    def action_back(self) -> None:
        """Clear what was typed; if nothing was, leave."""
        if self.typed or self.filter_line.display:
            self.filter_line.value = ""
            self.filter_line.display = False
            self.set_focus(self.table)
            self.post_message(LivenessChanged())
        elif len(self.app.screen_stack) > 1:
            self.app.pop_screen()

    def action_move(self, by: int) -> None:
        self.table.action_move(by)

    def action_open(self) -> None:
        self.table.action_open()

    @property
    def filter_line(self) -> Input:
        return self.query_one("#filter", Input)

    def restart(self) -> None:
        """Read from the beginning: what is asked for is another thing than before."""
        self._pages = Pages(partial(self.read_page, self.typed))
        self._opening = self._answered = False
        self._shown = None
        self.reload()

    @on(Input.Changed, "#filter")
    def _typed(self, event: Input.Changed) -> None:
        if event.value.strip() != self.typed:
            self.typed = event.value.strip()
            self.restart()

    @on(Input.Submitted, "#filter")
    def _submitted(self) -> None:
        """Enter keeps what was typed or, where that is the way, opens the row under the cursor: the best match, once it
        is known, if no other was chosen."""
        self.set_focus(self.table)
        if not self.typed:
            self.filter_line.display = False
        elif self._answered:
            self.enter()
        else:
            self._opening = True

    def enter(self) -> None:
        """What Enter means after words whose rows are shown, beside going on with these rows."""
        if self.opens_best:
            self.table.action_open()

    @on(Table.NearEnd)
    def _near_end(self) -> None:
        if self._pages.more:
            self.fetch("more", partial(self._load_more, self._pages))

    async def _load_more(self, pages: Pages[Row]) -> None:
        await self.console_app.connection.ready.wait()
        try:
            await pages.extend()
        except CallError:
            return  # the list's own reading tells
        self._show(pages)

    @on(Table.Opened, "#list")
    def _opened(self, event: Table.Opened) -> None:
        if event.key is not None:
            self.open_row(event.key)

    @on(Table.Highlighted, "#list")
    def _highlighted(self) -> None:
        if self._pages.is_stale(*self.table.window):
            self.reload()
        self.highlighted()
        self.post_message(LivenessChanged())

    def find(self, typed: str) -> None:
        """Type this, and open the best match as soon as it is known."""
        self.filter_line.display = True
        if self.filter_line.value.strip() == typed and self._shown == typed:
            self.table.action_open()
            return
        self.filter_line.value = typed
        self.typed = typed
        self.restart()
        self._opening = True

    def highlighted(self) -> None:
        """Told when the cursor is on another row."""


def _best(rows: Sequence[Row], typed: str) -> str | None:
    """The name that is meant, among those that match: the very one, or else one that begins so."""
    wanted = typed.casefold()
    for fits in (str.__eq__, str.startswith):
        for row in rows:
            if fits(row.key.casefold(), wanted):
                return row.key
    return None
