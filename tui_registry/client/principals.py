"""Calls about all that a user or service principal has, and taking it from them. For administrators."""

from urllib.parse import quote

from tui_registry.client.transport import Transport
from tui_registry_server.wire.principal_details import Offboarding, PrincipalDetails


class Principals:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def details(self, principal_id: str) -> PrincipalDetails:
        """The account, its groups, grants, models, open requests and tokens."""
        return await self._transport.get(_path(principal_id), PrincipalDetails)

    async def offboarding(self, principal_id: str) -> Offboarding:
        """What offboarding would do; nothing is changed."""
        return await self._transport.get(f"{_path(principal_id)}/offboarding", Offboarding)

    async def offboard(self, principal_id: str, *, etag: str) -> Offboarding:
        """Do all of that, if it is still what this ``etag`` was read with."""
        return await self._transport.send("POST", f"{_path(principal_id)}/offboard", Offboarding, etag=etag)


def _path(principal_id: str) -> str:
    return f"/principals/{quote(principal_id, safe='')}"
