"""PATCH of users, groups and service principals (RFC 7644, 3.5.2), in the forms that clients send.

Without a path, the value is an object whose names are paths: Entra ID sends ``{"name.givenName": "Ann"}``. A single
value may be ``[{"value": ...}]``, true and false may be quoted. A list's values may be objects or texts, and a single
one need not be in a list. Attributes that are not stored are ignored, as in POST.

If a filter matches no value, one that matches is created, if the filter consists of ``eq`` comparisons:
``emails[type eq "work"].value`` is how Entra ID sets the first address.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tui_registry_server.rules.errors import (
    BadRequest,
    Immutable,
    InvalidFilter,
    InvalidParameterValue,
    NoTarget,
    TooMany,
)
from tui_registry_server.rules.scim_filter import Comparison, Filter, Or, equalities, matches
from tui_registry_server.rules.scim_path import Listed, ReadOnly, Single, Whole, read_path
from tui_registry_server.rules.scim_resources import Attribute, Kind, Resource
from tui_registry_server.rules.validation import validated
from tui_registry_server.wire.lists import MAX_MEMBERS
from tui_registry_server.wire.scim import (
    ComplexValue,
    GroupFields,
    PatchOperation,
    UserFields,
)

MAX_LOOKUPS = 100  # operations of one PATCH that search the values of a list
MAX_PATHS = 100_000  # characters of all its paths: a thousand members need less than half of it

_OPERATIONS = ("add", "remove", "replace")


@dataclass(frozen=True, slots=True)
class SetValue:
    """Sets a single value; None removes it."""

    path: str
    value: str | bool | None


@dataclass(frozen=True, slots=True)
class Add:
    """Adds values to a list."""

    top: str
    values: tuple[ComplexValue, ...]


@dataclass(frozen=True, slots=True)
class Remove:
    """Removes these values from a list, or all if None."""

    top: str
    values: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Update:
    """Sets parts of the list's values that match ``where``; None removes a part. If none matches and ``create``, one is
    created. With ``replace``, all other parts are removed; without parts, the value itself is."""

    top: str
    where: Filter | None
    parts: Mapping[str, Any]
    replace: bool = False
    create: bool = True


Change = SetValue | Add | Remove | Update


def read_changes(operations: Sequence[PatchOperation], resource: Resource) -> list[Change]:
    """The changes in their order. Raises BadRequest, InvalidParameterValue or a subclass of it."""
    if not operations:
        raise BadRequest('The request has no Operations, such as {"op": "replace", "path": "active", "value": false}.')
    # Checked first: these bound the cost of the rest.
    if sum(_value_count(operation.value) for operation in operations) > MAX_MEMBERS:
        raise TooMany(f"The operations have more than {MAX_MEMBERS} values. Send several requests.")
    if sum(len(operation.path or "") + _names_length(operation.value) for operation in operations) > MAX_PATHS:
        raise TooMany(f"The operations' paths have more than {MAX_PATHS} characters. Send several requests.")
    changes: list[Change] = []
    for operation in operations:
        op = operation.op.lower()
        if op not in _OPERATIONS:
            raise InvalidParameterValue(f"op cannot be '{operation.op[:100]}'. Use one of {', '.join(_OPERATIONS)}.")
        if operation.path is not None:
            changes += _at_path(op, operation.path, operation.value, resource)
        elif op == "remove":
            raise NoTarget('Give a path to remove, such as members[value eq "123"].')
        elif not isinstance(operation.value, dict):
            raise InvalidParameterValue(
                'Give a path, such as "members", or a value that is an object of attributes, such as {"active": false}.'
            )
        else:
            changes += _of_object(op, operation.value, resource)
    if sum(isinstance(change, Update) for change in changes) > MAX_LOOKUPS:
        raise TooMany(f"More than {MAX_LOOKUPS} operations select values by a filter. Replace the list instead.")
    return changes


def _value_count(value: Any) -> int:
    """The number of values in an operation."""
    if isinstance(value, dict):
        return sum(_value_count(each) for each in value.values())
    return len(value) if isinstance(value, list) else 1


def _names_length(value: Any) -> int:
    """The total length of the names in a value, which are paths, in characters."""
    return sum(len(name) + _names_length(each) for name, each in value.items()) if isinstance(value, dict) else 0


def apply_change(fields: dict[str, Any], change: Change) -> None:
    """Apply a change to the fields of a resource, in their form on the wire."""
    if isinstance(change, SetValue):
        *above, last = change.path.split(".")
        inner = fields
        for name in above:
            inner = inner.setdefault(name, {})
        inner[last] = change.value
        return
    values: list[dict[str, Any]] = fields.get(change.top, [])
    match change:
        case Remove(values=None):
            fields[change.top] = []
        case Remove(values=removed):
            fields[change.top] = [each for each in values if each.get("value") not in (removed or ())]
        case Add(values=added):
            new = {each.value: each.model_dump(by_alias=True, exclude_none=True) for each in added}
            others = [each for each in values if each.get("value") not in new]
            fields[change.top] = _one_primary([*others, *new.values()], list(new.values()))
        case Update():
            fields[change.top] = _updated(values, change)


def _updated(values: list[dict[str, Any]], change: Update) -> list[dict[str, Any]]:
    after: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    found = False
    for each in values:
        if change.where is not None and not matches(change.where, each):
            after.append(each)
            continue
        found = True
        if change.parts:
            after.append(_with(change.parts, {} if change.replace else each))
            changed.append(after[-1])
    if not found and change.create:
        parts = {} if change.where is None else equalities(change.where)
        if parts is None:
            raise NoTarget(
                f"No value of '{change.top}' matches the path's filter, and none can be created from it. Use eq and "
                "and only."
            )
        after.append(_with(change.parts, parts))
        changed.append(after[-1])
    return _one_primary(after, changed)


def _with(parts: Mapping[str, Any], value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in {**value, **parts}.items() if each is not None}


def _one_primary(values: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A new primary value makes the others non-primary (RFC 7644, 3.5.2)."""
    if not any(each.get("primary") for each in new):
        return values
    return [
        each | {"primary": False} if each.get("primary") and not any(each is one for one in new) else each
        for each in values
    ]


def _of_object(op: str, value: Mapping[str, Any], resource: Resource) -> list[Change]:
    """Read-only attributes are ignored: Okta sends a group's id along with its new name."""
    changes: list[Change] = []
    for name, each in value.items():
        if not isinstance(read_path(name, resource), ReadOnly):
            changes += _at_path(op, name, each, resource)
    return changes


def _at_path(op: str, path: str, value: Any, resource: Resource) -> list[Change]:
    match read_path(path, resource):
        case None:
            return []
        case ReadOnly(top):
            hint = " Change the members of the group instead." if top == "groups" else ""
            raise Immutable(f"'{top}' of a {resource.noun} cannot be changed.{hint}")
        case Single(attribute):
            if op == "remove" and attribute.path in (resource.name, "active"):
                raise Immutable(f"'{attribute.path}' of a {resource.noun} always has a value. Replace it instead.")
            return [SetValue(attribute.path, None if op == "remove" else _single(value, attribute))]
        case Whole(top):
            return _of_parts(op, top, value, resource)
        case Listed() as listed:
            return _of_members(op, listed, value) if listed.top == "members" else _of_list(op, listed, value)


def _of_parts(op: str, top: str, value: Any, resource: Resource) -> list[Change]:
    if op == "remove" or value is None:
        attributes = {each.path: each for each in resource.vocabulary.attributes.values() if each.top == top}
        return [SetValue(path, None) for path in attributes]
    if not isinstance(value, dict):
        raise InvalidParameterValue(f"The value of '{top}' must be an object.")
    return [change for part, each in value.items() for change in _at_path(op, f"{top}.{part}", each, resource)]


def _of_list(op: str, listed: Listed, value: Any) -> list[Change]:
    top, where = listed.top, listed.where
    if listed.part:
        part = None if op == "remove" else _single(value, Attribute(f"{top}.{listed.part}", listed.kind))
        return [Update(top, where, {listed.part: part}, create=op != "remove")]
    if where is not None:
        if op == "remove":
            return [Update(top, where, {}, create=False)]
        return [Update(top, where, _parts(top, value), replace=op == "replace")]
    if op == "remove":
        return [Remove(top, None)] if value is None else [_removed(top, value)]
    added = Add(top, tuple(_list(value, top)))
    return [Remove(top, None), added] if op == "replace" else [added]


def _of_members(op: str, listed: Listed, value: Any) -> list[Change]:
    """Of members only the ids can be changed: their other parts are read from the principals."""
    if listed.part not in ("", "value"):
        return []
    if listed.where is None:
        if op == "remove":
            return [Remove("members", None)] if value is None else [_removed("members", value)]
        added = Add("members", tuple(_list(value, "members")))
        return [Remove("members", None), added] if op == "replace" else [added]
    selected = _selected_ids(listed.where)
    if op == "remove":
        return [Remove("members", selected)]
    new = _list(value, "members") or [ComplexValue(value=each) for each in selected]
    return [*([Remove("members", selected)] if op == "replace" else []), Add("members", tuple(new))]


def _selected_ids(where: Filter) -> tuple[str, ...]:
    """The ids in a filter of members."""
    operands = where.operands if isinstance(where, Or) else (where,)
    ids = [
        str(each.value)
        for each in operands
        if isinstance(each, Comparison) and each.operator == "eq" and each.attribute.path == "value"
    ]
    if len(ids) != len(operands):
        raise InvalidFilter('Members are selected by their ids, as in members[value eq "1" or value eq "2"].')
    return tuple(ids)


def _removed(top: str, value: Any) -> Change:
    return Remove(top, tuple(each.value for each in _list(value, top)))


def _single(value: Any, attribute: Attribute) -> str | bool | None:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, dict):
        value = value.get("value")
    if attribute.kind is Kind.BOOLEAN:
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        # Databricks' clients omit a value that is false.
        raise InvalidParameterValue(
            f"The value of '{attribute.path}' must be true or false. If your client drops a false, send \"false\", "
            f'or no path and the value {{"{attribute.path}": false}}.'
        )
    if value is not None and not isinstance(value, str):
        raise InvalidParameterValue(f"The value of '{attribute.path}' must be a text.")
    return value


def _parts(top: str, value: Any) -> dict[str, Any]:
    """The parts of one value of a list, which may be given as a plain text."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, str):
        return {"value": value}
    if not isinstance(value, dict):
        raise InvalidParameterValue(f"The value of '{top}' must be an object.")
    primary = Attribute(f"{top}.primary", Kind.BOOLEAN)
    parts = {name: value[name] for name in ("value", "display", "type", "$ref") if name in value}
    return parts | ({} if value.get("primary") is None else {"primary": _single(value["primary"], primary)})


def _list(value: Any, top: str) -> list[ComplexValue]:
    """The values of a list, validated as in POST."""
    values = value if isinstance(value, list) else [] if value in (None, "", {}) else [value]
    read: list[ComplexValue] = getattr(validated(GroupFields if top == "members" else UserFields, {top: values}), top)
    return read
