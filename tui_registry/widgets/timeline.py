"""A bar chart of the stage transitions per day."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from tui_registry.queries.activity_labels import TRANSITIONS
from tui_registry.widgets.day_bars import DayBars
from tui_registry_server.wire.activity import FeedActivity
from tui_registry_server.wire.overview_defaults import LAST_DAYS


class Timeline(DayBars):
    """The last LAST_DAYS days, as on the overview, today at the right."""

    def __init__(self) -> None:
        super().__init__(id="timeline")

    def count(self, activities: Iterable[FeedActivity], today: date | None = None) -> None:
        """Show the transitions among these by day in the user's time zone."""
        today = today or datetime.now().astimezone().date()
        counts = per_day(activities)
        days = [today - timedelta(days=back) for back in reversed(range(LAST_DAYS))]
        self.show([(day, counts[day]) for day in days])


def per_day(activities: Iterable[FeedActivity]) -> Counter[date]:
    """The number of transitions on each day in the user's time zone."""
    moments = (each.creation_timestamp / 1000 for each in activities if each.activity_type in TRANSITIONS)
    return Counter(datetime.fromtimestamp(moment).astimezone().date() for moment in moments)
