"""A bar chart of the stage transitions per day."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from textual_plot import AxisFormatter, HiResMode, PlotWidget

from tui_registry.queries.activity_labels import TRANSITIONS, per_day_title
from tui_registry_server.wire.activity import FeedActivity

DAYS = 30


class Timeline(PlotWidget, can_focus=False):
    """The last DAYS days, today at the right."""

    def __init__(self) -> None:
        super().__init__(id="timeline", allow_pan_and_zoom=False)
        self.counts: Counter[date] = Counter()

    def on_mount(self) -> None:
        super().on_mount()
        self.margin_top = 1

    def show(self, activities: Iterable[FeedActivity], today: date | None = None) -> None:
        """Count the transitions among these by day in the user's time zone."""
        today = today or datetime.now().astimezone().date()
        self.counts = per_day(activities)
        days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
        heights = [self.counts[day] for day in days]
        highest = max(1, *heights)
        self.clear()
        self.bar(range(DAYS), heights, width=0.8, bar_style="green", hires_mode=HiResMode.HALFBLOCK)
        self.set_xlimits(-1, DAYS + 1)
        self.set_ylimits(0, highest * 1.1)
        self.set_yticks([0, highest])
        self.set_x_formatter(_Days(days))
        self.set_xlabel(per_day_title(sum(heights), DAYS))


def per_day(activities: Iterable[FeedActivity]) -> Counter[date]:
    """The number of transitions on each day in the user's time zone."""
    moments = (each.creation_timestamp / 1000 for each in activities if each.activity_type in TRANSITIONS)
    return Counter(datetime.fromtimestamp(moment).astimezone().date() for moment in moments)


class _Days(AxisFormatter):
    """Short dates."""

    def __init__(self, days: Sequence[date]) -> None:
        self._days = days

    def get_ticks(self, min_: float, max_: float, max_ticks: int = 8) -> list[float]:
        """A week apart, back from today."""
        return [float(number) for number in range(len(self._days)) if (len(self._days) - 1 - number) % 7 == 0]

    def get_labels_for_ticks(self, ticks: Sequence[float]) -> list[str]:
        return [self._days[round(tick)].strftime("%b %d") for tick in ticks]
