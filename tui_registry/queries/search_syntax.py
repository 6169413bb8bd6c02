"""Translating search input into the registry's filter grammar."""

import re
import time
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TypedDict
from urllib.parse import quote

from tui_registry.queries.activity_labels import ACTION_LABELS, FORMER_LABELS
from tui_registry.terminal.sanitize import one_line
from tui_registry_server.wire.activity import ActivityType
from tui_registry_server.wire.stage import Stage

MODEL_FIELDS = ("stage", "user", "tag", "alias", "missing")
VERSION_FIELDS = ("stage", "user", "tag", "alias", "older")
ACTIVITY_FIELDS = ("user", "type", "since", "until")
"""What a search can be about besides words, as in ``user:ada`` or ``user=ada``."""

MISSING = ("description", "owner")

_FIELD = re.compile(r"(?P<field>[A-Za-z][\w-]*)(?P<sign>[:=])(?P<value>.*)", re.DOTALL)
_PLAIN = re.compile(r"[^'\"\\\x00-\x1f\x7f\ud800-\udfff]*")


def models_filter(typed: str) -> str:
    """Words that the name contains, case-insensitive; ``stage:production``, ``user:ada`` (its creator),
    ``tag:team=risk``, ``team=risk`` or ``tag:team``; ``alias:champion``; ``missing:description`` or ``missing:owner``;
    after ``=``, a filter in the registry's grammar."""
    return _filter(typed, MODEL_FIELDS)


def _filter(typed: str, fields: Collection[str]) -> str:
    typed = typed.strip()
    if typed.startswith("="):
        return typed[1:].strip()
    return " AND ".join(filter(None, (_comparison(word, fields) for word in typed.split())))


def is_words(typed: str) -> bool:
    """Whether the input consists only of words of a name."""
    return bool(typed.strip()) and all(_comparison(word, MODEL_FIELDS).startswith("name ") for word in typed.split())


def starts_with(name: str, typed: str) -> bool:
    """Whether a name starts with the input, case-insensitive."""
    return name[: len(typed)].casefold() == typed.casefold()


def name_is(typed: str) -> str:
    """Models with this name, case-insensitive."""
    return f"name ILIKE {text(_like_pattern(typed))} AND {containing('name', typed)}"


def name_starts_with(typed: str) -> str:
    """Models whose names start with this, case-insensitive, and possibly some that only contain it."""
    return f"name ILIKE {text(f'{_like_pattern(typed)}%')} AND {containing('name', typed)}"


def _like_pattern(typed: str) -> str:
    """A LIKE pattern of the same length that matches the input."""
    return typed.replace("%", "_")


def versions_filter(typed: str, stage: Stage) -> str:
    """The same, for the versions in a stage; ``older:90d`` are those that were created so long ago, and none lack
    anything."""
    narrowed = _filter(typed, VERSION_FIELDS)
    at = f"stage = '{stage}'"
    return f"{narrowed} AND {at}" if narrowed else at


def _comparison(word: str, fields: Collection[str]) -> str:
    """The comparison that a word stands for; empty for a time that is not typed completely."""
    field, value = field_of(word, fields) or ("", word)
    if field == "older":
        moment = parse_moment(value, time.time())
        return "" if moment is None else f"creation_timestamp <= {moment}"
    if field == "missing":
        return f"missing = {text(_first_with(value, MISSING))}"
    if field == "alias":
        return f"alias = {text(value)}"
    if field == "user":
        return containing("user_id", value)
    if field == "stage":
        return f"stage = {text(_first_with(value, [stage.value for stage in Stage]))}"
    if field == "tag" or ((parts := _FIELD.fullmatch(word)) and parts["sign"] == "="):
        tag, equals, wanted = value.partition("=")
        return f"tags.`{tag}` = {text(wanted)}" if equals else f"tags.`{tag}` LIKE '%'"
    return containing("name", word)


def field_of(word: str, fields: Collection[str]) -> tuple[str, str] | None:
    """The field and the value of a word such as ``user:ada`` or ``user=ada``, if it is about one of the fields."""
    parts = _FIELD.fullmatch(word)
    return (parts["field"].casefold(), parts["value"]) if parts and parts["field"].casefold() in fields else None


def unmatched(no_match: str, typed: str, fields: Collection[str]) -> str:
    """The message in place of rows that match: with the words that are about a field which does not exist, and those
    that do. Where there are tags, ``key=value`` is one."""
    signs = ":" if "tag" in fields else ":="
    unknown = [
        f"{parts['field']}{parts['sign']}"
        for word in ([] if typed.startswith("=") else typed.split())
        if (parts := _FIELD.fullmatch(word)) and parts["sign"] in signs and parts["field"].casefold() not in fields
    ]
    if not unknown:
        return no_match
    known = f"There {'is' if len(fields) == 1 else 'are'} {', '.join(f'{each}:' for each in fields)} and words."
    return f"{no_match}\nNo field {one_line(unknown[0])} can be searched here. {known if fields else 'Type words.'}"


def both(comparison: str, filter_text: str) -> str:
    """A filter that a comparison narrows; it may be empty."""
    return f"{comparison} AND {filter_text}" if comparison and filter_text else comparison or filter_text


def containing(attribute: str, word: str) -> str:
    """Values that contain this literal word, case-insensitive."""
    return f"{attribute} CONTAINS {text(word)}"


def _first_with(typed: str, values: Iterable[str]) -> str:
    """The first value that starts with the input, or else the input itself: the server's error lists the values."""
    return next((value for value in values if value.casefold().startswith(typed.casefold())), typed)


class ActivityFilter(TypedDict, total=False):
    """The filter arguments of Activities.search."""

    name: str
    version: str
    user: str
    activity_type: list[str]
    since: int
    until: int


SECONDS_PER_UNIT = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
"""Units of durations such as ``7d``."""


def activity_filter(typed: str, now: float | None = None) -> ActivityFilter:
    """``user:NAME``, ``type:PART`` of a type's name or label (of any of several), ``since:7d`` and
    ``until:2026-11-01`` (a duration before now, or a date); the remaining words are a model's name."""
    chosen: ActivityFilter = {}
    name: list[str] = []
    now = time.time() if now is None else now
    for word in typed.split():
        field, value = field_of(word, (*ACTIVITY_FIELDS, "from", "to")) or ("", word)
        if field == "user":
            chosen["user"] = value
        elif field == "type":
            kinds = matching_types(value) or [value]  # the server's error lists the types
            chosen["activity_type"] = [*chosen.get("activity_type", []), *kinds]
        elif field in ("since", "from") and (moment := parse_moment(value, now)) is not None:
            chosen["since"] = moment
        elif field in ("until", "to") and (moment := parse_moment(value, now)) is not None:
            chosen["until"] = moment
        elif not field:
            name.append(word)  # a time that is not typed completely is left out
    if name:
        chosen["name"] = " ".join(name)
    return chosen


def matching_types(part: str) -> list[str]:
    """The activity types with this in their names or labels, case-insensitive."""
    return [
        kind.value
        for kind in ActivityType
        if part.casefold() in f"{kind.value} {ACTION_LABELS.get(kind, '')} {FORMER_LABELS.get(kind, '')}".casefold()
    ]


def parse_moment(typed: str, now: float) -> int | None:
    """Parse ``7d`` (a duration before now) or ``2026-11-01`` into milliseconds since the epoch; None if invalid."""
    if (length := parse_duration(typed)) is not None:
        return max(0, int((now - length) * 1000))
    try:
        return max(0, int(datetime.fromisoformat(typed).astimezone().timestamp() * 1000))
    except (ValueError, OverflowError):  # not a date, or one outside the range
        return None


def parse_duration(typed: str) -> int | None:
    """Parse ``7d`` into seconds; None if invalid."""
    length = re.fullmatch(r"(\d{1,5})([mhdw])", typed)
    return None if length is None else int(length[1]) * SECONDS_PER_UNIT[length[2]]


def named(name: str) -> str:
    """The versions of a model."""
    return f"name = {text(name)}"


def text(value: str) -> str:
    """A string literal of the registry's grammar. MLflow's has no escapes, so special characters use the registry's own
    percent-encoded form."""
    return f"'{value}'" if _PLAIN.fullmatch(value) else f"u'{quote(value, safe=' ', errors='surrogateescape')}'"
