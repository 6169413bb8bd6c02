"""Users, groups and service principals, as in SCIM 2.0 (RFC 7643, RFC 7644) and Databricks.

Names on the wire are camelCase, as in SCIM. Ids are strings of digits: Databricks' clients parse an owner's id as a
number. Lists are paged by ``startIndex``, which counts from 1, and ``count``.
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from tui_registry_server.wire.fields import Entity, Integer, RequestBody, Text
from tui_registry_server.wire.lists import MAX_ATTRIBUTES, MAX_MEMBERS, MAX_OPERATIONS, MAX_VALUES, MaxLength
from tui_registry_server.wire.scim_traits import IMMUTABLE, READ_ONLY, Trait

USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Group"
SERVICE_PRINCIPAL_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:ServicePrincipal"
LIST_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:ListResponse"

MAX_COUNT = 1000  # resources in one page, whatever count is


class ScimBody(RequestBody):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class ScimEntity(Entity):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


@cache
def _names(model: type[BaseModel]) -> Mapping[str, str]:
    """The field names of a model by their names in lower case."""
    return {(field.alias or name).lower(): field.alias or name for name, field in model.model_fields.items()}


class AnyCaseBody(ScimBody):
    """Names of attributes are case-insensitive (RFC 7643, 2.1)."""

    @model_validator(mode="before")
    @classmethod
    def _fix_case(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        known = _names(cls)
        return {known.get(name.lower(), name): value for name, value in given.items()}


class SortOrder(StrEnum):
    ASCENDING = "ascending"
    DESCENDING = "descending"


class ComplexValue(ScimBody):
    """One value of a list: an email, a member, a group, an entitlement."""

    value: Text = Field(max_length=1024)
    display: Text | None = Field(default=None, max_length=1024)
    type: Text | None = Field(default=None, max_length=100)
    primary: bool | None = None
    ref: Text | None = Field(default=None, alias="$ref", max_length=1024)


def _as_objects(given: Any) -> Any:
    """Identity providers send null for an empty list, and texts for objects that have only a value."""
    if given is None:
        return []
    if not isinstance(given, list) or len(given) > MAX_MEMBERS:
        return given
    return [{"value": each} if isinstance(each, str) else each for each in given]


def _with_value(given: Any) -> Any:
    """They also send objects without a value for an empty list."""
    values = _as_objects(given)
    if not isinstance(values, list) or len(values) > MAX_VALUES:
        return values
    return [each for each in values if not isinstance(each, dict) or each.get("value") is not None]


Values = Annotated[list[ComplexValue], MaxLength(MAX_VALUES), BeforeValidator(_with_value)]
Members = Annotated[
    list[ComplexValue],
    MaxLength(MAX_MEMBERS, "add the others by PATCH, as many at a time"),
    BeforeValidator(_as_objects),
]


class Name(AnyCaseBody):
    given_name: Text | None = Field(default=None, max_length=256)
    family_name: Text | None = Field(default=None, max_length=256)


class Meta(ScimEntity):
    """``version`` is also the answer's ETag, for If-Match and If-None-Match (RFC 7644, 3.14)."""

    resource_type: str
    created: str | None = None
    last_modified: str | None = None
    location: str | None = None
    version: str | None = None


class PrincipalFields(AnyCaseBody):
    """The fields of every principal. Entitlements and roles are stored, but have no effect."""

    display_name: Text | None = Field(default=None, max_length=256)
    external_id: Text | None = Field(default=None, max_length=256)
    entitlements: Values = []
    roles: Values = []


class UserFields(PrincipalFields):
    """``userName`` and ``active`` are not changed if left out. After a change of ``userName``, a user has the same id,
    tokens, groups and permissions; earlier activities are still recorded under the old name."""

    user_name: Text | None = None
    name: Name | None = None
    emails: Values = []
    active: bool | None = None


class CreateUser(UserFields):
    user_name: Text


class ReplaceUser(UserFields):
    id: Text


class ServicePrincipalFields(PrincipalFields):
    """``applicationId`` is generated if left out, and cannot be changed later."""

    application_id: Text | None = None
    active: bool | None = None


class ReplaceServicePrincipal(ServicePrincipalFields):
    id: Text


class GroupFields(PrincipalFields):
    """Members are users, service principals and other groups, by id."""

    members: Members = []


class CreateGroup(GroupFields):
    display_name: Text = Field(max_length=256)


class ReplaceGroup(GroupFields):
    """Without members, all are removed."""

    id: Text


class PatchOperation(AnyCaseBody):
    """``op`` is add, remove or replace, case-insensitive; without a ``path``, ``value`` is an object, whose names are
    paths. Attributes that are not stored are ignored, as in POST."""

    op: Text
    path: Text | None = Field(default=None, max_length=1000)
    value: Any = None


class PatchResource(AnyCaseBody):
    """Changes, applied in their order, all or none (RFC 7644, 3.5.2)."""

    id: Text
    operations: Annotated[list[PatchOperation], MaxLength(MAX_OPERATIONS, "send the others in further requests")] = (
        Field(default=[], alias="Operations")
    )


class ResourceId(ScimBody):
    """Identifies a user, group or service principal."""

    id: Text


class ShownAttributes(ScimBody):
    """Comma-separated names of the attributes to include, or to exclude. ``id`` is always included."""

    attributes: Text = Field(default="", max_length=1000)
    excluded_attributes: Text = Field(default="", max_length=1000)


class GetResource(ShownAttributes):
    id: Text


class ListResources(ShownAttributes):
    """A ``count`` above 1000 is taken as 1000. The default order is by name."""

    filter: Text = ""
    sort_by: Text = ""
    sort_order: SortOrder = SortOrder.ASCENDING
    start_index: Integer = Field(default=1, le=2**53)
    count: Integer = 100


class SearchResources(AnyCaseBody):
    """The same as a JSON body (RFC 7644, 3.4.3), where names of attributes are a list."""

    attributes: Annotated[list[Text], MaxLength(MAX_ATTRIBUTES)] = []
    excluded_attributes: Annotated[list[Text], MaxLength(MAX_ATTRIBUTES)] = []
    filter: Text = ""
    sort_by: Text = ""
    sort_order: SortOrder = SortOrder.ASCENDING
    start_index: Integer = Field(default=1, le=2**53)
    count: Integer = 100


_Id = Annotated[str, Trait(READ_ONLY, returned="always", uniqueness="server", case_exact=True)]
_Schemas = Annotated[list[str], Trait(READ_ONLY)]
_ExternalId = Annotated[str | None, Trait(case_exact=True)]
_Groups = Annotated[list[ComplexValue], Trait(READ_ONLY, parts=("value", "$ref", "display", "type"))]
_Listed = Annotated[list[ComplexValue], Trait(parts=("value", "display", "type", "primary"))]
_Members = Annotated[
    list[ComplexValue], Trait(parts=("value", "$ref", "display"), of_parts=IMMUTABLE, read_only=("display",))
]


class User(ScimEntity):
    """A user, with direct and indirect groups. Emails, external id, entitlements and roles are visible to
    administrators and to the user only."""

    schemas: _Schemas = []
    id: _Id
    user_name: Annotated[str | None, Trait(required=True, uniqueness="server")] = None
    display_name: str | None = None
    name: Name | None = None
    emails: _Listed = []
    active: bool | None = None
    external_id: _ExternalId = None
    groups: _Groups = []
    entitlements: _Listed = []
    roles: _Listed = []
    meta: Annotated[Meta | None, Trait(READ_ONLY)] = None


class ServicePrincipal(ScimEntity):
    """The identity of a program. ``applicationId`` is its name in permissions and history."""

    schemas: _Schemas = []
    id: _Id
    application_id: Annotated[str | None, Trait(IMMUTABLE, uniqueness="server")] = None
    display_name: str | None = None
    active: bool | None = None
    external_id: _ExternalId = None
    groups: _Groups = []
    entitlements: _Listed = []
    roles: _Listed = []
    meta: Annotated[Meta | None, Trait(READ_ONLY)] = None


class Group(ScimEntity):
    """A group of principals. The members of the group ``users`` are not listed: everybody is one."""

    schemas: _Schemas = []
    id: _Id
    display_name: Annotated[str | None, Trait(required=True, uniqueness="server")] = None
    external_id: _ExternalId = None
    members: _Members = []
    groups: _Groups = []
    entitlements: _Listed = []
    roles: _Listed = []
    meta: Annotated[Meta | None, Trait(READ_ONLY)] = None


class _Page(ScimEntity):
    schemas: list[str] = [LIST_SCHEMA]
    total_results: int
    start_index: int
    items_per_page: int


class UserPage(_Page):
    resources: list[User] = Field(default=[], alias="Resources")


class ServicePrincipalPage(_Page):
    resources: list[ServicePrincipal] = Field(default=[], alias="Resources")


class GroupPage(_Page):
    resources: list[Group] = Field(default=[], alias="Resources")
