"""Creating and revoking access tokens."""

from collections.abc import Callable, Collection, Sequence

from tui_registry.client.registry import RegistryClient
from tui_registry.mutations.mutation import Mutation
from tui_registry_server.wire.token import PublicTokenInfo


async def of_maker(client: RegistryClient, program: str) -> Sequence[PublicTokenInfo]:
    """The tokens among which a new one will be: everybody's, if it is for a program, else one's own."""
    return await client.tokens.all() if program else await client.tokens.own()


def create(
    client: RegistryClient,
    owner: str,
    program: str,
    comment: str,
    lifetime: int | None,
    before: Collection[str],
    hand_over: Callable[[str], None],
) -> Mutation:
    """A token for the service principal with this application id or, without one, for oneself.

    lifetime: seconds, or None without expiry. before: ids of the tokens that there are already. hand_over: is given the
    value, which nothing else keeps; if the answer is lost, so is the value.
    """

    async def send() -> None:
        if program:
            made = await client.tokens.create_for(program, comment=comment, lifetime_seconds=lifetime)
            hand_over(made.token_value)
        else:
            own = await client.tokens.create(comment=comment, lifetime_seconds=lifetime)
            hand_over(own.token_value)

    async def happened() -> bool:
        tokens = await of_maker(client, program)
        return any(each.token_id not in before and (each.comment or "") == comment for each in tokens)

    return Mutation(
        title=f"token for {owner}",
        action=f"create a token for {owner}",
        progress="creating it",
        done="Created.",
        send=send,
        happened=happened,
    )


def revoke(client: RegistryClient, token_id: str, owner: str, *, is_admin: bool) -> Mutation:
    """is_admin: the caller may revoke any token."""

    async def exists() -> bool:
        tokens: Sequence[PublicTokenInfo] = await client.tokens.all() if is_admin else await client.tokens.own()
        return any(each.token_id == token_id for each in tokens)

    async def send() -> None:
        await (client.tokens.revoke if is_admin else client.tokens.revoke_own)(token_id)

    async def happened() -> bool:
        return not await exists()

    async def check() -> str:
        return "" if await exists() else "it was revoked by someone else."

    return Mutation(
        title=f"token of {owner}",
        action=f"revoke a token of {owner}",
        progress="revoking it",
        done="Revoked: it is no longer accepted.",
        send=send,
        happened=happened,
        check=check,
    )
