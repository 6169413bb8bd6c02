"""Setting and removing aliases."""

from tui_registry.client.registry import RegistryClient
from tui_registry.mutations.mutation import Mutation


def alias(
    client: RegistryClient, name: str, word: str, before: str | None, after: str | None, *, undoable: bool = True
) -> Mutation:
    """Move an alias from a version of a model to another; None is no version."""

    async def holder() -> str | None:
        return next((each.version for each in (await client.models.get(name)).aliases if each.alias == word), None)

    async def send() -> None:
        if after is None:
            await client.models.delete_alias(name, word)
        else:
            await client.models.set_alias(name, word, after)

    async def happened() -> bool:
        return await holder() == after

    async def check() -> str:
        return "" if await holder() == before else f"@{word} was moved by someone else. Review it again."

    return Mutation(
        title=name,
        action=f"remove alias @{word} of {name}" if after is None else f"set alias @{word} of {name} → version {after}",
        progress=f"removing @{word}" if after is None else f"pointing @{word} to version {after}",
        done=f"Alias @{word} removed." if after is None else f"@{word} now points to version {after}.",
        send=send,
        happened=happened,
        check=check,
        inverse=alias(client, name, word, after, before, undoable=False) if undoable else None,
    )
