"""From what is typed in a search line to MLflow's filter grammar."""

import re

from tui_registry.search import quoted

_FIELDS = {"user": "attributes.user_id", "status": "attributes.status"}
_COMPARED = re.compile(r"(?P<metric>[^<>=!]+)(?P<how><=|>=|!=|=|<|>)(?P<value>-?\d+(\.\d+)?([eE][-+]?\d+)?)")


def experiments_filter(typed: str) -> str:
    """Words that the name contains, in any letter case; after ``=``, a filter as MLflow takes it."""
    typed = typed.strip()
    if typed.startswith("="):
        return typed[1:].strip()
    return " AND ".join(f"name ILIKE {_containing(word)}" for word in typed.split())


def runs_filter(typed: str) -> str:
    """Words that the name contains, ``user:PART``, ``status:PART``, ``tag:KEY=VALUE``, and metrics compared with
    numbers, such as ``rmse<0.5``; after ``=``, a filter as MLflow takes it."""
    typed = typed.strip()
    if typed.startswith("="):
        return typed[1:].strip()
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
        return f"{key_of('tags', key)} = {quoted(tag)}" if equals else f"{key_of('tags', key)} ILIKE '%'"
    compared = _COMPARED.fullmatch(word)
    if compared is not None:
        return f"{key_of('metrics', compared['metric'])} {compared['how']} {compared['value']}"
    return f"attributes.run_name ILIKE {_containing(word)}"


def _containing(word: str) -> str:
    return quoted(f"%{word}%")
