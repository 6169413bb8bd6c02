"""The columns of a table, and how wide each is drawn."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

GAP_CELLS = 2  # between columns
MIN_COLUMN_CELLS = 8  # below which no column is narrowed
FEW_CELLS = 4  # that a column lacks, and has before the longest texts of another are shown in full


@dataclass(frozen=True, slots=True)
class Sorting:
    """The directions in which a column is sorted, as they are called; which one comes first; and whether the displayed
    texts grow where the values fall, as ages do that stand for times."""

    ascending: str
    descending: str
    is_descending_first: bool = False
    is_displayed_inversely: bool = False

    def direction(self, *, is_descending: bool) -> str:
        return self.descending if is_descending else self.ascending

    def arrow(self, *, is_descending: bool) -> str:
        """The direction of what is displayed: upwards where the least is on top."""
        return "▲" if is_descending is self.is_displayed_inversely else "▼"


BY_TEXT = Sorting("A to Z", "Z to A")
BY_NUMBER = Sorting("lowest first", "highest first", is_descending_first=True)
BY_TIME = Sorting("oldest first", "newest first", is_descending_first=True)
BY_AGE = replace(BY_TIME, is_displayed_inversely=True)
"""Of a time that is displayed as how long ago it was."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column.

    Each is as wide as its contents, where there is room. Where there is none, columns are dropped, the highest
    ``priority`` number first, until the others have ``width`` cells or what they need, and those without ``grow`` all
    they need up to ``max_width``; those with 0 are narrowed instead, those with ``grow`` first. What is left goes to
    the lowest numbers first, within one number by the shares in ``grow``: to those with 0 what they need, to the others
    what most rows need, if that is FEW_CELLS, then what all need. Only then is a column widened beyond ``max_width``
    cells.

    least: cells of what must not be cut, such as a request in a column of descriptions. short_title: displayed where
    there is no room for the title. is_cut_in_middle: whether texts that have no room keep their ends, as names do,
    which often differ there. sorting: None if rows cannot be sorted by it. is_hidden: whether it is only displayed if
    the user chooses it. key: its name, if that is not the title. former: names that it has had, by which users'
    settings may still call it.
    """

    title: str
    width: int
    priority: int = 0
    grow: int = 0
    max_width: int = 1000
    least: int = 0
    short_title: str = ""
    is_cut_in_middle: bool = False
    sorting: Sorting | None = BY_TEXT
    is_hidden: bool = False
    key: str = ""
    former: tuple[str, ...] = ()

    def arrow(self, *, is_descending: bool) -> str:
        return (self.sorting or BY_TEXT).arrow(is_descending=is_descending)

    @property
    def name(self) -> str:
        """Its name in settings and exports. It stays when the title is changed."""
        return self.key or self.title.casefold()


def current_name(columns: Sequence[Column], name: str) -> str:
    """What a column is called that may have had this name; the name itself, if there is no such column."""
    found = (column.name for column in columns if name in column.former)
    return name if any(column.name == name for column in columns) else next(found, name)


def chosen_columns(columns: Sequence[Column], names: Sequence[str] | None) -> list[tuple[int, Column]]:
    """The columns with these names, in this order, each with its index; the default ones, if there are none of them."""
    by_name = {column.name: (index, column) for index, column in enumerate(columns)}
    chosen = [by_name[name] for name in names or () if name in by_name]
    return chosen or [(index, column) for index, column in enumerate(columns) if not column.is_hidden]


class Needed(NamedTuple):
    """How many cells the contents of a column take, with its short title: those of nine in ten rows, and of all; and
    its whole title."""

    typical: int
    most: int
    title: int = 0


def lay_out(columns: Sequence[tuple[int, Column]], needed: Mapping[int, Needed], room: int) -> list[tuple[int, int]]:
    """The columns that fit into ``room`` cells: the index and the width of each. ``needed`` is by index; columns that
    are not in it take their ``width``. With more room there are the same columns, or more."""
    known = {index: needed.get(index, Needed(column.width, column.width)) for index, column in columns}
    titled = {index: Needed(max(each.typical, each.title), max(each.most, each.title)) for index, each in known.items()}
    kept = _kept(columns, titled, room)
    widths = _fit(kept, titled, room)
    lacks = any(widths[index] < min(titled[index].typical, each.max_width) for index, each in kept if not each.priority)
    return list((_fit(kept, known, room) if lacks else widths).items())


def _least(column: Column, needed: Needed) -> int:
    return min(needed.most, column.width if column.grow else column.max_width)


def _kept(
    columns: Sequence[tuple[int, Column]], needed: Mapping[int, Needed], room: int
) -> Sequence[tuple[int, Column]]:
    """The columns that are not dropped."""
    kept = list(columns)
    while (
        len(kept) > 1
        and any(column.priority for _, column in kept)
        and _total(_least(column, needed[index]) for index, column in kept) > room
    ):
        kept.remove(max(kept, key=lambda each: (each[1].priority, kept.index(each))))
    while len(kept) > 1 and _total(min(MIN_COLUMN_CELLS, _least(each, needed[index])) for index, each in kept) > room:
        kept.pop()
    return kept


def _fit(kept: Sequence[tuple[int, Column]], known: Mapping[int, Needed], room: int) -> dict[int, int]:
    """The widths of columns by their indexes."""
    widths = {index: _least(column, known[index]) for index, column in kept}
    growing = {index for index, column in kept if column.grow}
    while _total(widths.values()) > room:
        wide = [index for index in widths if index in growing and widths[index] > MIN_COLUMN_CELLS]
        widths[max(wide or widths, key=widths.__getitem__)] -= 1
    first, others = ([each for each in kept if bool(each[1].priority) is is_other] for is_other in (False, True))
    typical = {index: min(known[index].typical, column.max_width) for index, column in kept}
    most = {index: min(known[index].most, column.max_width) for index, column in kept}
    lacking = sum(max(0, typical[index] - widths[index]) for index, _ in first) + _total(widths.values()) - room
    for index, column in sorted(others, key=lambda each: each[1].priority, reverse=True):
        if column.grow and lacking > 0:  # what is less important makes room for what is most important
            given = min(lacking, max(0, widths[index] - _floor(column)))
            widths[index] -= given
            lacking -= given
    nearly = {index: typical[index] if typical[index] - widths[index] <= FEW_CELLS else widths[index] for index in most}
    for level, goals in (
        (first, typical),
        (others, nearly),
        (first, most),
        (others, typical),
        (others, most),
        (kept, {index: known[index].most for index, _ in kept}),
    ):
        for priority in sorted({column.priority for _, column in level}):
            same = [(index, column) for index, column in level if column.priority == priority]
            _widen(widths, same, goals, room - _total(widths.values()))
    return widths


def _floor(column: Column) -> int:
    """Cells below which no other column gets some of it."""
    return max(MIN_COLUMN_CELLS, column.least, column.width * 3 // 4)


def _widen(
    widths: dict[int, int], columns: Collection[tuple[int, Column]], goals: Mapping[int, int], left: int
) -> None:
    """Widen columns of one priority: first those that have no share, then the others by their shares."""
    for index, column in columns:
        if not column.grow and goals[index] > widths[index]:
            more = min(goals[index] - widths[index], left)
            widths[index] += more
            left -= more
    growing = [each for each in columns if each[1].grow and widths[each[0]] < goals[each[0]]]
    while left > 0 and growing:
        shares = sum(column.grow for _, column in growing)
        portion = left
        for index, column in growing:
            more = min(max(1, portion * column.grow // shares), goals[index] - widths[index], left)
            widths[index] += more
            left -= more
        growing = [each for each in growing if widths[each[0]] < goals[each[0]]]


def _total(widths: Iterable[int]) -> int:
    """Cells of columns of these widths, including the gaps between them."""
    widths = list(widths)
    return sum(widths) + GAP_CELLS * (len(widths) - 1)
