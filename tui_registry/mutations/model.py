"""Creating, renaming and deleting models."""

from tui_registry.client.errors import Refused
from tui_registry.client.registry import RegistryClient
from tui_registry.mutations.mutation import Write


async def exists(client: RegistryClient, name: str) -> bool:
    """Whether there is a model of this name that the caller may read."""
    try:
        await client.models.get(name)
    except Refused as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return False
        raise
    return True


def create(client: RegistryClient, name: str, description: str) -> Write:
    async def send() -> None:
        await client.models.create(name, description=description)

    async def happened() -> bool:
        return await exists(client, name)

    async def changed_meanwhile() -> str:
        return "there is a model of this name already." if await exists(client, name) else ""

    return Write(
        title=name,
        doing="creating the model",
        done="Model created.",
        send=send,
        happened=happened,
        changed_meanwhile=changed_meanwhile,
    )


def rename(client: RegistryClient, name: str, new_name: str, *, undoable: bool = True) -> Write:
    async def send() -> object:
        return await client.models.rename(name, new_name)

    async def happened() -> bool:
        return await exists(client, new_name) and not await exists(client, name)

    return Write(
        title=name,
        doing=f"renaming it to {new_name}",
        done=f"It is called {new_name} now.",
        send=send,
        happened=happened,
        inverse=rename(client, new_name, name, undoable=False) if undoable else None,
    )


def delete(client: RegistryClient, name: str, model_id: str) -> Write:
    """Delete the model that had this id when the question was asked."""

    async def send() -> None:
        await client.models.delete(name)

    async def happened() -> bool:
        return not await exists(client, name)

    async def changed_meanwhile() -> str:
        now = (await client.models.get(name)).id
        return "" if now == model_id else "another model has this name now. Look again."

    return Write(
        title=name,
        doing="deleting the model",
        done="Model deleted.",
        send=send,
        happened=happened,
        changed_meanwhile=changed_meanwhile,
    )
