"""What users, groups and service principals have in common: creating, reading, listing, changing and deleting them."""

import json
from collections.abc import Iterable
from typing import Any

from tui_registry_server.operations.access_lists import level_name_on
from tui_registry_server.operations.call import Answer, Call, WithHeaders
from tui_registry_server.operations.record import record, reference, references, without_empty
from tui_registry_server.rules.errors import (
    InvalidState,
    PreconditionFailed,
    PrincipalAlreadyExists,
    ResourceDoesNotExist,
)
from tui_registry_server.rules.principals import check_name, new_id
from tui_registry_server.rules.scim_filter import parse_filter
from tui_registry_server.rules.scim_resources import RESOURCES, AttributeSelection, Resource, sort_attribute
from tui_registry_server.store import (
    client_secrets,
    comments,
    counters,
    directory,
    federation_rules,
    grants,
    memberships,
    principals,
    tokens,
    transition_requests,
)
from tui_registry_server.store.principals import PrincipalRow
from tui_registry_server.wire.activity import ActivityType
from tui_registry_server.wire.principal import PrincipalKind
from tui_registry_server.wire.scim import (
    LIST_SCHEMA,
    MAX_COUNT,
    ComplexValue,
    ListResources,
    PrincipalFields,
    SearchResources,
    SortOrder,
)


def begin_change(call: Call) -> None:
    """To be called before reading anything that a change of principals depends on: on PostgreSQL the lock on the
    counter's row serializes such changes, as SQLite's writer does."""
    counters.advance(call.connection, counters.IDENTITY)


def detail_of(row: PrincipalRow) -> dict[str, Any]:
    """The ``detail`` of a record about a principal."""
    return reference(row.id, PrincipalKind(row.kind), row.name)


def create(call: Call, resource: Resource, name: str, columns: dict[str, Any]) -> PrincipalRow:
    """A new principal."""
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
        detail=detail_of(row) | {"active": row.active},
    )
    return row


def find(call: Call, resource: Resource, principal_id: str) -> PrincipalRow:
    """The principal, to be changed. Raises PreconditionFailed if its version does not match If-Match."""
    begin_change(call)
    row = principals.find(call.connection, resource.kind, principal_id)
    if row is None:
        raise _none(resource, principal_id)
    if call.if_match is not None and not one_of(directory.version_of(row.last_updated_timestamp), call.if_match):
        raise PreconditionFailed(
            f"{resource.noun.capitalize()} '{row.name}' has changed since you read it. Read it again, and repeat the "
            "change if it still applies."
        )
    return row


def one_of(version: str, etags: str) -> bool:
    """Whether a version is in a header If-Match or If-None-Match (RFC 9110, 13.1); all ETags are weak."""
    return etags.strip() == "*" or version in (each.strip() for each in etags.split(","))


def change(call: Call, resource: Resource, before: PrincipalRow, after: PrincipalRow) -> None:
    """Write the changes, if there are any. The last administrator cannot be deactivated. The open requests and comments
    of a renamed principal get the new name."""
    if after == before:
        return
    renamed = after.name != before.name
    if renamed:
        check_name(after.name)
        _require_free(call, resource, after)
        transition_requests.rename_creator(call.connection, after.id, after.name)
        comments.rename_author(call.connection, after.id, after.name)
    principals.change(call.connection, after, call.now)
    if before.active and not after.active:
        keep_an_admin(call)
    changed = {
        column: [old, new] for column, old, new in zip(PrincipalRow._fields, before, after, strict=True) if old != new
    }
    renaming = f" to {after.name}" if renamed else ""
    record(
        call,
        ActivityType.CHANGED_PRINCIPAL,
        system_comment=f"changed {resource.noun} {before.name}{renaming}: {', '.join(changed)}",
        detail=detail_of(after) | {"changed": changed},
    )


def delete(call: Call, resource: Resource, row: PrincipalRow) -> None:
    """Delete a principal with its tokens, memberships and grants, which the record lists. The last administrator cannot
    be deleted."""
    deleted = {
        "groups": references(call.connection, memberships.groups_with(call.connection, row.id)),
        "members": references(call.connection, memberships.of_group(call.connection, row.id)),
        "levels": [
            {"object": object_id, "level": [level_name_on(object_id, level), None]}
            for object_id, level in grants.of(call.connection, row.id)
        ],
        "tokens": tokens.ids_of_owner(call.connection, row.id),
        "secrets": [each.id for each in client_secrets.of_principal(call.connection, row.id)],
        "federation_rules": [each.id for each in federation_rules.of_principal(call.connection, row.id)],
    }
    principals.remove(call.connection, row.id, call.now)
    keep_an_admin(call)
    record(
        call,
        ActivityType.DELETED_PRINCIPAL,
        system_comment=f"deleted {resource.noun} {row.name}",
        detail=detail_of(row) | without_empty(deleted),
    )


def keep_an_admin(call: Call) -> None:
    """Raises InvalidState, which rolls the change back, if there is no administrator left."""
    if memberships.count_admins(call.connection) == 0:
        raise InvalidState(
            "This would leave no active member in the group 'admins', so that nobody could administer the registry. "
            "Add another member first."
        )


def read(call: Call, resource: Resource, principal_id: str, attributes: str = "", excluded: str = "") -> WithHeaders:
    """The resource in JSON, without the attributes that the caller may not see."""
    own = principal_id == call.principal.id
    hidden = frozenset[str]() if own or call.principal.admin else resource.private
    selection = AttributeSelection(attributes, excluded, hidden)
    answer = directory.read(call.connection, resource, principal_id, selection, call.root)
    if answer is None:
        raise _none(resource, principal_id)
    content, version = answer
    location = f"{call.root}/{RESOURCES[resource.kind].plural}/{principal_id}"
    return WithHeaders(content, {"Location": location, "ETag": version})


def search(call: Call, resource: Resource, body: SearchResources) -> Answer:
    """Search by POST, as by GET."""
    joined = {"attributes": ",".join(body.attributes), "excluded_attributes": ",".join(body.excluded_attributes)}
    return page(call, resource, ListResources.model_construct(**{**dict(body), **joined}))


def page(call: Call, resource: Resource, body: ListResources) -> Answer:
    """A ListResponse (RFC 7644, 3.4.2)."""
    hidden = frozenset[str]() if call.principal.admin else resource.private
    filter_ = parse_filter(body.filter, resource, hidden)
    start = max(body.start_index, 1)
    rows = directory.page(
        call.connection,
        resource,
        filter_,
        AttributeSelection(body.attributes, body.excluded_attributes, hidden),
        call.root,
        order=sort_attribute(resource, body.sort_by, hidden),
        descending=body.sort_order is SortOrder.DESCENDING,
        offset=start - 1,
        limit=min(max(body.count, 0), MAX_COUNT),
    )
    total = directory.count(call.connection, resource, filter_)
    return (
        f'{{"schemas":["{LIST_SCHEMA}"],"totalResults":{total},"startIndex":{start},"itemsPerPage":{len(rows)},'
        f'"Resources":[{",".join(rows)}]}}'
    )


def columns_of(fields: PrincipalFields) -> dict[str, Any]:
    """The columns that every principal has."""
    return {
        "display_name": fields.display_name or None,
        "external_id": fields.external_id or None,
        "entitlements": as_json(fields.entitlements),
        "roles": as_json(fields.roles),
    }


def fields_of(row: PrincipalRow) -> dict[str, Any]:
    """The inverse of ``columns_of``, by the wire's names, for PATCH."""
    return {
        "id": row.id,
        "displayName": row.display_name,
        "externalId": row.external_id,
        "entitlements": from_json(row.entitlements),
        "roles": from_json(row.roles),
    }


def as_json(values: Iterable[ComplexValue]) -> str | None:
    """The column of a list of complex values; None if it is empty."""
    listed = [value.model_dump(by_alias=True, exclude_none=True) for value in values]
    return json.dumps(listed) if listed else None


def from_json(column: str | None) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(column or "[]")
    return listed


def _require_free(call: Call, resource: Resource, row: PrincipalRow) -> None:
    if principals.id_of(call.connection, resource.kind, row.name) not in (None, row.id):
        raise PrincipalAlreadyExists(f"{resource.noun.capitalize()} '{row.name}' exists already. Choose another name.")


def _none(resource: Resource, principal_id: str) -> ResourceDoesNotExist:
    return ResourceDoesNotExist(
        f"{resource.noun.capitalize()} with id {principal_id} not found. It may have been deleted; list the "
        f"{resource.noun}s to see their ids."
    )
