"""From what is typed in a search line to MLflow's filter grammar.

What is typed stands for itself, but in MLflow's grammar nothing escapes wildcards and quotes. There ``_``, which is any
character, stands for them; so more may be found than is meant, and ``is_meant`` says which of it is.
"""

import re
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tui_registry.tracking.experiment import Experiment
from tui_registry.tracking.run import Run

T = TypeVar("T")

_UNSAID = re.compile(r"[%'\"\\\x00-\x1f]")
"""What cannot be said to MLflow as it is."""
_FIELDS = {"user": "attributes.user_id", "status": "attributes.status"}
_COMPARED = re.compile(r"(?P<metric>[^<>=!]+)(?P<how><=|>=|!=|=|<|>)(?P<value>-?\d+(\.\d+)?([eE][-+]?\d+)?)")


def experiments_filter(typed: str) -> str:
    """Words that the name contains, in any letter case; after ``=``, a filter as MLflow takes it."""
    if _is_filter(typed):
        return typed.strip()[1:].strip()
    return " AND ".join(f"name ILIKE {_containing(word)}" for word in typed.split())


def runs_filter(typed: str) -> str:
    """Words that the name contains, ``user:PART``, ``status:PART``, ``tag:KEY=VALUE``, and metrics compared with
    numbers, such as ``rmse<0.5``; after ``=``, a filter as MLflow takes it."""
    if _is_filter(typed):
        return typed.strip()[1:].strip()
    return " AND ".join(_clause(word) for word in typed.split())


def key_of(kind: str, key: str) -> str:
    """A metric's, parameter's or tag's name in the grammar: ``metrics.`rmse```. It knows no escapes."""
    mark = '"' if "`" in key else "`"
    return f"{kind}.{mark}{key}{mark}"


def _clause(word: str) -> str:
    field, colon, value = word.partition(":")
    if colon and field in _FIELDS:
        return f"{_FIELDS[field]} ILIKE {_containing(value)}"
    key, equals, tag = value.partition("=")
    if colon and field == "tag" and key:
        how = "=" if _said(tag) == tag else "LIKE"
        return f"{key_of('tags', key)} {how} '{_said(tag)}'" if equals else f"{key_of('tags', key)} ILIKE '%'"
    compared = _COMPARED.fullmatch(word)
    if compared is not None:
        return f"{key_of('metrics', compared['metric'])} {compared['how']} {compared['value']}"
    return f"attributes.run_name ILIKE {_containing(word)}"


def is_meant_experiment(experiment: Experiment, typed: str) -> bool:
    """Whether an experiment that experiments_filter found has the words."""
    return _is_filter(typed) or all(_in(word, experiment.name) for word in typed.split())


def is_meant_run(run: Run, typed: str) -> bool:
    """Whether a run that runs_filter found has the words."""
    return _is_filter(typed) or all(_has(run, word) for word in typed.split())


async def meant(
    read: Callable[[str], Awaitable[tuple[list[T], str]]], is_meant: Callable[[T], bool], token: str
) -> tuple[list[T], str]:
    """A page without what is not meant, or the first after it that has anything, and the next one's token."""
    while True:
        found, token = await read(token)
        kept = [each for each in found if is_meant(each)]
        if kept or not token:
            return kept, token


def _has(run: Run, word: str) -> bool:
    field, colon, value = word.partition(":")
    if colon and field == "user":
        return _in(value, run.info.user_id) or _in(value, run.user)
    if colon and field == "status":
        return _in(value, run.info.status)
    key, equals, tag = value.partition("=")
    if colon and field == "tag" and key:
        return not equals or run.tags.get(key) == tag
    return bool(_COMPARED.fullmatch(word)) or _in(word, run.name)


def _in(word: str, text: str) -> bool:
    return word.casefold() in text.casefold()


def _is_filter(typed: str) -> bool:
    return typed.strip().startswith("=")


def _said(text: str) -> str:
    return _UNSAID.sub("_", text)


def _containing(word: str) -> str:
    return f"'%{_said(word)}%'"
