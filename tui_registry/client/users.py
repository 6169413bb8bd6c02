"""Calls about users, by SCIM 2.0: see client.scim."""

from tui_registry.client.scim import SCIM, patch, resource_path
from tui_registry.client.transport import Transport
from tui_registry_server.wire.fields import Nothing
from tui_registry_server.wire.scim import User, UserPage

USERS = f"{SCIM}/Users"


class Users:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def me(self) -> User:
        """The token's owner, with their groups; a service principal's ``user_name`` is its application id."""
        return await self._transport.get(f"{SCIM}/Me", User)

    async def search(self, *, filter_text: str = "", start: int = 1, count: int = 100) -> UserPage:
        return await self._transport.get(USERS, UserPage, filter=filter_text, startIndex=start, count=count)

    async def get(self, user_id: str) -> User:
        return await self._transport.get(resource_path(USERS, user_id), User)

    async def create(self, name: str, *, display_name: str = "") -> User:
        return await self._transport.send("POST", USERS, User, userName=name, displayName=display_name)

    async def set_active(self, user_id: str, *, active: bool) -> User:
        """An inactive user's tokens are refused; everything else about them is kept."""
        return await patch(self._transport, resource_path(USERS, user_id), User, "replace", "active", active)

    async def delete(self, user_id: str) -> None:
        """Their tokens, grants and memberships are deleted, too; what they did stays recorded."""
        await self._transport.send("DELETE", resource_path(USERS, user_id), Nothing)
