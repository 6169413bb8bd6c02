"""Timestamps as short ages and as local times."""

import time
from datetime import datetime

_STEPS = ((60, "s"), (60, "m"), (24, "h"), (7, "d"), (52, "w"))


def age(milliseconds: int, now: float | None = None) -> str:
    """How long ago a timestamp was: ``12s``, ``5m``, ``3h``, ``6d``, ``40w``, ``2y``."""
    left = max(0, int((time.time() if now is None else now) - milliseconds / 1000))
    for size, unit in _STEPS:
        if left < size:
            return f"{left}{unit}"
        left //= size
    return f"{left}y"


def ahead(milliseconds: int, now: float | None = None) -> str:
    """How long it is until a timestamp: ``in 6d``."""
    before = time.time() if now is None else now
    return f"in {age(int(2000 * before) - milliseconds, before)}"


def moment(milliseconds: int) -> str:
    """A timestamp as date and time in the user's time zone, to the minute."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000).astimezone().strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError, OSError):
        return "?"  # out of range: a year of five digits, or a wrong clock


def span(start: int, end: int | None) -> str:
    """From one timestamp to another in at most 23 cells: dates, or times within one day; None is now."""
    began = moment(start)
    if end is None:
        return f"{began[:10]} – now"
    ended = moment(end)
    return f"{began}–{ended[11:]}" if began[:10] == ended[:10] else f"{began[:10]} – {ended[:10]}"
