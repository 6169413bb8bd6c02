"""Calls about all that a user or service principal has, and taking it from them. For administrators; what they have
themselves may be read by all."""

from urllib.parse import quote

from tui_registry.client.transport import Transport
from tui_registry_server.wire.principal_details import Offboarding, PrincipalDetails, PrincipalLevels


class Principals:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def details(self, principal_id: str) -> PrincipalDetails:
        """The account, its groups, registry-wide grants, models, open requests and tokens."""
        return await self._transport.get(_path(principal_id), PrincipalDetails)

    async def levels(
        self,
        principal_id: str,
        *,
        name: str = "",
        only_higher: bool = False,
        max_results: int = 100,
        page_token: str = "",
    ) -> PrincipalLevels:
        """A page of its levels on models, by name, each with its reasons; of those whose names contain ``name``;
        ``only_higher`` than on the whole registry."""
        return await self._transport.get(
            f"{_path(principal_id)}/levels",
            PrincipalLevels,
            name=name,
            only_higher="true" if only_higher else "",
            max_results=max_results,
            page_token=page_token,
        )

    async def offboarding(self, principal_id: str) -> Offboarding:
        """What offboarding would do; nothing is changed."""
        return await self._transport.get(f"{_path(principal_id)}/offboarding", Offboarding)

    async def offboard(self, principal_id: str, *, etag: str) -> Offboarding:
        """Do all of that, if it is still what this ``etag`` was read with."""
        return await self._transport.send("POST", f"{_path(principal_id)}/offboard", Offboarding, etag=etag)


def _path(principal_id: str) -> str:
    return f"/principals/{quote(principal_id, safe='')}"
