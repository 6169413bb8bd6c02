"""Translating search input into MLflow's filter grammar.

The input is literal, but MLflow's grammar cannot escape wildcards and quotes. They are replaced by ``_``, which matches
any character; so more may be found than matches, and the results are filtered again here.
"""

import re
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tui_registry.tracking.experiment import Experiment
from tui_registry.tracking.run import Run

T = TypeVar("T")

_UNSUPPORTED = re.compile(r"[%'\"\\\x00-\x1f]")
"""Characters that MLflow's grammar cannot express literally."""
_FIELDS = {"user": "attributes.user_id", "status": "attributes.status"}
_COMPARED = re.compile(r"(?P<metric>[^<>=!]+)(?P<how><=|>=|!=|=|<|>)(?P<value>-?\d+(\.\d+)?([eE][-+]?\d+)?)")


def experiments_filter(typed: str) -> str:
    """Words that the name contains, case-insensitive; after ``=``, a filter in MLflow's grammar."""
    if _is_filter(typed):
        return typed.strip()[1:].strip()
    return " AND ".join(f"name ILIKE {_ilike_pattern(word)}" for word in typed.split())


def runs_filter(typed: str) -> str:
    """Words that the name contains, ``user:PART``, ``status:PART``, ``tag:KEY=VALUE``, and metrics compared with
    numbers, such as ``rmse<0.5``; after ``=``, a filter in MLflow's grammar."""
    if _is_filter(typed):
        return typed.strip()[1:].strip()
    return " AND ".join(_clause(word) for word in typed.split())


def key_of(kind: str, key: str) -> str:
    """A metric's, parameter's or tag's name in the grammar: ``metrics.`rmse```. It has no escapes."""
    mark = '"' if "`" in key else "`"
    return f"{kind}.{mark}{key}{mark}"


def _clause(word: str) -> str:
    field, colon, value = word.partition(":")
    if colon and field in _FIELDS:
        return f"{_FIELDS[field]} ILIKE {_ilike_pattern(value)}"
    key, equals, tag = value.partition("=")
    if colon and field == "tag" and key:
        how = "=" if _escape(tag) == tag else "LIKE"
        return f"{key_of('tags', key)} {how} '{_escape(tag)}'" if equals else f"{key_of('tags', key)} ILIKE '%'"
    compared = _COMPARED.fullmatch(word)
    if compared is not None:
        return f"{key_of('metrics', compared['metric'])} {compared['how']} {compared['value']}"
    return f"attributes.run_name ILIKE {_ilike_pattern(word)}"


def matches_experiment(experiment: Experiment, typed: str) -> bool:
    """Whether an experiment found by experiments_filter really matches."""
    return _is_filter(typed) or all(_contains(word, experiment.name) for word in typed.split())


def matches_run(run: Run, typed: str) -> bool:
    """Whether a run found by runs_filter really matches."""
    return _is_filter(typed) or all(_run_matches(run, word) for word in typed.split())


async def matching_page(
    read: Callable[[str], Awaitable[tuple[list[T], str]]], matches: Callable[[T], bool], token: str
) -> tuple[list[T], str]:
    """The matching rows of a page, or of the first page after it that has any, and the next page's token."""
    while True:
        found, token = await read(token)
        kept = [each for each in found if matches(each)]
        if kept or not token:
            return kept, token


def _run_matches(run: Run, word: str) -> bool:
    field, colon, value = word.partition(":")
    if colon and field == "user":
        return _contains(value, run.info.user_id) or _contains(value, run.user)
    if colon and field == "status":
        return _contains(value, run.info.status)
    key, equals, tag = value.partition("=")
    if colon and field == "tag" and key:
        return not equals or run.tags.get(key) == tag
    return bool(_COMPARED.fullmatch(word)) or _contains(word, run.name)


def _contains(word: str, text: str) -> bool:
    return word.casefold() in text.casefold()


def _is_filter(typed: str) -> bool:
    return typed.strip().startswith("=")


def _escape(text: str) -> str:
    return _UNSUPPORTED.sub("_", text)


def _ilike_pattern(word: str) -> str:
    return f"'%{_escape(word)}%'"
