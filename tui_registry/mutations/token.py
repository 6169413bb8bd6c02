"""Making access tokens, and revoking them."""

from collections.abc import Callable, Collection, Sequence

from tui_registry.client.registry import RegistryClient
from tui_registry.mutations.mutation import Write
from tui_registry_server.wire.token import PublicTokenInfo


async def of_maker(client: RegistryClient, program: str) -> Sequence[PublicTokenInfo]:
    """The tokens among which a new one will be: everybody's, if it is for a program, else one's own."""
    return await client.tokens.all() if program else await client.tokens.own()


def make(
    client: RegistryClient,
    owner: str,
    program: str,
    comment: str,
    lifetime: int | None,
    before: Collection[str],
    hand_over: Callable[[str], None],
) -> Write:
    """A token for the service principal with this application id or, without one, for oneself.

    lifetime: seconds, or None for good. before: ids of the tokens that there are already. hand_over: is given the
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

    return Write(title=f"token for {owner}", doing="making it", done="Made.", send=send, happened=happened)


def revoke(client: RegistryClient, token_id: str, owner: str, *, everybodys: bool) -> Write:
    """``everybodys``: as an administrator, who may revoke any."""

    async def exists() -> bool:
        tokens: Sequence[PublicTokenInfo] = await client.tokens.all() if everybodys else await client.tokens.own()
        return any(each.token_id == token_id for each in tokens)

    async def send() -> None:
        await (client.tokens.revoke if everybodys else client.tokens.revoke_own)(token_id)

    async def happened() -> bool:
        return not await exists()

    async def changed_meanwhile() -> str:
        return "" if await exists() else "somebody has revoked it meanwhile."

    return Write(
        title=f"token of {owner}",
        doing="revoking it",
        done="Revoked: it is accepted no more.",
        send=send,
        happened=happened,
        changed_meanwhile=changed_meanwhile,
    )
