"""How the rows of a place are arranged: by which column they are sorted, and which columns are displayed."""

from dataclasses import dataclass

DIRECTIONS = {"asc": False, "desc": True}
"""How they are written: whether each is descending."""


@dataclass(frozen=True, slots=True)
class Sort:
    """By a column, by its name."""

    column: str
    is_descending: bool = False

    def __str__(self) -> str:
        return f"{self.column} {'desc' if self.is_descending else 'asc'}"

    @classmethod
    def parse(cls, text: str) -> "Sort":
        """``age desc``, ``requested by asc``, or only the column's name for the ascending order."""
        column, _, direction = text.strip().rpartition(" ")
        if column and direction.casefold() in DIRECTIONS:
            return cls(column.strip(), DIRECTIONS[direction.casefold()])
        return cls(text.strip())


@dataclass(frozen=True, slots=True)
class Arrangement:
    """``sort`` is None for the place's own order, ``columns`` is None for its own columns, else their names in
    order."""

    sort: Sort | None = None
    columns: tuple[str, ...] | None = None
