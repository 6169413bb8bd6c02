"""Times as people read them in a narrow column."""

import time
from datetime import datetime

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000}
_STEPS = ((60, "s"), (60, "m"), (24, "h"), (7, "d"), (52, "w"))


def age(milliseconds: int, now: float | None = None) -> str:
    """How long ago a moment was: ``12s``, ``5m``, ``3h``, ``6d``, ``40w``, ``2y``."""
    left = max(0, int((time.time() if now is None else now) - milliseconds / 1000))
    for size, unit in _STEPS:
        if left < size:
            return f"{left}{unit}"
        left //= size
    return f"{left}y"


def moment(milliseconds: int) -> str:
    """A time of day in the user's own zone, to the minute."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000).astimezone().strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError, OSError):
        return "?"  # a year of five digits, or a clock that is wrong


def duration(text: str) -> int:
    """The milliseconds of a time such as ``90s``, ``30m``, ``12h``, ``7d``, ``2w`` or ``1y``. Raises ValueError."""
    count, unit = text[:-1], text[-1:]
    if unit not in _UNITS or not count.isdecimal() or len(count) > 6:
        raise ValueError(f"'{text}' is not a time such as 30m, 12h or 7d")
    return int(count) * _UNITS[unit] * 1000
