"""The times of the demo: on working days before now, during working hours, or some minutes ago.

Random times are positions on an axis of working hours: 0 is the end of the last working day, -10 its beginning, -20 the
beginning of the day before. Every day has HOURS of them, weekends have none.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

DAY_START = 8.0  # o'clock
HOURS = 10.0
NIGHT = timedelta(hours=6)
"""Today starts at six in the morning, so that minutes ago is later than all working days, at any time."""

MAX_MINUTES_AGO = 350
"""The maximum of Minutes.ago, for the same reason."""


@dataclass(frozen=True, slots=True)
class Workday:
    """A working day before today, 1 being the last one, and an hour, such as 15.5 for half past three."""

    ago: int
    hour: float

    @property
    def position(self) -> float:
        """On the axis of working hours."""
        return -self.ago * HOURS + min(max(self.hour - DAY_START, 0.0), HOURS)


@dataclass(frozen=True, slots=True)
class Minutes:
    """A number of minutes ago."""

    ago: float

    def __post_init__(self) -> None:
        if not 0 <= self.ago <= MAX_MINUTES_AGO:
            raise ValueError(f"{self.ago} minutes ago is not recent; name a working day")

    @property
    def position(self) -> float:
        """After all working days."""
        return 0.0


When = Workday | Minutes


class Clock:
    """Converts times of the demo to milliseconds since the epoch. Working hours are in the time zone of ``now``."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._today = (now - NIGHT).replace(hour=0, minute=0, second=0, microsecond=0)

    def at(self, when: When) -> int:
        if isinstance(when, Minutes):
            return _milliseconds(self._now - timedelta(minutes=when.ago))
        monday = self._today - timedelta(days=self._today.weekday())
        weeks, weekday = divmod(min(self._today.weekday(), 5) - when.ago, 5)
        return _milliseconds(monday + timedelta(weeks=weeks, days=weekday, hours=when.hour))

    def working(self, position: float) -> int:
        """The time at a position, below 0, on the axis of working hours."""
        day, hours = divmod(position, HOURS)
        return self.at(Workday(-int(day), DAY_START + hours))

    def date(self, position: float) -> datetime:
        """The same as a datetime."""
        return datetime.fromtimestamp(self.working(position) / 1000, self._now.tzinfo)


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
