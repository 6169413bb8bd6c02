"""From what is typed in a search line to the registry's filter grammar."""

from typing import TypedDict

from server.wire.activity import ActivityType


def models_filter(typed: str) -> str:
    """Words that the name contains, in any letter case; after ``=``, a filter as the registry takes it."""
    typed = typed.strip()
    if typed.startswith("="):
        return typed[1:].strip()
    return " AND ".join(f"name ILIKE {quoted(f'%{word}%')}" for word in typed.split())


class ActivityFilter(TypedDict, total=False):
    """What RegistryClient.activities takes."""

    name: str
    user: str
    activity_type: list[str]


def activity_filter(typed: str) -> ActivityFilter:
    """``user:NAME``, ``type:PART`` of a kind's name or of the word for it, and what is left over, a model's name."""
    chosen: ActivityFilter = {}
    name: list[str] = []
    for word in typed.split():
        key, colon, value = word.partition(":")
        if colon and key == "user":
            chosen["user"] = value
        elif colon and key == "type":
            kinds = [kind.value for kind in ActivityType if value.casefold() in kind.value.casefold()]
            chosen["activity_type"] = kinds or [value]  # the server says which there are
        else:
            name.append(word)
    if name:
        chosen["name"] = " ".join(name)
    return chosen


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
