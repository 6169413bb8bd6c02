"""A screen with one list, loaded by pages while it is scrolled, and filtered by what is typed."""

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from tui_registry.client.errors import CallError
from tui_registry.queries.pages import Pages
from tui_registry.queries.search_syntax import unmatched
from tui_registry.screens.base.arranged import SORTED_ROWS, Arranged
from tui_registry.session.messages import LivenessChanged
from tui_registry.widgets.new_row_table import NewRowTable
from tui_registry.widgets.table import Column, Row, Table

MAX_ROWS_BEFORE_NEW = 5_000  # that are read to find a row that was made here


class Listing(Arranged):
    """Subclasses define the columns, ``read_page`` and ``open_row``; their actions ``filter`` or ``search``
    start typing.

    list_title: in the header. empty_message, no_match: displayed without rows. placeholder: of the filter's input.
    fields: what the filter can be about besides words, as in ``user:ada``.
    """

    COLUMNS: ClassVar[tuple[Column, ...]]
    list_title: ClassVar[str]
    empty_message: ClassVar[str]
    no_match: ClassVar[str]
    placeholder: ClassVar[str]
    fields: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *breadcrumbs: str) -> None:
        super().__init__(*(breadcrumbs or (self.list_title,)))
        self.breadcrumbs = breadcrumbs or (self.list_title,)
        self._table = self.make_table()
        self.typed = ""
        self._displayed_for: str | None = None  # what was typed when the rows were read
        self._is_stale = False  # whether the rows are still those of another filter
        self._open_when_answered = False  # Enter was pressed on such rows
        self._pages = Pages(partial(self.read_page, self.typed))

    def make_table(self) -> NewRowTable:
        """The list."""
        return NewRowTable(self.COLUMNS, empty="Loading…", id="list")

    @property
    def table(self) -> NewRowTable:
        return self._table

    @property
    def listed_tables(self) -> Sequence[Table]:
        return [self._table]

    @property
    def title_note(self) -> str:
        """What is said behind the count of rows, such as how many are marked."""
        return ""

    async def read_page(self, typed: str, token: str, size: int) -> tuple[list[Row], str]:
        """The rows of a page that match what is typed, and the token of the next page, empty at the end."""
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
        """The input for the filter, hidden at first."""
        return Input(placeholder=self.placeholder, id="filter", compact=True)

    def on_mount(self) -> None:
        super().on_mount()
        self.set_focus(self.table)

    async def load(self) -> None:
        self.show_pages(await self.read_pages())

    async def read_pages(self) -> Pages[Row]:
        """Read again what is displayed, without displaying it."""
        pages = self._pages
        if self.is_sorted_here:
            await pages.refresh(0, SORTED_ROWS - 1)
        else:
            await pages.refresh(*self.table.window)
        if self.table.misses_new(pages.rows):  # it may be on another page
            await pages.refresh(0, max(0, len(pages.rows) - 1))
            while pages.more and len(pages.rows) < MAX_ROWS_BEFORE_NEW and self.table.misses_new(pages.rows):
                await pages.extend()
        return pages

    @property
    def empty_text(self) -> str:
        """In place of rows where there are none: ``empty_message``, as far as the user can do what it says."""
        return self.empty_message

    def show_pages(self, pages: Pages[Row]) -> None:
        if pages is not self._pages:
            return  # something else has been typed
        empty = unmatched(self.no_match, self.typed, self.fields) if self.typed else self.empty_text
        self.table.show(pages.rows, empty=empty)
        self._show_title()
        if self._displayed_for != self.typed:
            self._displayed_for = self.typed
            self.table.action_first()
        opens = self._open_when_answered
        self._is_stale = self._open_when_answered = False
        if opens:
            self.table.action_open()

    def _show_title(self) -> None:
        count = self.count_text(len(self._pages.rows), has_more=self._pages.more)
        *before, last = self.breadcrumbs
        matching = f" matching “{self.typed}”" if self.typed else ""
        self.header.show_breadcrumbs(*before, f"{last}{matching}", count=f" ({count}){self.title_note}")

    def show_problem(self, problem: str) -> None:
        if self._displayed_for != self.typed or not self.table.row_count:
            self.table.show([], empty=unmatched(self.problem_text(problem), self.typed, self.fields))
        self._is_stale = self._open_when_answered = False

    def problem_text(self, problem: str) -> str:
        """The message in place of rows when loading failed."""
        return f"{problem}\n{self.retry_note}"

    def is_live(self, action: str) -> bool:
        if action in {"open", "copy"}:
            return self.table.row_count > 0
        if action == "back":
            return bool(self.typed or isinstance(self.focused, Input) or len(self.app.screen_stack) > 1)
        return True

    def action_filter(self) -> None:
        self.filter_line.display = True
        self.set_focus(self.filter_line)

    def action_search(self) -> None:
        self.action_filter()

    def action_back(self) -> None:
        """Clear the filter or, if there is none, leave the screen."""
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
        """Load from the first page: the filter or the order has changed."""
        self._begin()
        self.reload()

    def _begin(self) -> None:
        self._pages = Pages(partial(self.read_page, self.typed))
        self._displayed_for = None

    @property
    def has_all_rows(self) -> bool:
        """Whether every row there is has been loaded."""
        return not self._pages.more

    def rearranged(self) -> None:
        self._show_title()  # until more is read, these rows are sorted
        self.restart()

    @on(Input.Changed, "#filter")
    def _typed(self, event: Input.Changed) -> None:
        if event.value.strip() != self.typed:
            self.typed = event.value.strip()
            self._is_stale, self._open_when_answered = True, False
            self._begin()
            self.reload_typed()

    @on(Input.Submitted, "#filter")
    def _submitted(self) -> None:
        """Enter keeps the filter."""
        self.set_focus(self.table)
        self.filter_line.display = bool(self.typed)

    @on(Table.NearEnd)
    def _near_end(self) -> None:
        if self._pages.more and not self.is_sorted_here:  # those that come next may belong anywhere
            self.fetch("more", partial(self._load_more, self._pages))

    async def _load_more(self, pages: Pages[Row]) -> None:
        await self.console_app.connection.ready.wait()
        try:
            await pages.extend()
        except CallError:
            return  # the list's own load shows the problem
        self.show_pages(pages)

    @on(Table.Opened, "#list")
    def _opened(self, event: Table.Opened) -> None:
        if self._is_stale:
            self._open_when_answered = True
        elif event.key is not None:
            self.open_row(event.key)

    @on(Table.Highlighted, "#list")
    def _highlighted(self) -> None:
        if self._pages.has_stale and self._pages.is_stale(*self.table.window):
            self.reload()
        self.highlighted()
        self.post_message(LivenessChanged())

    def highlighted(self) -> None:
        """Called when the cursor moves to another row."""
