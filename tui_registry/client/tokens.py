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


class TokenCalls(Transport):
    async def own_tokens(self) -> list[PublicTokenInfo]:
        """The caller's that have not expired, newest first."""
        answer = await self._get("/token/list", PublicTokenInfos)
        return answer.token_infos

    async def tokens(self) -> list[TokenInfo]:
        """Everybody's, expired ones too, newest first; for administrators."""
        answer = await self._get(f"{MANAGEMENT}/tokens", TokenInfos)
        return answer.token_infos

    async def create_token(self, *, comment: str = "", lifetime_seconds: int | None = None) -> CreatedToken:
        """A token of the caller's own, without a lifetime as long as the one that this is made with. Its value is shown
        this one time."""
        return await self._send(
            "POST", "/token/create", CreatedToken, comment=comment, lifetime_seconds=lifetime_seconds
        )

    async def create_token_for(
        self, application_id: str, *, comment: str = "", lifetime_seconds: int | None = None
    ) -> CreatedTokenOnBehalf:
        """The same for a service principal; for administrators."""
        return await self._send(
            "POST",
            f"{MANAGEMENT}/on-behalf-of/tokens",
            CreatedTokenOnBehalf,
            application_id=application_id,
            comment=comment,
            lifetime_seconds=lifetime_seconds,
        )

    async def revoke_own_token(self, token_id: str) -> None:
        await self._send("POST", "/token/delete", Nothing, token_id=token_id)

    async def revoke_token(self, token_id: str) -> None:
        """Anybody's; for administrators."""
        await self._send("DELETE", f"{MANAGEMENT}/tokens/{quote(token_id, safe='')}", Nothing)
