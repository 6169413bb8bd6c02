"""Operations on service principals: identities of programs."""

import uuid

from tui_registry_server.operations import principals
from tui_registry_server.operations.call import Answer, Call
from tui_registry_server.operations.subjects import Subject
from tui_registry_server.rules.errors import Immutable
from tui_registry_server.rules.scim_patch import apply_change, read_changes
from tui_registry_server.rules.scim_resources import SERVICE_PRINCIPAL
from tui_registry_server.rules.validation import validated
from tui_registry_server.wire.scim import (
    GetResource,
    ListResources,
    PatchResource,
    ReplaceServicePrincipal,
    ResourceId,
    SearchResources,
    ServicePrincipalFields,
)


def create(call: Call, body: ServicePrincipalFields, subject: Subject) -> Answer:
    """Create a service principal, by default with a random application id."""
    columns = principals.columns_of(body) | {"active": body.active is not False}
    row = principals.create(call, SERVICE_PRINCIPAL, body.application_id or str(uuid.uuid4()), columns)
    return principals.read(call, SERVICE_PRINCIPAL, row.id)


def get(call: Call, body: GetResource, subject: None) -> Answer:
    """The service principal with the groups that it is in."""
    return principals.read(call, SERVICE_PRINCIPAL, body.id, body.attributes, body.excluded_attributes)


def listed(call: Call, body: ListResources, subject: None) -> Answer:
    """Service principals that match a filter, sorted and paged."""
    return principals.page(call, SERVICE_PRINCIPAL, body)


def search(call: Call, body: SearchResources, subject: None) -> Answer:
    """Search by POST, as by GET."""
    return principals.search(call, SERVICE_PRINCIPAL, body)


def replace(call: Call, body: ReplaceServicePrincipal, subject: Subject) -> Answer:
    """PUT: fields that are left out are cleared, but not applicationId and active."""
    row = principals.find(call, SERVICE_PRINCIPAL, body.id)
    if body.application_id is not None and body.application_id.casefold() != row.name.casefold():
        raise Immutable(
            f"The applicationId of a service principal cannot be changed: programs are configured with it. Leave it at "
            f"'{row.name}', or create another service principal."
        )
    active = row.active if body.active is None else body.active
    principals.change(call, SERVICE_PRINCIPAL, row, row._replace(**principals.columns_of(body), active=active))
    return principals.read(call, SERVICE_PRINCIPAL, row.id)


def patch(call: Call, body: PatchResource, subject: Subject) -> Answer:
    """Change the given attributes only."""
    row = principals.find(call, SERVICE_PRINCIPAL, body.id)
    fields = principals.fields_of(row) | {"applicationId": row.name, "active": row.active}
    for change in read_changes(body.operations, SERVICE_PRINCIPAL):
        apply_change(fields, change)
    return replace(call, validated(ReplaceServicePrincipal, fields), subject)


def delete(call: Call, body: ResourceId, subject: Subject) -> Answer:
    """Delete a service principal with its tokens, memberships and permissions; the history still has its name."""
    principals.delete(call, SERVICE_PRINCIPAL, principals.find(call, SERVICE_PRINCIPAL, body.id))
    return {}
