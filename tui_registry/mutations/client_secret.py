"""Creating and revoking the secrets of service principals."""

from collections.abc import Callable, Collection

from tui_registry.client.registry import RegistryClient
from tui_registry.mutations.mutation import Mutation
from tui_registry_server.wire.oauth import CreatedClientSecret


def create(
    client: RegistryClient,
    principal_id: str,
    name: str,
    lifetime: int | None,
    before: Collection[str],
    hand_over: Callable[[CreatedClientSecret], None],
) -> Mutation:
    """lifetime: seconds, or None for the maximum. before: ids of the secrets that there are already. hand_over: is
    given the new one with its value, which nothing else keeps; if the answer is lost, so is the value."""

    async def send() -> None:
        hand_over(await client.client_secrets.create(principal_id, lifetime_seconds=lifetime))

    async def happened() -> bool:
        return any(each.id not in before for each in await client.client_secrets.all(principal_id))

    return Mutation(
        title=f"secret of {name}",
        action=f"create a secret of {name}",
        progress="creating it",
        done="Created.",
        send=send,
        happened=happened,
    )


def delete(client: RegistryClient, principal_id: str, name: str, secret_id: str) -> Mutation:
    async def exists() -> bool:
        return any(each.id == secret_id for each in await client.client_secrets.all(principal_id))

    async def send() -> None:
        await client.client_secrets.delete(principal_id, secret_id)

    async def happened() -> bool:
        return not await exists()

    async def check() -> str:
        return "" if await exists() else "there is no such secret: it may have been revoked by someone else."

    return Mutation(
        title=f"secret of {name}",
        action=f"revoke a secret of {name}",
        progress="revoking it, and the access tokens that it gave",
        done="Revoked, with the access tokens that it gave.",
        send=send,
        happened=happened,
        check=check,
    )
