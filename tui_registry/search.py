"""From what is typed in a search line to the registry's filter grammar."""

import re
import time
from datetime import datetime
from typing import TypedDict

from tui_registry.widgets.activities import WORDS
from tui_registry_server.wire.activity import ActivityType
from tui_registry_server.wire.stage import Stage


def models_filter(typed: str) -> str:
    """Words that the name contains, in any letter case; ``stage:production``, ``user:ada`` (who made it) and
    ``tag:team=risk`` or ``tag:team``; after ``=``, a filter as the registry takes it."""
    typed = typed.strip()
    if typed.startswith("="):
        return typed[1:].strip()
    return " AND ".join(_comparison(word) for word in typed.split())


def versions_filter(typed: str, stage: Stage) -> str:
    """The same, for the versions at a stage."""
    narrowed = models_filter(typed)
    at = f"stage = '{stage}'"
    return f"{narrowed} AND {at}" if narrowed else at


def _comparison(word: str) -> str:
    key, colon, value = word.partition(":")
    if colon and key == "user":
        return f"user_id ILIKE {quoted(f'%{value}%')}"
    if colon and key == "stage":
        return f"stage = {quoted(_stage(value))}"
    if colon and key == "tag":
        tag, equals, wanted = value.partition("=")
        return f"tags.`{tag}` = {quoted(wanted)}" if equals else f"tags.`{tag}` LIKE '%'"
    return f"name ILIKE {quoted(f'%{word}%')}"


def _stage(typed: str) -> str:
    """The stage that begins so; what was typed, if none does: the server says which there are."""
    return next((stage.value for stage in Stage if stage.value.casefold().startswith(typed.casefold())), typed)


class ActivityFilter(TypedDict, total=False):
    """What RegistryClient.activities takes."""

    name: str
    version: str
    user: str
    activity_type: list[str]
    since: int
    until: int


UNITS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
"""Seconds of the units of a length of time."""


def activity_filter(typed: str, now: float | None = None) -> ActivityFilter:
    """``user:NAME``, ``type:PART`` of a kind's name or of the word for it, ``since:7d`` and ``until:2026-11-01`` (a
    length of time before now, or a day), and what is left over, a model's name."""
    chosen: ActivityFilter = {}
    name: list[str] = []
    now = time.time() if now is None else now
    for word in typed.split():
        key, colon, value = word.partition(":")
        if colon and key == "user":
            chosen["user"] = value
        elif colon and key == "type":
            chosen["activity_type"] = kinds_named(value) or [value]  # the server says which there are
        elif colon and key in ("since", "from") and (moment := moment_meant(value, now)) is not None:
            chosen["since"] = moment
        elif colon and key in ("until", "to") and (moment := moment_meant(value, now)) is not None:
            chosen["until"] = moment
        elif colon and key in ("since", "from", "until", "to"):
            continue  # not typed to its end
        else:
            name.append(word)
    if name:
        chosen["name"] = " ".join(name)
    return chosen


def kinds_named(part: str) -> list[str]:
    """The kinds of activities with this in their names, or in what people call them, in any letter case."""
    return [kind.value for kind in ActivityType if part.casefold() in f"{kind.value} {WORDS.get(kind, '')}".casefold()]


def moment_meant(typed: str, now: float) -> int | None:
    """What ``7d`` (so long before now) or ``2026-11-01`` means, in milliseconds since the epoch; None if nothing."""
    if length := re.fullmatch(r"(\d{1,5})([mhdw])", typed):
        return max(0, int((now - int(length[1]) * UNITS[length[2]]) * 1000))
    try:
        return max(0, int(datetime.fromisoformat(typed).astimezone().timestamp() * 1000))
    except (ValueError, OverflowError):  # no date, or one that no zone has
        return None


def named(name: str) -> str:
    """The versions of a model, and where its name has both kinds of quotes perhaps those of models named much alike:
    compare the names of what is found."""
    comparator = "LIKE" if "'" in name and '"' in name else "="
    return f"name {comparator} {quoted(name)}"


def quoted(value: str) -> str:
    """A value in quotes. The grammar has no escapes, so one that has both kinds of quotes loses the single ones to
    ``_``, which stands for any character where values are compared by pattern."""
    if "'" not in value:
        return f"'{value}'"
    if '"' not in value:
        return f'"{value}"'
    return "'" + value.replace("'", "_") + "'"
