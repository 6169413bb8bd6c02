"""What levels are granted on, and what the registry says of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from tui_registry.access.access_list import NONE, AccessList
from tui_registry.access.principal import Principal
from tui_registry.client.permissions import ROOT
from tui_registry.client.registry import RegistryClient
from tui_registry_server.wire.permission import PermissionLevel
from tui_registry_server.wire.permission_preview import PermissionsPreview
from tui_registry_server.wire.permission_reasons import PermissionsExplanation

MANAGE = PermissionLevel.CAN_MANAGE.value
"""What it takes to change a list."""


@dataclass(frozen=True, slots=True)
class Governed:
    """What levels are granted on: a model, or the whole registry."""

    id: str
    model: str = ""

    @property
    def registry_wide(self) -> bool:
        return self.id == ROOT

    def __str__(self) -> str:
        return self.model or "the whole registry"


WHOLE_REGISTRY = Governed(ROOT)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read of an object: its list, what whoever is looking may do and why, and what the server says of each
    level, from the lowest."""

    governed: Governed
    access: AccessList
    own: PermissionsExplanation
    meanings: Mapping[str, str]

    @property
    def manages(self) -> bool:
        """Whether whoever is looking may change the list."""
        return self.own.permission_level == MANAGE

    def rank(self, level: str) -> int:
        """Its place in the order of levels, from 1; 0 for one that is not known."""
        return [*self.meanings].index(level) + 1 if level in self.meanings else 0


async def read(client: RegistryClient, governed: Governed) -> AccessList:
    return AccessList.of(await client.permissions.get(governed.id))


async def preview(
    client: RegistryClient, governed: Governed, before: AccessList, principal: Principal, level: str
) -> PermissionsPreview:
    """What it would mean to make this the principal's direct level, or to take it away for NONE."""
    if level:
        return await client.permissions.preview(governed.id, [principal.entry(level)])
    after = before.granting(principal, NONE)
    return await client.permissions.preview(governed.id, after.entries(), replace=True, etag=before.etag)


async def governed_model(client: RegistryClient, name: str) -> Governed:
    """A model, by the id that permissions are kept under."""
    model = await client.models.get(name)
    return Governed(model.id, model.name)
