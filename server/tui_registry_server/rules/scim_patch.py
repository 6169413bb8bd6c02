"""PATCH of users, groups and service principals (RFC 7644, 3.5.2), as Databricks documents and its clients send it.

A path is an attribute (``displayName``, ``name.givenName``, ``members``) or one value of a list
(``members[value eq "123"]``, to remove it). Without a path, the value is an object of attributes. A single value may
come as ``[{"value": ...}]``, true and false in quotes. A list's values may come as objects, as texts, or alone.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tui_registry_server.rules.errors import InvalidParameterValue
from tui_registry_server.rules.scim_filter import read_text
from tui_registry_server.rules.scim_resources import Attribute, Kind, Resource
from tui_registry_server.rules.validation import validated
from tui_registry_server.wire.lists import MAX_MEMBERS
from tui_registry_server.wire.scim import ComplexValue, PatchOperation

_PATH = re.compile(
    r"""(?P<attribute>[\w.:\-]+)(?:\[\s*value\s+eq\s+(?P<value>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\s*\])?""",
    re.IGNORECASE | re.DOTALL,
)
_OPERATIONS = ("add", "remove", "replace")


@dataclass(frozen=True, slots=True)
class Put:
    """A single value is this from now on; None is no value."""

    path: str
    value: str | bool | None


@dataclass(frozen=True, slots=True)
class Add:
    """These are among the list's values from now on."""

    top: str
    values: tuple[ComplexValue, ...]


@dataclass(frozen=True, slots=True)
class Remove:
    """These, or if None all, are among the list's values no more."""

    top: str
    values: tuple[str, ...] | None


Change = Put | Add | Remove


def read_changes(operations: Iterable[PatchOperation], resource: Resource) -> list[Change]:
    """The changes in their order. Raises InvalidParameterValue."""
    changes: list[Change] = []
    for operation in operations:
        op = operation.op.lower()
        if op not in _OPERATIONS:
            raise InvalidParameterValue(f"op cannot be '{operation.op[:100]}'. Use one of {', '.join(_OPERATIONS)}.")
        if operation.path is not None:
            changes += _at_path(op, operation.path, operation.value, resource)
        elif op == "remove" or not isinstance(operation.value, dict):
            raise InvalidParameterValue(
                'Give a path, such as "members"; or, to add or replace, a value that is an object of attributes.'
            )
        else:
            changes += _of_object(op, operation.value, resource)
    return changes


def apply_change(fields: dict[str, Any], change: Change) -> None:
    """Make a change to a resource's fields, as the wire has them."""
    if isinstance(change, Put):
        *above, last = change.path.split(".")
        inner = fields
        for name in above:
            inner = inner.setdefault(name, {})
        inner[last] = change.value
        return
    values: list[dict[str, Any]] = fields.get(change.top, [])
    if isinstance(change, Remove):
        fields[change.top] = [] if change.values is None else [v for v in values if v["value"] not in change.values]
        return
    new = {value.value: value.model_dump(by_alias=True, exclude_none=True) for value in change.values}
    fields[change.top] = [value for value in values if value["value"] not in new] + list(new.values())


def _of_object(op: str, value: Mapping[str, Any], resource: Resource) -> list[Change]:
    changes: list[Change] = []
    for name, each in value.items():
        if name in resource.read_only:
            continue
        if isinstance(each, dict) and resource.attribute(name) is None:
            for part, inner in each.items():
                changes += _at_path(op, f"{name}.{part}", inner, resource)
        else:
            changes += _at_path(op, name, each, resource)
    return changes


def _at_path(op: str, path: str, value: Any, resource: Resource) -> list[Change]:
    match = _PATH.fullmatch(path)
    attribute = resource.attribute(match["attribute"]) if match else None
    if match is None or attribute is None or attribute.top in resource.read_only | {"groups"}:
        changeable = sorted(
            {each.top if each.many else each.path for each in resource.attributes.values()}
            - resource.read_only
            - {"groups"}
        )
        hint = " Change the members of the group instead." if attribute and attribute.top == "groups" else ""
        raise InvalidParameterValue(
            f"path cannot be '{path[:100]}'. Use one of {', '.join(changeable)}, or, to remove one value, "
            f'such as members[value eq "123"].{hint}'
        )
    if match["value"] is not None:
        return [Remove(attribute.top, (_selected(op, path, match["value"], attribute),))]
    if not attribute.many:
        return [Put(attribute.path, None if op == "remove" else _single(value, attribute))]
    if op == "remove":
        return [Remove(attribute.top, tuple(each.value for each in _list(value, attribute)) if value else None)]
    added = Add(attribute.top, tuple(_list(value, attribute)))
    return [Remove(attribute.top, None), added] if op == "replace" else [added]


def _selected(op: str, path: str, quoted: str, attribute: Attribute) -> str:
    if op != "remove" or not attribute.many:
        raise InvalidParameterValue(
            f"path '{path[:100]}' can only be removed. Add or replace '{attribute.top}' itself."
        )
    try:
        return read_text(quoted)
    except ValueError:
        raise InvalidParameterValue(f"path '{path[:100]}' has an escape that is unknown. Use those of JSON.") from None


def _single(value: Any, attribute: Attribute) -> str | bool:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, dict):
        value = value.get("value")
    if attribute.kind is Kind.BOOLEAN:
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        # Databricks' clients leave out a value that is false.
        raise InvalidParameterValue(
            f"The value of '{attribute.path}' must be true or false. If your client drops a false, send \"false\", "
            f'or no path and the value {{"{attribute.path}": false}}.'
        )
    if not isinstance(value, str):
        raise InvalidParameterValue(f"The value of '{attribute.path}' must be a text.")
    return value


def _list(value: Any, attribute: Attribute) -> list[ComplexValue]:
    values = value if isinstance(value, list) else [] if value is None else [value]
    if len(values) > MAX_MEMBERS:
        raise InvalidParameterValue(
            f"'{attribute.top}' has {len(values)} elements; at most {MAX_MEMBERS} are taken. Send the others "
            "in further requests."
        )
    return [validated(ComplexValue, each if isinstance(each, dict) else {"value": each}) for each in values]
