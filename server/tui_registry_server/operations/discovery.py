"""SCIM's discovery endpoints (RFC 7644, 4)."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from tui_registry_server.operations.call import Answer, Call
from tui_registry_server.rules.errors import NotSupported, ResourceDoesNotExist
from tui_registry_server.rules.scim_schemas import MODELS, all_schemas
from tui_registry_server.wire.fields import RequestBody
from tui_registry_server.wire.lists import MAX_OPERATIONS
from tui_registry_server.wire.scim import LIST_SCHEMA, MAX_COUNT, Meta
from tui_registry_server.wire.scim_discovery import (
    AuthenticationScheme,
    BulkSupport,
    DiscoveryId,
    FilterSupport,
    ResourceType,
    Schema,
    ServiceProviderConfig,
    Supported,
)


def config(call: Call, body: RequestBody, subject: None) -> Answer:
    """The features of SCIM that the registry supports."""
    return _document(_config(), call, "ServiceProviderConfig", "ServiceProviderConfig")


def resource_types(call: Call, body: RequestBody, subject: None) -> Answer:
    """The resource types."""
    return _page([_document(each, call, "ResourceType", f"ResourceTypes/{each.id}") for each in _resource_types()])


def resource_type(call: Call, body: DiscoveryId, subject: None) -> Answer:
    """One resource type."""
    for each in _resource_types():
        if each.id == body.id:
            return _document(each, call, "ResourceType", f"ResourceTypes/{each.id}")
    raise ResourceDoesNotExist(
        f"There is no resource type '{body.id}'. Use one of {', '.join(str(each.id) for each in _resource_types())}."
    )


def schemas(call: Call, body: RequestBody, subject: None) -> Answer:
    """The schemas of the resources."""
    return _page([_document(each, call, "Schema", f"Schemas/{each.id}") for each in _schemas()])


def schema(call: Call, body: DiscoveryId, subject: None) -> Answer:
    """The schema of one resource type."""
    for each in _schemas():
        if each.id.lower() == body.id.lower():
            return _document(each, call, "Schema", f"Schemas/{each.id}")
    raise ResourceDoesNotExist(
        f"There is no schema '{body.id}'. Use one of {', '.join(each.id for each in _schemas())}."
    )


def search_all(call: Call, body: RequestBody, subject: None) -> Answer:
    """Not supported: searching all resource types at once."""
    raise NotSupported(
        "Searching all resource types at once is not supported. Use Users/.search, Groups/.search or "
        "ServicePrincipals/.search."
    )


@cache
def _config() -> ServiceProviderConfig:
    yes, no = Supported(supported=True), Supported(supported=False)
    return ServiceProviderConfig(
        patch=yes,
        bulk=BulkSupport(supported=False, max_operations=MAX_OPERATIONS, max_payload_size=0),
        filter=FilterSupport(supported=True, max_results=MAX_COUNT),
        change_password=no,
        sort=yes,
        etag=yes,
        authentication_schemes=[
            AuthenticationScheme(
                type="oauthbearertoken",
                name="Access token",
                description="An access token of an administrator, in the header Authorization: Bearer.",
                spec_uri="https://www.rfc-editor.org/rfc/rfc6750",
                primary=True,
            ),
            AuthenticationScheme(
                type="httpbasic",
                name="HTTP Basic",
                description="The user name 'token', with the access token as the password.",
                spec_uri="https://www.rfc-editor.org/rfc/rfc7617",
            ),
        ],
    )


@cache
def _resource_types() -> Sequence[ResourceType]:
    return [
        ResourceType(
            id=each.type,
            name=each.type,
            description=f"A {each.noun} of the registry.",
            endpoint=f"/{each.plural}",
            schema_urn=each.schema,
        )
        for each, _ in MODELS
    ]


@cache
def _schemas() -> Sequence[Schema]:
    return all_schemas()


def _document(each: ServiceProviderConfig | ResourceType | Schema, call: Call, kind: str, path: str) -> dict[str, Any]:
    meta = Meta(resource_type=kind, location=f"{call.root}/{path}")
    return each.model_copy(update={"meta": meta}).model_dump(by_alias=True, exclude_none=True, exclude_defaults=False)


def _page(resources: list[dict[str, Any]]) -> Answer:
    return {
        "schemas": [LIST_SCHEMA],
        "totalResults": len(resources),
        "startIndex": 1,
        "itemsPerPage": len(resources),
        "Resources": resources,
    }
