"""The objects that levels are granted on, and what the server says about their permissions."""

from collections.abc import Mapping
from dataclasses import dataclass

from tui_registry.access.access_list import NONE, AccessList
from tui_registry.access.principal import Principal
from tui_registry.client.permissions import ROOT
from tui_registry.client.registry import RegistryClient
from tui_registry.session.connection import ALL_OF_REGISTRY
from tui_registry_server.wire.permission import PermissionLevel
from tui_registry_server.wire.permission_preview import PermissionsPreview
from tui_registry_server.wire.permission_reasons import PermissionsExplanation

MANAGE = PermissionLevel.CAN_MANAGE.value
"""The level that allows changing permissions."""


@dataclass(frozen=True, slots=True)
class PermissionObject:
    """An object that levels are granted on: a model, or the whole registry. whole: what that is called, as it is a
    workspace where there are several."""

    id: str
    model: str = ""
    whole: str = ALL_OF_REGISTRY

    @property
    def registry_wide(self) -> bool:
        return self.id == ROOT

    def __str__(self) -> str:
        return self.model or f"the {self.whole}"


@dataclass(frozen=True, slots=True)
class AccessView:
    """The permissions of an object, as loaded: its access list, the explanation of the user's own level, and the
    descriptions of the levels, lowest first."""

    target: PermissionObject
    access: AccessList
    own: PermissionsExplanation
    meanings: Mapping[str, str]

    @property
    def manages(self) -> bool:
        """Whether the user may change the access list."""
        return self.own.permission_level == MANAGE

    def rank(self, level: str) -> int:
        """The position in the order of levels, from 1; 0 for an unknown level."""
        return [*self.meanings].index(level) + 1 if level in self.meanings else 0


async def read(client: RegistryClient, target: PermissionObject) -> AccessList:
    return AccessList.of(await client.permissions.get(target.id))


async def preview(
    client: RegistryClient, target: PermissionObject, before: AccessList, principal: Principal, level: str
) -> PermissionsPreview:
    """The effects of giving the principal this direct level, or of revoking it for NONE."""
    if level:
        return await client.permissions.preview(target.id, [principal.entry(level)])
    after = before.granting(principal, NONE)
    return await client.permissions.preview(target.id, after.entries(), replace=True, etag=before.etag)


async def permission_object(client: RegistryClient, name: str | None, whole: str) -> PermissionObject:
    """A model; without a name all of them, which are called ``whole``."""
    return await model_object(client, name, whole) if name else PermissionObject(ROOT, whole=whole)


async def model_object(client: RegistryClient, name: str, whole: str = ALL_OF_REGISTRY) -> PermissionObject:
    """A model, with the id that its permissions are stored under."""
    model = await client.models.get(name)
    return PermissionObject(model.id, model.name, whole)
