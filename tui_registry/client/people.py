"""Calls about users, service principals and groups, as SCIM 2.0 has them.

Filters are SCIM's (RFC 7644, 3.4.2.2). Pages begin at the number ``start``, which counts from 1.
"""

import json
from collections.abc import Collection
from typing import Any
from urllib.parse import quote

from tui_registry.client.transport import Answer, Transport
from tui_registry_server.wire.fields import Nothing
from tui_registry_server.wire.scim import Group, GroupPage, ServicePrincipal, ServicePrincipalPage, User, UserPage

SCIM = "/preview/scim/v2"
USERS, SERVICE_PRINCIPALS, GROUPS = f"{SCIM}/Users", f"{SCIM}/ServicePrincipals", f"{SCIM}/Groups"
PATCH_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


class PeopleCalls(Transport):
    async def myself(self) -> User:
        """The token's owner, with their groups; a service principal's ``user_name`` is its application id."""
        return await self._get(f"{SCIM}/Me", User)

    async def users(self, *, filter_text: str = "", start: int = 1, count: int = 100) -> UserPage:
        return await self._get(USERS, UserPage, filter=filter_text, startIndex=start, count=count)

    async def user(self, user_id: str) -> User:
        return await self._get(_of(USERS, user_id), User)

    async def create_user(self, name: str, *, display_name: str = "") -> User:
        return await self._send("POST", USERS, User, userName=name, displayName=display_name)

    async def set_user_active(self, user_id: str, *, active: bool) -> User:
        """An inactive user's tokens are refused; everything else about them stays."""
        return await self._patch(_of(USERS, user_id), User, "replace", "active", active)

    async def service_principals(
        self, *, filter_text: str = "", start: int = 1, count: int = 100
    ) -> ServicePrincipalPage:
        return await self._get(
            SERVICE_PRINCIPALS, ServicePrincipalPage, filter=filter_text, startIndex=start, count=count
        )

    async def service_principal(self, principal_id: str) -> ServicePrincipal:
        return await self._get(_of(SERVICE_PRINCIPALS, principal_id), ServicePrincipal)

    async def create_service_principal(self, application_id: str, *, display_name: str = "") -> ServicePrincipal:
        return await self._send(
            "POST", SERVICE_PRINCIPALS, ServicePrincipal, applicationId=application_id, displayName=display_name
        )

    async def set_service_principal_active(self, principal_id: str, *, active: bool) -> ServicePrincipal:
        return await self._patch(_of(SERVICE_PRINCIPALS, principal_id), ServicePrincipal, "replace", "active", active)

    async def groups(self, *, filter_text: str = "", start: int = 1, count: int = 100) -> GroupPage:
        """Without their members, of whom there may be thousands."""
        return await self._get(
            GROUPS, GroupPage, filter=filter_text, startIndex=start, count=count, excludedAttributes="members"
        )

    async def group(self, group_id: str) -> Group:
        """With its direct members."""
        return await self._get(_of(GROUPS, group_id), Group)

    async def create_group(self, name: str) -> Group:
        return await self._send("POST", GROUPS, Group, displayName=name)

    async def add_members(self, group_id: str, member_ids: Collection[str]) -> Group:
        members = [{"value": member_id} for member_id in member_ids]
        return await self._patch(_of(GROUPS, group_id), Group, "add", "members", members)

    async def remove_members(self, group_id: str, member_ids: Collection[str]) -> Group:
        members = [{"value": member_id} for member_id in member_ids]
        return await self._patch(_of(GROUPS, group_id), Group, "remove", "members", members)

    async def delete_group(self, group_id: str) -> None:
        """Its members stay; what it was allowed is gone."""
        await self._send("DELETE", _of(GROUPS, group_id), Nothing)

    async def _patch(self, path: str, answer: type[Answer], op: str, what: str, value: Any) -> Answer:
        operation = {"op": op, "path": what, "value": value}
        return await self._send("PATCH", path, answer, schemas=[PATCH_SCHEMA], Operations=[operation])


def _of(path: str, resource_id: str) -> str:
    return f"{path}/{quote(resource_id, safe='')}"


def compared(attribute: str, operator: str, value: str) -> str:
    """One comparison of a SCIM filter; its texts are written as JSON's."""
    return f"{attribute} {operator} {json.dumps(value)}"
