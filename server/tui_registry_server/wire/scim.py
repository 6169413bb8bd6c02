"""Users, groups and service principals, as SCIM 2.0 (RFC 7643, RFC 7644) and Databricks write them.

Names are camelCase here, as SCIM has them. Ids are strings of digits: Databricks' clients take an owner's id for a
number. Lists are paged by ``startIndex``, which counts from 1, and ``count``.
"""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from tui_registry_server.wire.fields import Entity, Integer, RequestBody, Text
from tui_registry_server.wire.lists import MAX_MEMBERS, MAX_OPERATIONS, MAX_VALUES, AtMost

USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Group"
SERVICE_PRINCIPAL_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:ServicePrincipal"
LIST_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:ListResponse"

MAX_COUNT = 1000  # resources in one page; who asks for more gets so many, and goes on from there


class ScimBody(RequestBody):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class ScimEntity(Entity):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


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


class Name(ScimBody):
    given_name: Text | None = Field(default=None, max_length=256)
    family_name: Text | None = Field(default=None, max_length=256)


class Meta(ScimEntity):
    resource_type: str


class PrincipalFields(ScimBody):
    """What may be said of any principal. Entitlements and roles are kept and shown; they mean nothing here."""

    display_name: Text | None = Field(default=None, max_length=256)
    external_id: Text | None = Field(default=None, max_length=256)
    entitlements: Annotated[list[ComplexValue], AtMost(MAX_VALUES)] = []
    roles: Annotated[list[ComplexValue], AtMost(MAX_VALUES)] = []


class UserFields(PrincipalFields):
    """``userName`` cannot be changed later: history names people by it. ``active`` stays as it is if left out."""

    user_name: Text | None = None
    name: Name | None = None
    emails: Annotated[list[ComplexValue], AtMost(MAX_VALUES)] = []
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

    members: Annotated[list[ComplexValue], AtMost(MAX_MEMBERS, "add the others by PATCH, so many at a time")] = []


class CreateGroup(GroupFields):
    display_name: Text = Field(max_length=256)


class ReplaceGroup(GroupFields):
    """Without members, the group has none from then on."""

    id: Text


class PatchOperation(ScimBody):
    """``op`` is add, remove or replace, in any letter case; without a ``path``, ``value`` is an object."""

    op: Text
    path: Text | None = Field(default=None, max_length=1000)
    value: Any = None


class PatchResource(ScimBody):
    """Changes, made in their order, all or none (RFC 7644, 3.5.2)."""

    id: Text
    operations: Annotated[list[PatchOperation], AtMost(MAX_OPERATIONS, "send the others in further requests")] = Field(
        default=[], alias="Operations"
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


class User(ScimEntity):
    """``groups`` holds direct and, through groups in groups, indirect ones. Emails, external id, entitlements and
    roles are shown to administrators and the user only."""

    schemas: list[str] = []
    id: str
    user_name: str | None = None
    display_name: str | None = None
    name: Name | None = None
    emails: list[ComplexValue] = []
    active: bool | None = None
    external_id: str | None = None
    groups: list[ComplexValue] = []
    entitlements: list[ComplexValue] = []
    roles: list[ComplexValue] = []
    meta: Meta | None = None


class ServicePrincipal(ScimEntity):
    """An identity of a program. ``applicationId`` is its name in permissions and history."""

    schemas: list[str] = []
    id: str
    application_id: str | None = None
    display_name: str | None = None
    active: bool | None = None
    external_id: str | None = None
    groups: list[ComplexValue] = []
    entitlements: list[ComplexValue] = []
    roles: list[ComplexValue] = []
    meta: Meta | None = None


class Group(ScimEntity):
    """The members of ``users`` are not listed: everybody is one."""

    schemas: list[str] = []
    id: str
    display_name: str | None = None
    external_id: str | None = None
    members: list[ComplexValue] = []
    groups: list[ComplexValue] = []
    entitlements: list[ComplexValue] = []
    roles: list[ComplexValue] = []
    meta: Meta | None = None


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
