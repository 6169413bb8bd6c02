"""Timestamps as short ages and as local times, which name their time zone."""

import time
from datetime import datetime

UNKNOWN = "?"
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
    """A timestamp as date and time in the user's time zone, to the minute, and that zone: ``2026-11-12 09:24 UTC``,
    ``2026-11-12 10:24 +01:00``."""
    local = _local(milliseconds)
    if local is None:
        return UNKNOWN
    offset = f"{local:%z}"[:5]
    return f"{local:%Y-%m-%d %H:%M} {f'{offset[:3]}:{offset[3:]}' if offset.strip('+-0') else 'UTC'}"


def day(milliseconds: int) -> str:
    """The date of a timestamp in the user's time zone."""
    local = _local(milliseconds)
    return UNKNOWN if local is None else f"{local:%Y-%m-%d}"


def span(start: int, end: int | None) -> str:
    """From one timestamp to another in at most 23 cells: dates, or times within one day; None is now."""
    began, ended = _local(start), _local(end) if end is not None else None
    if end is None or began is None or ended is None:
        return f"{day(start)} – {'now' if end is None else day(end)}"
    is_same_day = began.date() == ended.date()
    return f"{began:%Y-%m-%d %H:%M}–{ended:%H:%M}" if is_same_day else f"{began:%Y-%m-%d} – {ended:%Y-%m-%d}"


def _local(milliseconds: int) -> datetime | None:
    """None if out of range: a year of five digits, or a wrong clock."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000).astimezone()
    except (ValueError, OverflowError, OSError):
        return None
