"""SCIM's discovery endpoints: configuration, resource types and schemas (RFC 7643, 5 to 7; RFC 7644, 4)."""

from typing import Annotated

from pydantic import Field

from tui_registry_server.wire.fields import Text
from tui_registry_server.wire.scim import LIST_SCHEMA, Meta, ScimBody, ScimEntity
from tui_registry_server.wire.scim_traits import READ_ONLY, Trait

CONFIG_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
RESOURCE_TYPE_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
SCHEMA_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Schema"

_Required = Trait(READ_ONLY, required=True)
_Always = Trait(READ_ONLY, required=True, returned="always", case_exact=True)
_ReadOnly = Trait(READ_ONLY)
_Meta = Annotated[Meta | None, _ReadOnly]


class DiscoveryId(ScimBody):
    """The name of a resource type, or the URN of a schema."""

    id: Text


class Supported(ScimEntity):
    supported: Annotated[bool, _Required]


class BulkSupport(Supported):
    """``maxOperations`` is also the limit of operations in one PATCH: some clients read it from here."""

    max_operations: Annotated[int, _Required]
    max_payload_size: Annotated[int, _Required]


class FilterSupport(Supported):
    max_results: Annotated[int, _Required]


class AuthenticationScheme(ScimEntity):
    type: Annotated[str, _Required]
    name: Annotated[str, _Required]
    description: Annotated[str, _Required]
    spec_uri: Annotated[str | None, Trait(READ_ONLY, references=("external",))] = None
    primary: Annotated[bool | None, _ReadOnly] = None


class ServiceProviderConfig(ScimEntity):
    """The features of SCIM that the registry supports."""

    schemas: list[str] = [CONFIG_SCHEMA]
    documentation_uri: Annotated[str | None, Trait(READ_ONLY, references=("external",))] = None
    patch: Annotated[Supported, _Required]
    bulk: Annotated[BulkSupport, _Required]
    filter: Annotated[FilterSupport, _Required]
    change_password: Annotated[Supported, _Required]
    sort: Annotated[Supported, _Required]
    etag: Annotated[Supported, _Required]
    authentication_schemes: Annotated[list[AuthenticationScheme], _Required]
    meta: _Meta = None


class SchemaExtension(ScimEntity):
    schema_urn: Annotated[str, Trait(READ_ONLY, required=True, case_exact=True, references=("uri",))] = Field(
        alias="schema"
    )
    required: Annotated[bool, _Required]


class ResourceType(ScimEntity):
    """A resource type and its endpoint."""

    schemas: list[str] = [RESOURCE_TYPE_SCHEMA]
    id: Annotated[str | None, _ReadOnly] = None
    name: Annotated[str, _Required]
    description: Annotated[str | None, _ReadOnly] = None
    endpoint: Annotated[str, Trait(READ_ONLY, required=True, references=("uri",))]
    schema_urn: Annotated[str, Trait(READ_ONLY, required=True, case_exact=True, references=("uri",))] = Field(
        alias="schema"
    )
    schema_extensions: Annotated[list[SchemaExtension], _ReadOnly] = []
    meta: _Meta = None


class SchemaAttribute(ScimEntity):
    """One attribute and its traits (RFC 7643, 2.2)."""

    name: Annotated[str, _Always]
    type: Annotated[str, _Required]
    multi_valued: Annotated[bool, _Required]
    description: Annotated[str | None, _ReadOnly] = None
    required: Annotated[bool, _Required]
    canonical_values: Annotated[list[str], _ReadOnly] = []
    case_exact: Annotated[bool | None, _ReadOnly] = None
    mutability: Annotated[str, _Required]
    returned: Annotated[str, _Required]
    uniqueness: Annotated[str, _Required]
    reference_types: Annotated[list[str], _ReadOnly] = []
    sub_attributes: Annotated[list["SchemaAttribute"], _ReadOnly] = []


class Schema(ScimEntity):
    """The attributes of a resource."""

    schemas: list[str] = [SCHEMA_SCHEMA]
    id: Annotated[str, _Always]
    name: Annotated[str | None, _ReadOnly] = None
    description: Annotated[str | None, _ReadOnly] = None
    attributes: Annotated[list[SchemaAttribute], _Required]
    meta: _Meta = None


class ResourceTypePage(ScimEntity):
    schemas: list[str] = [LIST_SCHEMA]
    total_results: int
    start_index: int
    items_per_page: int
    resources: list[ResourceType] = Field(alias="Resources")


class SchemaPage(ScimEntity):
    schemas: list[str] = [LIST_SCHEMA]
    total_results: int
    start_index: int
    items_per_page: int
    resources: list[Schema] = Field(alias="Resources")
