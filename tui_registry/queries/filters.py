"""From what is typed in a search line to the registry's filter grammar."""

import re
import time
from datetime import datetime
from typing import TypedDict
from urllib.parse import quote

from tui_registry.queries.activity_words import WORDS
from tui_registry_server.wire.activity import ActivityType
from tui_registry_server.wire.stage import Stage

_PLAIN = re.compile(r"[^'\"\\\x00-\x1f\x7f\ud800-\udfff]*")


def models_filter(typed: str) -> str:
    """Words that the name contains, in any letter case; ``stage:production``, ``user:ada`` (who made it) and
    ``tag:team=risk`` or ``tag:team``; after ``=``, a filter as the registry takes it."""
    typed = typed.strip()
    if typed.startswith("="):
        return typed[1:].strip()
    return " AND ".join(_comparison(word) for word in typed.split())


def is_words(typed: str) -> bool:
    """Whether what is typed is only words of a name."""
    return bool(typed.strip()) and all(_comparison(word).startswith("name ") for word in typed.split())


def begins(name: str, typed: str) -> bool:
    """Whether a name begins with what is typed, in any letter case."""
    return name[: len(typed)].casefold() == typed.casefold()


def called(typed: str) -> str:
    """The models whose name is this, in any letter case."""
    return f"name ILIKE {text(_wider(typed))} AND {containing('name', typed)}"


def beginning(typed: str) -> str:
    """The models whose names begin with this, in any letter case, and perhaps some that only contain it."""
    return f"name ILIKE {text(f'{_wider(typed)}%')} AND {containing('name', typed)}"


def _wider(typed: str) -> str:
    """A pattern that is as long as what is typed, and matches it."""
    return typed.replace("%", "_")


def versions_filter(typed: str, stage: Stage) -> str:
    """The same, for the versions at a stage."""
    narrowed = models_filter(typed)
    at = f"stage = '{stage}'"
    return f"{narrowed} AND {at}" if narrowed else at


def _comparison(word: str) -> str:
    key, colon, value = word.partition(":")
    if colon and key == "user":
        return containing("user_id", value)
    if colon and key == "stage":
        return f"stage = {text(_stage(value))}"
    if colon and key == "tag":
        tag, equals, wanted = value.partition("=")
        return f"tags.`{tag}` = {text(wanted)}" if equals else f"tags.`{tag}` LIKE '%'"
    return containing("name", word)


def containing(attribute: str, word: str) -> str:
    """What has a word in it, which stands for itself, in any letter case."""
    return f"{attribute} CONTAINS {text(word)}"


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
    """The versions of a model."""
    return f"name = {text(name)}"


def text(value: str) -> str:
    """A text in the registry's grammar. MLflow's has no escapes, so what is not plain is written in the registry's own
    way, percent-encoded."""
    return f"'{value}'" if _PLAIN.fullmatch(value) else f"u'{quote(value, safe=' ', errors='surrogateescape')}'"
