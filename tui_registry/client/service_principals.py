"""Calls about service principals, by SCIM 2.0: see client.scim."""

from tui_registry.client.scim import SCIM, patch, resource_path
from tui_registry.client.transport import Transport
from tui_registry_server.wire.fields import Nothing
from tui_registry_server.wire.scim import ServicePrincipal, ServicePrincipalPage

SERVICE_PRINCIPALS = f"{SCIM}/ServicePrincipals"


class ServicePrincipals:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def search(self, *, filter_text: str = "", start: int = 1, count: int = 100) -> ServicePrincipalPage:
        return await self._transport.get(
            SERVICE_PRINCIPALS, ServicePrincipalPage, filter=filter_text, startIndex=start, count=count
        )

    async def get(self, principal_id: str) -> ServicePrincipal:
        return await self._transport.get(resource_path(SERVICE_PRINCIPALS, principal_id), ServicePrincipal)

    async def create(self, application_id: str, *, display_name: str = "") -> ServicePrincipal:
        return await self._transport.send(
            "POST", SERVICE_PRINCIPALS, ServicePrincipal, applicationId=application_id, displayName=display_name
        )

    async def set_active(self, principal_id: str, *, active: bool) -> ServicePrincipal:
        return await patch(
            self._transport,
            resource_path(SERVICE_PRINCIPALS, principal_id),
            ServicePrincipal,
            "replace",
            "active",
            active,
        )

    async def delete(self, principal_id: str) -> None:
        """Its tokens, grants and memberships are deleted, too; what it did stays recorded."""
        await self._transport.send("DELETE", resource_path(SERVICE_PRINCIPALS, principal_id), Nothing)
