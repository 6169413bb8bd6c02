"""When scheduled backups are due, what their files are called, and which of them are kept."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tui_registry_server.rules.errors import InvalidParameterValue

KEPT = 24  # the default number of backups that are kept
UNITS = {"s": 1, "m": 60, "h": 60 * 60, "d": 24 * 60 * 60}
LONGEST = 366 * UNITS["d"]  # seconds

_DURATION = re.compile("([1-9][0-9]{0,8})([smhd])")
_TIME = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(r"registry-([0-9]+)-([0-9]{8}T[0-9]{6}Z)\.db", re.ASCII)


@dataclass(frozen=True, slots=True)
class BackupSchedule:
    """Back the registry at ``location``, a path or a URL, up into an existing folder ``every`` so many seconds, and
    ``keep`` the newest ones."""

    location: str
    folder: Path
    every: int
    keep: int = KEPT


def seconds_of(text: str) -> int:
    """The seconds of a duration such as ``1h``, ``30m`` or ``1d``. Raises InvalidParameterValue."""
    match = _DURATION.fullmatch(text)
    seconds = int(match[1]) * UNITS[match[2]] if match else 0
    if not 0 < seconds <= LONGEST:
        raise InvalidParameterValue(f"'{text}' is not a duration such as 30m, 1h or 1d, of at most 366 days.")
    return seconds


def file_name(registry: int, now: int) -> str:
    """The name of a backup that begins now (milliseconds since the epoch) of the registry with this workspace id, which
    its backups share and no other registry's have."""
    return f"registry-{registry}-{datetime.fromtimestamp(now // 1000, UTC):{_TIME}}.db"


def time_of(name: str, registry: int | None = None) -> int | None:
    """When the backup of this name began, in milliseconds since the epoch; None if no backup, of this registry if it is
    given, has such a name."""
    match = _NAME.fullmatch(name)
    if match is None or (registry is not None and match[1] != str(registry)):
        return None
    try:
        return int(datetime.strptime(match[2], _TIME).replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError:  # the 31st of February
        return None


def newest(names: Iterable[str], registry: int, now: int) -> str | None:
    """The name of the registry's newest backup. One from the future does not count: the clock was set back."""
    past = (name for name in names if (time := time_of(name, registry)) is not None and time <= now)
    return max(past, default=None)


def superfluous(names: Iterable[str], registry: int, keep: int) -> list[str]:
    """The registry's backups but for its newest ones."""
    own = sorted((name for name in names if time_of(name, registry) is not None), reverse=True)
    return own[keep:]
