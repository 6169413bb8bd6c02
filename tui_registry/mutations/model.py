"""Creating, renaming and deleting models."""

from collections.abc import Mapping

from tui_registry.client.errors import Refused
from tui_registry.client.registry import RegistryClient
from tui_registry.mutations.mutation import Mutation
from tui_registry.queries.prompts import is_prompt


async def exists(client: RegistryClient, name: str) -> bool:
    """Whether there is a model of this name that the caller may read."""
    try:
        await client.models.get(name)
    except Refused as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return False
        raise
    return True


async def taken(client: RegistryClient, name: str) -> str:
    """What the caller may read that has this name, in words; empty if nothing."""
    try:
        found = await client.models.get(name)
    except Refused as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return ""
        raise
    return f"there is already a {'prompt' if is_prompt(found.tags) else 'model'} of this name."


def create(
    client: RegistryClient, name: str, description: str, *, tags: Mapping[str, str] | None = None, noun: str = "model"
) -> Mutation:
    """``noun``: what it is, a model or a prompt."""

    async def send() -> None:
        await client.models.create(name, description=description, tags=tags)

    async def happened() -> bool:
        return await exists(client, name)

    async def check() -> str:
        return await taken(client, name)

    return Mutation(
        title=name,
        action=f"create {noun} {name}",
        progress=f"creating the {noun}",
        done=f"{noun.capitalize()} created.",
        send=send,
        happened=happened,
        check=check,
    )


def rename(client: RegistryClient, name: str, new_name: str, *, undoable: bool = True) -> Mutation:
    async def send() -> object:
        return await client.models.rename(name, new_name)

    async def happened() -> bool:
        return await exists(client, new_name) and not await exists(client, name)

    return Mutation(
        title=name,
        action=f"rename model {name} → {new_name}",
        progress=f"renaming it to {new_name}",
        done=f"Renamed to {new_name}.",
        send=send,
        happened=happened,
        inverse=rename(client, new_name, name, undoable=False) if undoable else None,
    )


def delete(client: RegistryClient, name: str, model_id: str) -> Mutation:
    """Delete the model that had this id when the question was asked."""

    async def send() -> None:
        await client.models.delete(name)

    async def happened() -> bool:
        return not await exists(client, name)

    async def check() -> str:
        now = (await client.models.get(name)).id
        return "" if now == model_id else "the model was replaced by another of the same name. Review it again."

    return Mutation(
        title=name,
        action=f"delete model {name}",
        progress="deleting the model",
        done="Model deleted.",
        send=send,
        happened=happened,
        check=check,
    )
