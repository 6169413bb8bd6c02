"""Creating, describing and deleting workspaces."""

from tui_registry.client.registry import RegistryClient
from tui_registry.mutations.mutation import Mutation
from tui_registry_server.wire.workspace import Workspace


async def _find(client: RegistryClient, name: str) -> Workspace | None:
    return next((each for each in await client.workspaces.all(details=True) if each.name == name), None)


def create(client: RegistryClient, name: str, description: str) -> Mutation:
    async def send() -> None:
        await client.workspaces.create(name, description)

    async def happened() -> bool:
        return await _find(client, name) is not None

    async def check() -> str:
        return f"there is already a workspace {name}." if await happened() else ""

    return Mutation(
        title=f"workspace {name}",
        action=f"create workspace {name}",
        progress="creating it",
        done="Created. Only administrators may use it: to let others in, switch to it, and grant levels under Access.",
        send=send,
        happened=happened,
        check=check,
    )


def describe(client: RegistryClient, name: str, before: str, after: str, *, undoable: bool = True) -> Mutation:
    async def description() -> str | None:
        """None if the workspace was deleted."""
        found = await _find(client, name)
        return None if found is None else found.description or ""

    async def send() -> None:
        await client.workspaces.describe(name, after)

    async def happened() -> bool:
        return await description() == after

    async def check() -> str:
        now = await description()
        if now is None:
            return "this workspace was deleted by someone else."
        return "" if now == before else "the description was changed by someone else. Review it again."

    return Mutation(
        title=f"workspace {name}",
        action=f"describe workspace {name}",
        progress="changing the description" if undoable else "restoring the previous description",
        done="Description changed." if after else "Description removed.",
        send=send,
        happened=happened,
        check=check,
        inverse=describe(client, name, after, before, undoable=False) if undoable else None,
    )


def delete(client: RegistryClient, workspace: Workspace) -> Mutation:
    """With as many models as it has now: with others in the meantime, nothing is deleted. It cannot be undone."""
    name = workspace.name

    async def send() -> None:
        await client.workspaces.delete(name, with_models=bool(workspace.model_count))

    async def happened() -> bool:
        return await _find(client, name) is None

    async def check() -> str:
        now = await _find(client, name)
        if now is None:
            return "this workspace was deleted by someone else."
        is_same = (now.model_count or 0) == (workspace.model_count or 0)
        return "" if is_same else f"it has {now.model_count or 0} models and prompts now. Review it again."

    return Mutation(
        title=f"workspace {name}",
        action=f"delete workspace {name}",
        progress="deleting it",
        done="Deleted.",
        send=send,
        happened=happened,
        check=check,
    )
