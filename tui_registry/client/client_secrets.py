"""Calls about the secrets of service principals; for administrators."""

from urllib.parse import quote

from tui_registry.client.transport import Transport
from tui_registry_server.wire.fields import Nothing
from tui_registry_server.wire.oauth import ClientSecret, ClientSecrets, CreatedClientSecret


class ClientSecretCalls:
    """``principal_id`` is SCIM's."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def all(self, principal_id: str) -> list[ClientSecret]:
        """Newest first, without their values."""
        return (await self._transport.get(_path(principal_id), ClientSecrets)).secrets

    async def create(self, principal_id: str, *, lifetime_seconds: int | None = None) -> CreatedClientSecret:
        """A new secret. Its value is returned only once."""
        lifetime = None if lifetime_seconds is None else f"{lifetime_seconds}s"
        return await self._transport.send("POST", _path(principal_id), CreatedClientSecret, lifetime=lifetime)

    async def delete(self, principal_id: str, secret_id: str) -> None:
        """Revoke it, with the access tokens that it gave."""
        await self._transport.send("DELETE", f"{_path(principal_id)}/{quote(secret_id, safe='')}", Nothing)


def _path(principal_id: str) -> str:
    return f"/accounts/servicePrincipals/{quote(principal_id, safe='')}/credentials/secrets"
