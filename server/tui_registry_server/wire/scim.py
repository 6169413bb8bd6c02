"""Users, groups and service principals, as SCIM 2.0 (RFC 7643, RFC 7644) and Databricks write them.

Names are camelCase here, as SCIM has them. Ids are strings of digits: Databricks' clients take an owner's id for a
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

MAX_COUNT = 1000  # resources in one page; who asks for more gets so many, and goes on from there


class ScimBody(RequestBody):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class ScimEntity(Entity):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


@cache
def _names(model: type[BaseModel]) -> Mapping[str, str]:
    """How a model's fields are spelled, by their names in lower case."""
    return {(field.alias or name).lower(): field.alias or name for name, field in model.model_fields.items()}


class AnyCaseBody(ScimBody):
    """Names of attributes are read in any letter case (RFC 7643, 2.1)."""

    @model_validator(mode="before")
    @classmethod
    def _spell(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        known = _names(cls)
        return {known.get(name.lower(), name): value for name, value in given.items()}


class SortOrder(StrEnum):
    ASCENDING = "ascending"
    DESCENDING = "descending"


class ComplexValue(ScimBody):
    """One of several values: an email, a member, a group, an entitlement. ``value`` is what it is about."""

    value: Text = Field(max_length=1024)
    display: Text | None = Field(default=None, max_length=1024)
    type: Text | None = Field(default=None, max_length=100)
    primary: bool | None = None
    ref: Text | None = Field(default=None, alias="$ref", max_length=1024)


def _listed(given: Any) -> Any:
    """Identity providers send null for an empty list, and texts for objects that have nothing but a value."""
    if given is None:
        return []
    if not isinstance(given, list) or len(given) > MAX_MEMBERS:
        return given
    return [{"value": each} if isinstance(each, str) else each for each in given]


def _with_value(given: Any) -> Any:
    """They also send objects without a value, to say that there is none."""
    values = _listed(given)
    if not isinstance(values, list) or len(values) > MAX_VALUES:
        return values
    return [each for each in values if not isinstance(each, dict) or each.get("value") is not None]


Values = Annotated[list[ComplexValue], MaxLength(MAX_VALUES), BeforeValidator(_with_value)]
Members = Annotated[
    list[ComplexValue], MaxLength(MAX_MEMBERS, "add the others by PATCH, so many at a time"), BeforeValidator(_listed)
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
    """What may be said of any principal. Entitlements and roles are kept and shown; they mean nothing here."""

    display_name: Text | None = Field(default=None, max_length=256)
    external_id: Text | None = Field(default=None, max_length=256)
    entitlements: Values = []
    roles: Values = []


class UserFields(PrincipalFields):
    """``userName`` and ``active`` stay as they are if left out. Who gets another ``userName`` keeps their id, tokens,
    groups and permissions; what they did before stays recorded under the old one."""

    user_name: Text | None = None
    name: Name | None = None
    emails: Values = []
    active: bool | None = None


class CreateUser(UserFields):
    user_name: Text


class ReplaceUser(UserFields):
    id: Text


class ServicePrincipalFields(PrincipalFields):
    """``applicationId`` is made if left out, and cannot be changed later."""

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
    """Without members, the group has none from then on."""

    id: Text


class PatchOperation(AnyCaseBody):
    """``op`` is add, remove or replace, in any letter case; without a ``path``, ``value`` is an object, whose names
    are paths. What is said of attributes that are not kept is ignored, as in POST."""

    op: Text
    path: Text | None = Field(default=None, max_length=1000)
    value: Any = None


class PatchResource(AnyCaseBody):
    """Changes, made in their order, all or none (RFC 7644, 3.5.2)."""

    id: Text
    operations: Annotated[list[PatchOperation], MaxLength(MAX_OPERATIONS, "send the others in further requests")] = (
        Field(default=[], alias="Operations")
    )


class ResourceId(ScimBody):
    """The user, group or service principal meant."""

    id: Text


class ShownAttributes(ScimBody):
    """Comma-separated names of attributes: those to show, or those to leave out. ``id`` is always shown."""

    attributes: Text = Field(default="", max_length=1000)
    excluded_attributes: Text = Field(default="", max_length=1000)


class GetResource(ShownAttributes):
    id: Text


class ListResources(ShownAttributes):
    """``count`` above 1000 is read as 1000. Sorted by name, if nothing is said."""

    filter: Text = ""
    sort_by: Text = ""
    sort_order: SortOrder = SortOrder.ASCENDING
    start_index: Integer = Field(default=1, le=2**53)
    count: Integer = 100


class SearchResources(AnyCaseBody):
    """The same as a body (RFC 7644, 3.4.3), where names of attributes are a list."""

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
    """``groups`` holds direct and, through groups in groups, indirect ones. Emails, external id, entitlements and
    roles are shown to administrators and the user only."""

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
    """An identity of a program. ``applicationId`` is its name in permissions and history."""

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
    """The members of ``users`` are not listed: everybody is one."""

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
