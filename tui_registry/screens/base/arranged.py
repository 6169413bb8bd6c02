"""Places whose rows can be sorted, and whose columns can be chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from textual.widgets import Input

from tui_registry.screens.base.place import Place
from tui_registry.session.arrangement import Arrangement, Sort
from tui_registry.session.saved_view import SavedView
from tui_registry.terminal.sanitize import one_line
from tui_registry.widgets.columns import BY_TEXT, Column, current_name
from tui_registry.widgets.table import Table

SORTED_ROWS = 5_000  # that are read to sort them here, where the server cannot


class Arranged(Place):
    """Subclasses define ``rearranged``.

    own_order: the order in which the server sends the rows without being asked for another, if it is that of a column.
    own_columns: those displayed without being chosen, by their names; None for all that are not hidden.
    server_orders: what the server calls the columns by which it can sort; all others are sorted here.
    """

    own_order: ClassVar[Sort | None] = None
    own_columns: tuple[str, ...] | None = None
    server_orders: ClassVar[Mapping[str, str]] = {}

    def __init__(self, *breadcrumbs: str) -> None:
        super().__init__(*breadcrumbs)
        self.arrangement = self.console_app.arrangements.of_place(self.place)

    @property
    def listed_tables(self) -> Sequence[Table]:
        """The tables that are arranged, all in the same way."""
        return self.walk_children(Table)

    @property
    def current_table(self) -> Table:
        """The one with the cursor."""
        tables = self.listed_tables
        return next((table for table in tables if table.has_focus), tables[0])

    @property
    def known_columns(self) -> Sequence[Column]:
        """Every column that can be displayed."""
        return self.current_table.columns

    @property
    def sort(self) -> Sort | None:
        """The order of the rows, if it is that of a column."""
        return self.arrangement.sort or self.own_order

    @property
    def is_sorted_here(self) -> bool:
        """Whether the rows are sorted here, and not by the server."""
        return self.sort not in {None, self.own_order} and not self.server_order

    @property
    def server_order(self) -> str:
        """The server's ``order_by``, empty for its own order."""
        sort = self.arrangement.sort
        key = self.server_key(sort.column) if sort else ""
        return f"{key} {'DESC' if sort and sort.is_descending else 'ASC'}" if key else ""

    def server_key(self, column: str) -> str:
        """What the server calls a column, by its name; empty if it cannot sort by it."""
        return self.server_orders.get(column, "")

    @property
    def has_all_rows(self) -> bool:
        """Whether every row there is has been loaded."""
        return True

    def on_mount(self) -> None:
        self.arrangement = _with_current_names(self.arrangement, self.known_columns)
        self.arrange_tables()
        super().on_mount()

    def arrange_tables(self) -> None:
        shown = Arrangement(self.sort, self.arrangement.columns or self.own_columns)
        for table in self.listed_tables:
            table.arrange_rows(shown, sorts_rows=self.is_sorted_here)

    def rearranged(self) -> None:
        """Called when the rows have to be in another order. Reads them again, where the server sorts them."""
        raise NotImplementedError

    def use_arrangement(self, arrangement: Arrangement) -> None:
        """Display the rows in another order or with other columns."""
        is_sorted_anew = arrangement.sort != self.arrangement.sort
        self.arrangement = arrangement
        self.arrange_tables()
        if is_sorted_anew:
            for table in self.listed_tables:
                table.action_first()
            self.rearranged()

    def show_view(self, name: str, view: SavedView) -> None:
        """Filter, sort and display the columns as in a saved view, but do not keep that as the place's arrangement."""
        unknown = unknown_columns(view, self.known_columns)
        if unknown:
            problems = "\n".join(map(one_line, unknown))
            self.notify(problems, title=f"Not all of the view {name}", severity="warning", markup=False, timeout=20)
        known = {column.name for column in self.known_columns if column.sorting is not None}
        wanted = Arrangement(
            Sort.parse(view.sort.casefold()) if view.sort else None, tuple(map(str.casefold, view.columns)) or None
        )
        wanted = _with_current_names(wanted, self.known_columns)
        line = self.query_one("#filter", Input)
        line.display = bool(view.filter)
        line.value = view.filter
        is_sortable = wanted.sort is not None and wanted.sort.column in known
        self.use_arrangement(wanted if is_sortable else replace(wanted, sort=None))

    def search_for(self, typed: str) -> None:
        """Filter by ``typed``, as if it had been typed here and kept; everything, if it is empty."""
        line = self.query_one("#filter", Input)
        line.display = bool(typed)
        line.value = typed
        self.set_focus(self.current_table)

    def order_note(self) -> str:
        """The chosen order, to be added to the title, where no column title shows it; empty if one does."""
        sort = self.arrangement.sort
        if sort is None or sort.column in self.current_table.drawn_columns:
            return ""
        sorting = next((each.sorting for each in self.known_columns if each.name == sort.column), None) or BY_TEXT
        return f", by {sort.column} {sorting.arrow(is_descending=sort.is_descending)}"

    def count_text(self, count: int, *, has_more: bool) -> str:
        """How many rows there are, and whether these are all."""
        if has_more and self.is_sorted_here:
            return f"first {count:,} only{self.order_note()}"
        return f"{count}{'+' if has_more else ''}{self.order_note()}"


def _with_current_names(arrangement: Arrangement, columns: Sequence[Column]) -> Arrangement:
    """An arrangement that may have been saved when some columns had other names."""
    sort, chosen = arrangement.sort, arrangement.columns
    return Arrangement(
        None if sort is None else replace(sort, column=current_name(columns, sort.column)),
        None if chosen is None else tuple(dict.fromkeys(current_name(columns, each) for each in chosen)),
    )


def unknown_columns(view: SavedView, columns: Sequence[Column]) -> list[str]:
    """What a saved view says about columns that do not exist, and which do."""
    names = [column.name for column in columns]
    sortable = [column.name for column in columns if column.sorting is not None]
    problems = [
        f"{view.place} has no column '{each}': use {', '.join(names)}"
        for each in view.columns
        if current_name(columns, each.casefold()) not in names
    ]
    if view.sort and current_name(columns, Sort.parse(view.sort).column.casefold()) not in sortable:
        problems.append(
            f"{view.place} cannot be sorted by '{view.sort}': use {', '.join(sortable)}, with asc or desc behind it"
        )
    return problems
