"""PATCH of users, groups and service principals (RFC 7644, 3.5.2), as Databricks' clients and others write it.

Without a path, the value is an object whose names are paths: Entra ID writes ``{"name.givenName": "Ann"}``. A single
value may come as ``[{"value": ...}]``, true and false in quotes. A list's values may come as objects, as texts, or
alone. Attributes that are not kept are ignored, as in POST: whoever sets a phone number beside ``active`` is served.

Where a filter finds no value, one that fits is made, if it says what that is: ``emails[type eq "work"].value`` is how
Entra ID gives somebody their first address.
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

MAX_LOOKUPS = 100  # operations of one PATCH that look for a list's values
MAX_PATHS = 100_000  # characters of all its paths: a thousand members take less than half of it

_OPERATIONS = ("add", "remove", "replace")


@dataclass(frozen=True, slots=True)
class SetValue:
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


@dataclass(frozen=True, slots=True)
class Update:
    """The parts of the list's values that fit become these; None is no value. Where none fits and ``create``, one is
    made. With ``replace``, a value becomes these parts and no others; without parts, it goes."""

    top: str
    where: Filter | None
    parts: Mapping[str, Any]
    replace: bool = False
    create: bool = True


Change = SetValue | Add | Remove | Update


def read_changes(operations: Sequence[PatchOperation], resource: Resource) -> list[Change]:
    """The changes in their order. Raises BadRequest, InvalidParameterValue or one of its kinds."""
    if not operations:
        raise BadRequest('The request has no Operations, such as {"op": "replace", "path": "active", "value": false}.')
    # Before any of it is looked at: what a change costs depends on these.
    if sum(_values(operation.value) for operation in operations) > MAX_MEMBERS:
        raise TooMany(f"The operations name more than {MAX_MEMBERS} values. Send several requests.")
    if sum(len(operation.path or "") + _names(operation.value) for operation in operations) > MAX_PATHS:
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
        raise TooMany(f"More than {MAX_LOOKUPS} operations look for values by a filter. Replace the list instead.")
    return changes


def _values(value: Any) -> int:
    """How many values an operation names."""
    if isinstance(value, dict):
        return sum(_values(each) for each in value.values())
    return len(value) if isinstance(value, list) else 1


def _names(value: Any) -> int:
    """How many characters the names have that are paths."""
    return sum(len(name) + _names(each) for name, each in value.items()) if isinstance(value, dict) else 0


def apply_change(fields: dict[str, Any], change: Change) -> None:
    """Make a change to a resource's fields, as the wire has them."""
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
            kept = [each for each in values if each.get("value") not in new]
            fields[change.top] = _one_primary([*kept, *new.values()], list(new.values()))
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
        said = {} if change.where is None else equalities(change.where)
        if said is None:
            raise NoTarget(f"No value of '{change.top}' fits the path's filter, which does not say what to make.")
        after.append(_with(change.parts, said))
        changed.append(after[-1])
    return _one_primary(after, changed)


def _with(parts: Mapping[str, Any], value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in {**value, **parts}.items() if each is not None}


def _one_primary(values: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A new primary value is the only one (RFC 7644, 3.5.2)."""
    if not any(each.get("primary") for each in new):
        return values
    return [
        each | {"primary": False} if each.get("primary") and not any(each is one for one in new) else each
        for each in values
    ]


def _of_object(op: str, value: Mapping[str, Any], resource: Resource) -> list[Change]:
    """What is fixed may stand in it: Okta sends a group's id along with its new name."""
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
    """Of members only who they are can be changed: the rest comes from themselves."""
    if listed.part not in ("", "value"):
        return []
    if listed.where is None:
        if op == "remove":
            return [Remove("members", None)] if value is None else [_removed("members", value)]
        added = Add("members", tuple(_list(value, "members")))
        return [Remove("members", None), added] if op == "replace" else [added]
    chosen = _chosen(listed.where)
    if op == "remove":
        return [Remove("members", chosen)]
    given = _list(value, "members") or [ComplexValue(value=each) for each in chosen]
    return [*([Remove("members", chosen)] if op == "replace" else []), Add("members", tuple(given))]


def _chosen(where: Filter) -> tuple[str, ...]:
    """The ids that a filter names."""
    operands = where.operands if isinstance(where, Or) else (where,)
    ids = [
        str(each.value)
        for each in operands
        if isinstance(each, Comparison) and each.operator == "eq" and each.attribute.path == "value"
    ]
    if len(ids) != len(operands):
        raise InvalidFilter('Members are chosen by their ids, as in members[value eq "1" or value eq "2"].')
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
        # Databricks' clients leave out a value that is false.
        raise InvalidParameterValue(
            f"The value of '{attribute.path}' must be true or false. If your client drops a false, send \"false\", "
            f'or no path and the value {{"{attribute.path}": false}}.'
        )
    if value is not None and not isinstance(value, str):
        raise InvalidParameterValue(f"The value of '{attribute.path}' must be a text.")
    return value


def _parts(top: str, value: Any) -> dict[str, Any]:
    """What one value of a list becomes; it may be given as its text alone."""
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
    """A list's values, read as POST reads them."""
    values = value if isinstance(value, list) else [] if value in (None, "", {}) else [value]
    read: list[ComplexValue] = getattr(validated(GroupFields if top == "members" else UserFields, {top: values}), top)
    return read
