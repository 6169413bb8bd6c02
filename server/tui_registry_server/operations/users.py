"""Operations on users, and on the caller."""

from dataclasses import replace as changed
from typing import Any

from tui_registry_server.operations import groups, principals
from tui_registry_server.operations.call import Answer, Call, WithHeaders
from tui_registry_server.operations.subjects import Subject
from tui_registry_server.rules.scim_patch import apply_change, read_changes
from tui_registry_server.rules.scim_resources import USER
from tui_registry_server.rules.validation import validated
from tui_registry_server.store import counters
from tui_registry_server.store.principals import PrincipalRow
from tui_registry_server.wire.principal import ADMINS
from tui_registry_server.wire.scim import (
    CreateUser,
    GetResource,
    ListResources,
    Name,
    PatchResource,
    ReplaceUser,
    ResourceId,
    SearchResources,
    ShownAttributes,
    UserFields,
)


def me(call: Call, body: ShownAttributes, subject: None) -> WithHeaders:
    """The caller as a user: a service principal's userName is its application id. A header has the registry's id."""
    as_user = changed(USER, kind=call.principal.kind)
    user = principals.read(call, as_user, call.principal.id, body.attributes, body.excluded_attributes)
    workspace = {"X-Databricks-Org-Id": str(counters.read(call.connection, counters.WORKSPACE))}
    return WithHeaders(user.content, {**user.headers, **workspace})


def create(call: Call, body: CreateUser, subject: Subject) -> Answer:
    """Create a user, active by default."""
    return principals.read(call, USER, add(call, body))


def add(call: Call, body: CreateUser, *, admin: bool = False) -> str:
    """Create a user, who may be a member of the group ``admins``. Returns the id."""
    columns = _columns(body) | {"active": body.active is not False}
    row = principals.create(call, USER, body.user_name, columns)
    if admin:
        groups.join(call, ADMINS, row.id)
    return row.id


def get(call: Call, body: GetResource, subject: None) -> Answer:
    """The user with the groups that they are in."""
    return principals.read(call, USER, body.id, body.attributes, body.excluded_attributes)


def listed(call: Call, body: ListResources, subject: None) -> Answer:
    """Users that match a filter, sorted and paged."""
    return principals.page(call, USER, body)


def search(call: Call, body: SearchResources, subject: None) -> Answer:
    """Search by POST, as by GET."""
    return principals.search(call, USER, body)


def replace(call: Call, body: ReplaceUser, subject: Subject) -> Answer:
    """PUT: fields that are left out are cleared, but not userName and active."""
    row = principals.find(call, USER, body.id)
    name = row.name if body.user_name is None else body.user_name
    active = row.active if body.active is None else body.active
    principals.change(call, USER, row, row._replace(**_columns(body), name=name, active=active))
    return principals.read(call, USER, row.id)


def patch(call: Call, body: PatchResource, subject: Subject) -> Answer:
    """Change the given attributes only."""
    fields = _fields(principals.find(call, USER, body.id))
    for change in read_changes(body.operations, USER):
        apply_change(fields, change)
    return replace(call, validated(ReplaceUser, fields), subject)


def delete(call: Call, body: ResourceId, subject: Subject) -> Answer:
    """Delete a user with their tokens, memberships and permissions; the history still has the name."""
    principals.delete(call, USER, principals.find(call, USER, body.id))
    return {}


def _columns(fields: UserFields) -> dict[str, Any]:
    name = fields.name or Name()
    return principals.columns_of(fields) | {
        "given_name": name.given_name or None,
        "family_name": name.family_name or None,
        "emails": principals.as_json(fields.emails),
    }


def _fields(row: PrincipalRow) -> dict[str, Any]:
    return principals.fields_of(row) | {
        "userName": row.name,
        "active": row.active,
        "name": {"givenName": row.given_name, "familyName": row.family_name},
        "emails": principals.from_json(row.emails),
    }
