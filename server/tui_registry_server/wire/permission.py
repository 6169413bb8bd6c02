"""Permission levels, and the access control list of a model or of the whole registry (its id is ``root``)."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import model_validator

from tui_registry_server.wire.fields import Entity, RequestBody, Text
from tui_registry_server.wire.lists import MAX_ACCESS_ENTRIES, MaxLength

PATCH_OTHERS = "add the others by PATCH, or have one entry name a group"


class PermissionLevel(StrEnum):
    CAN_CREATE_REGISTERED_MODEL = "CAN_CREATE_REGISTERED_MODEL"
    CAN_READ = "CAN_READ"
    CAN_EDIT = "CAN_EDIT"
    CAN_MANAGE_STAGING_VERSIONS = "CAN_MANAGE_STAGING_VERSIONS"
    CAN_MANAGE_PRODUCTION_VERSIONS = "CAN_MANAGE_PRODUCTION_VERSIONS"
    CAN_MANAGE = "CAN_MANAGE"


class Permission(Entity):
    """A level, and whether it comes from the registry-wide object (then ``inherited``)."""

    permission_level: str
    inherited: bool = False
    inherited_from_object: list[str] = []


class AccessControl(Entity):
    """One principal's levels. Exactly one of the three names is set."""

    user_name: str | None = None
    group_name: str | None = None
    service_principal_name: str | None = None
    display_name: str | None = None
    all_permissions: list[Permission] = []


class ObjectPermissions(Entity):
    """``object_id`` is ``/registered-models/<id>``. ``etag`` identifies the current direct entries: see
    ChangePermissions."""

    object_id: str
    object_type: str
    access_control_list: list[AccessControl] = []
    etag: str | None = None


class AccessControlRequest(RequestBody):
    """A level for one user, group or service principal."""

    user_name: Text | None = None
    group_name: Text | None = None
    service_principal_name: Text | None = None
    permission_level: Text

    @model_validator(mode="after")
    def _names_one_principal(self) -> Self:
        if sum(name is not None for name in (self.user_name, self.group_name, self.service_principal_name)) != 1:
            raise ValueError("name exactly one of user_name, group_name and service_principal_name")
        return self


class PermissionsOf(RequestBody):
    """Identifies an object: a model's id, or ``root``."""

    object_id: Text


class ChangePermissions(RequestBody):
    """PATCH adds or changes the entries given; PUT makes them the only direct ones. With an ``etag``, only if the
    direct entries are still the same: else the status is 409, and nothing is changed."""

    object_id: Text
    etag: Text | None = None
    access_control_list: Annotated[list[AccessControlRequest], MaxLength(MAX_ACCESS_ENTRIES, PATCH_OTHERS)] = []


class LevelDescription(Entity):
    permission_level: str
    description: str


class PermissionLevels(Entity):
    permission_levels: list[LevelDescription]
