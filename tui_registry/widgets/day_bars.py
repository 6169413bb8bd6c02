"""A small bar chart of stage transitions per day, in characters: the numbers above the bars, the dates below."""

from collections.abc import Sequence
from datetime import date

from textual.content import Content
from textual.widgets import Static

from tui_registry.queries.activity_labels import per_day_title

EIGHTHS = " ▁▂▃▄▅▆▇█"
MAX_BAR_LINES = 8
MIN_DAY_CELLS, MAX_DAY_CELLS = 3, 9  # with the gap behind each
TWO_DIGITS = 99  # up to which a count has room in MIN_DAY_CELLS
FRAME_LINES = 3  # the title, the numbers of the highest bars, the dates


class DayBars(Static, can_focus=False):
    """As many of the last days as there is room for, as its title says, the newest at the right; as high as there is
    room."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # as Textual names it
        super().__init__("", id=id, markup=False)
        self._days: list[tuple[date, int]] = []

    def show(self, days: Sequence[tuple[date, int]]) -> None:
        """``days``: each with its count, oldest first. Nothing is drawn without any."""
        self._days = list(days)
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        width, height = self.content_size
        self.update(bars(self._days, width, height) if self._days else Content(""))


def bars(days: Sequence[tuple[date, int]], width: int, height: int) -> Content:
    """The chart in at most ``width`` cells and ``height`` lines; empty where it has no room."""
    least = MIN_DAY_CELLS + any(count > TWO_DIGITS for _, count in days)
    shown = days[-(width // least) :] if width >= least else []
    lines = min(MAX_BAR_LINES, height - FRAME_LINES)
    if not shown or lines < 1:
        return Content("")
    cells = min(MAX_DAY_CELLS, width // len(shown))
    highest = max(count for _, count in shown)
    # Each count is drawn on the line above its bar.
    heights = [-(-count * lines * 8 // highest) if highest else 0 for _, count in shown]
    tops = [-(-height // 8) for height in heights]
    title = per_day_title(sum(count for _, count in shown), len(shown))
    drawn = [Content.styled(title, "bold")]
    for line in range(lines, -1, -1):
        parts: list[tuple[str, str]] = []
        for (_, count), height_in_eighths, top in zip(shown, heights, tops, strict=True):
            if line == top:
                parts.append((_centred(_short(count, cells), cells), "dim" if not count else ""))
            else:
                eighths = max(0, min(8, height_in_eighths - line * 8))
                bar = EIGHTHS[eighths] * (cells - 1)
                parts.append((f"{bar} ", "green"))
        drawn.append(Content.assemble(*parts))
    drawn.append(Content.styled("".join(_centred(_date(day, cells), cells) for day, _ in shown), "dim"))
    return Content("\n").join(drawn)


def _date(day: date, cells: int) -> str:
    """Short enough to leave a gap: Nov 26 or 26."""
    long = day.strftime("%b %d")
    return long if len(long) < cells else day.strftime("%d")


def _short(count: int, cells: int) -> str:
    """A count that leaves a gap: 12345 or 12k."""
    return str(count) if len(str(count)) < cells else f"{count // 1000}k"


def _centred(text: str, cells: int) -> str:
    """Above or below a bar, with a gap behind it."""
    return f"{text:^{cells - 1}} "
