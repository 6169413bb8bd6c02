"""What users, groups and service principals have in common: how they are made, shown, listed, changed and deleted."""

import json
from collections.abc import Iterable
from typing import Any

from tui_registry_server.operations.call import Answer, Call
from tui_registry_server.operations.record import record
from tui_registry_server.rules.errors import (
    InvalidParameterValue,
    InvalidState,
    ResourceAlreadyExists,
    ResourceDoesNotExist,
)
from tui_registry_server.rules.principals import check_name, new_id
from tui_registry_server.rules.scim_filter import parse_filter
from tui_registry_server.rules.scim_resources import Resource, Shown, sort_attribute
from tui_registry_server.store import counters, directory, memberships, principals
from tui_registry_server.store.principals import PrincipalRow
from tui_registry_server.wire.activity import ActivityType
from tui_registry_server.wire.names import name_key
from tui_registry_server.wire.scim import (
    LIST_SCHEMA,
    MAX_COUNT,
    ComplexValue,
    ListResources,
    PrincipalFields,
    SortOrder,
)


def begin_change(call: Call) -> None:
    """To be called before anything is looked at that a change of principals depends on: on PostgreSQL the counter's
    row makes such changes wait for each other, as SQLite's writer does, so that what was seen is still so."""
    counters.advance(call.connection, counters.IDENTITY)


def create(call: Call, resource: Resource, name: str, columns: dict[str, Any], **detail: Any) -> PrincipalRow:
    """A new principal. ``detail`` is for the record."""
    begin_change(call)
    row = PrincipalRow(
        **{"id": new_id(), "kind": resource.kind.value, "name": check_name(name), "active": True} | columns
    )
    _require_free(call, resource, row)
    principals.add(call.connection, row, call.now)
    record(
        call,
        ActivityType.CREATED_PRINCIPAL,
        system_comment=f"created {resource.noun} {row.name}",
        detail={"id": row.id, **detail},
    )
    return row


def find(call: Call, resource: Resource, principal_id: str) -> PrincipalRow:
    row = principals.find(call.connection, resource.kind, principal_id)
    if row is None:
        raise _none(resource, principal_id)
    return row


def change(call: Call, resource: Resource, before: PrincipalRow, after: PrincipalRow) -> None:
    """Write what changed, if anything did. The last administrator cannot be deactivated."""
    if after == before:
        return
    if after.name != before.name:
        check_name(after.name)
        _require_free(call, resource, after)
    principals.change(call.connection, after)
    if before.active and not after.active:
        keep_an_admin(call)
    changed = {
        column: [old, new] for column, old, new in zip(PrincipalRow._fields, before, after, strict=True) if old != new
    }
    record(
        call,
        ActivityType.CHANGED_PRINCIPAL,
        system_comment=f"changed {resource.noun} {before.name}: {', '.join(changed)}",
        detail={"id": before.id, "changed": changed},
    )


def delete(call: Call, resource: Resource, row: PrincipalRow) -> None:
    """With tokens, memberships and grants. The last administrator cannot be deleted."""
    principals.remove(call.connection, row.id)
    keep_an_admin(call)
    record(
        call,
        ActivityType.DELETED_PRINCIPAL,
        system_comment=f"deleted {resource.noun} {row.name}",
        detail={"id": row.id},
    )


def keep_an_admin(call: Call) -> None:
    """Undo the change, by an error, if it leaves nobody who could administer the registry."""
    if memberships.count_admins(call.connection) == 0:
        raise InvalidState(
            "This would leave no active member in the group 'admins', so that nobody could administer the registry "
            "any more. Add another member first."
        )


def read(call: Call, resource: Resource, principal_id: str, attributes: str = "", excluded: str = "") -> Answer:
    """The resource in JSON, without what is not for the caller to see."""
    own = principal_id == call.principal.id
    kept_back = frozenset[str]() if own or call.principal.admin else resource.private
    answer = directory.read(call.connection, resource, principal_id, Shown(attributes, excluded, kept_back))
    if answer is None:
        raise _none(resource, principal_id)
    return answer


def page(call: Call, resource: Resource, body: ListResources) -> Answer:
    """A ListResponse (RFC 7644, 3.4.2)."""
    kept_back = frozenset[str]() if call.principal.admin else resource.private
    narrowed = parse_filter(body.filter, resource, kept_back)
    start = max(body.start_index, 1)
    rows = directory.page(
        call.connection,
        resource,
        narrowed,
        Shown(body.attributes, body.excluded_attributes, kept_back),
        order=sort_attribute(resource, body.sort_by, kept_back),
        descending=body.sort_order is SortOrder.DESCENDING,
        offset=start - 1,
        limit=min(max(body.count, 0), MAX_COUNT),
    )
    total = directory.count(call.connection, resource, narrowed)
    return (
        f'{{"schemas":["{LIST_SCHEMA}"],"totalResults":{total},"startIndex":{start},"itemsPerPage":{len(rows)},'
        f'"Resources":[{",".join(rows)}]}}'
    )


def columns_of(fields: PrincipalFields) -> dict[str, Any]:
    """The columns of what every principal has."""
    return {
        "display_name": fields.display_name or None,
        "external_id": fields.external_id or None,
        "entitlements": as_json(fields.entitlements),
        "roles": as_json(fields.roles),
    }


def fields_of(row: PrincipalRow) -> dict[str, Any]:
    """The other way round, by the wire's names, for PATCH to change."""
    return {
        "id": row.id,
        "displayName": row.display_name,
        "externalId": row.external_id,
        "entitlements": from_json(row.entitlements),
        "roles": from_json(row.roles),
    }


def as_json(values: Iterable[ComplexValue]) -> str | None:
    """A column's list of complex values; None if there are none."""
    listed = [value.model_dump(by_alias=True, exclude_none=True) for value in values]
    return json.dumps(listed) if listed else None


def from_json(column: str | None) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(column or "[]")
    return listed


def same_name(asked: str | None, row: PrincipalRow, resource: Resource) -> None:
    """Refuse to change a name that history knows a user or service principal by."""
    if asked is not None and name_key(asked) != name_key(row.name):
        raise InvalidParameterValue(
            f"The {resource.name} of a {resource.noun} cannot be changed: requests, comments and the history of models "
            f"name them by it. Leave it '{row.name}', or create another {resource.noun}."
        )


def _require_free(call: Call, resource: Resource, row: PrincipalRow) -> None:
    if principals.id_of(call.connection, resource.kind, row.name) not in (None, row.id):
        raise ResourceAlreadyExists(f"{resource.noun.capitalize()} '{row.name}' exists already. Choose another name.")


def _none(resource: Resource, principal_id: str) -> ResourceDoesNotExist:
    return ResourceDoesNotExist(
        f"{resource.noun.capitalize()} with id {principal_id} not found. It may have been deleted; list the "
        f"{resource.noun}s to see their ids."
    )
