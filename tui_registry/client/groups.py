"""Calls about groups, by SCIM 2.0: see client.scim."""

from collections.abc import Collection

from tui_registry.client.scim import SCIM, patch, resource_path
from tui_registry.client.transport import Transport
from tui_registry_server.wire.fields import Nothing
from tui_registry_server.wire.scim import Group, GroupPage

GROUPS = f"{SCIM}/Groups"


class Groups:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def search(self, *, filter_text: str = "", start: int = 1, count: int = 100) -> GroupPage:
        """Without their members, of whom there may be thousands."""
        return await self._transport.get(
            GROUPS, GroupPage, filter=filter_text, startIndex=start, count=count, excludedAttributes="members"
        )

    async def get(self, group_id: str) -> Group:
        """With its direct members."""
        return await self._transport.get(resource_path(GROUPS, group_id), Group)

    async def create(self, name: str) -> Group:
        return await self._transport.send("POST", GROUPS, Group, displayName=name)

    async def add_members(self, group_id: str, member_ids: Collection[str]) -> Group:
        members = [{"value": member_id} for member_id in member_ids]
        return await patch(self._transport, resource_path(GROUPS, group_id), Group, "add", "members", members)

    async def remove_members(self, group_id: str, member_ids: Collection[str]) -> Group:
        members = [{"value": member_id} for member_id in member_ids]
        return await patch(self._transport, resource_path(GROUPS, group_id), Group, "remove", "members", members)

    async def delete(self, group_id: str) -> None:
        """Its members are kept; its grants are deleted."""
        await self._transport.send("DELETE", resource_path(GROUPS, group_id), Nothing)
