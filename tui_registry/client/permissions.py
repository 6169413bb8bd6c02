"""Calls about who may do what: the access control list of a model (by its id) or of the whole registry (``root``)."""

from collections.abc import Sequence
from urllib.parse import quote

from tui_registry.client.transport import Transport
from tui_registry_server.wire.permission import (
    AccessControlRequest,
    LevelDescription,
    ObjectPermissions,
    PermissionLevels,
)
from tui_registry_server.wire.permission_preview import PermissionsPreview
from tui_registry_server.wire.permission_reasons import PermissionsExplanation

ROOT = "root"
"""The id of the registry-wide object: grants on it apply to every model."""


class Permissions:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def get(self, object_id: str) -> ObjectPermissions:
        """Every principal with a level, direct or inherited."""
        return await self._transport.get(_path(object_id), ObjectPermissions)

    async def levels(self, object_id: str) -> list[LevelDescription]:
        """The levels that can be granted there, lowest first, with their descriptions."""
        answer = await self._transport.get(f"{_path(object_id)}/permissionLevels", PermissionLevels)
        return answer.permission_levels

    async def add(self, object_id: str, entries: Sequence[AccessControlRequest]) -> ObjectPermissions:
        """Grant these, each replacing its principal's direct level; the other entries are kept."""
        return await self._transport.send(
            "PATCH", _path(object_id), ObjectPermissions, access_control_list=[_entry(each) for each in entries]
        )

    async def replace(
        self, object_id: str, entries: Sequence[AccessControlRequest], *, etag: str | None = None
    ) -> ObjectPermissions:
        """Make these the only direct entries, if they have not changed since this ``etag`` was read."""
        listed = [_entry(each) for each in entries]
        return await self._transport.send(
            "PUT", _path(object_id), ObjectPermissions, access_control_list=listed, etag=etag
        )

    async def why(self, object_id: str, principal: str = "") -> PermissionsExplanation:
        """What somebody may do, and by which grants: ``user:NAME``, ``group:NAME``, ``service:APPLICATION_ID``, a name
        that only one has or, if left out, whose token it is. Raises Refused: 404 for nobody, 400 for several."""
        return await self._transport.get(f"{_path(object_id)}/why", PermissionsExplanation, principal=principal)

    async def preview(
        self,
        object_id: str,
        entries: Sequence[AccessControlRequest],
        *,
        replace: bool = False,
        etag: str | None = None,
    ) -> PermissionsPreview:
        """What it would mean for whom to ``add`` or to ``replace``; nothing is changed."""
        listed = [_entry(each) for each in entries]
        return await self._transport.ask(
            f"{_path(object_id)}/preview", PermissionsPreview, access_control_list=listed, replace=replace, etag=etag
        )


def _path(object_id: str) -> str:
    return f"/permissions/registered-models/{quote(object_id, safe='')}"


def _entry(entry: AccessControlRequest) -> dict[str, str]:
    return entry.model_dump(exclude_none=True)
