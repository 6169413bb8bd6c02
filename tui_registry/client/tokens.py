"""Calls about access tokens: one's own, and, for administrators, everybody's."""

from urllib.parse import quote

from tui_registry.client.transport import Transport
from tui_registry_server.wire.fields import Nothing
from tui_registry_server.wire.token import (
    CreatedToken,
    CreatedTokenOnBehalf,
    PublicTokenInfo,
    PublicTokenInfos,
    TokenInfo,
    TokenInfos,
)

MANAGEMENT = "/token-management"


class Tokens:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def own(self) -> list[PublicTokenInfo]:
        """The caller's tokens that have not expired, newest first."""
        return (await self.own_infos()).token_infos

    async def own_infos(self) -> PublicTokenInfos:
        """The same, with the id of the one that the call is made with."""
        return await self._transport.get("/token/list", PublicTokenInfos)

    async def all(self, *, text: str = "", max_results: int | None = None) -> list[TokenInfo]:
        """All tokens, including expired ones, newest first; for administrators. Or the newest ``max_results``
        of those with a text in the comment or the creator's name; older servers send all."""
        answer = await self._transport.get(f"{MANAGEMENT}/tokens", TokenInfos, text=text, max_results=max_results)
        return answer.token_infos

    async def all_infos(self) -> TokenInfos:
        """All tokens, with the id of the one that the call is made with."""
        return await self._transport.get(f"{MANAGEMENT}/tokens", TokenInfos)

    async def create(self, *, comment: str = "", lifetime_seconds: int | None = None) -> CreatedToken:
        """A token for the caller, valid as long as the calling token unless a lifetime is given. Its value is returned
        only once."""
        return await self._transport.send(
            "POST", "/token/create", CreatedToken, comment=comment, lifetime_seconds=lifetime_seconds
        )

    async def create_for(
        self, application_id: str, *, comment: str = "", lifetime_seconds: int | None = None
    ) -> CreatedTokenOnBehalf:
        """A token for a service principal; for administrators."""
        return await self._transport.send(
            "POST",
            f"{MANAGEMENT}/on-behalf-of/tokens",
            CreatedTokenOnBehalf,
            application_id=application_id,
            comment=comment,
            lifetime_seconds=lifetime_seconds,
        )

    async def revoke_own(self, token_id: str) -> None:
        await self._transport.send("POST", "/token/delete", Nothing, token_id=token_id)

    async def revoke(self, token_id: str) -> None:
        """Revoke any token; for administrators."""
        await self._transport.send("DELETE", f"{MANAGEMENT}/tokens/{quote(token_id, safe='')}", Nothing)
