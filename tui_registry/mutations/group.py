"""Making and deleting groups, and changing who is in them."""

from tui_registry.client.registry import RegistryClient
from tui_registry.client.scim import compared
from tui_registry.mutations.mutation import Write


def make(client: RegistryClient, name: str) -> Write:
    async def exists() -> bool:
        return bool((await client.groups.search(filter_text=compared("displayName", "eq", name), count=1)).resources)

    async def send() -> None:
        await client.groups.create(name)

    async def changed_meanwhile() -> str:
        return f"there is a group {name} already." if await exists() else ""

    return Write(
        title=f"group {name}",
        doing="making it",
        done="Made. Enter on it, then n, adds members.",
        send=send,
        happened=exists,
        changed_meanwhile=changed_meanwhile,
    )


def delete(client: RegistryClient, group_id: str, name: str) -> Write:
    """There is no way back: what the group was granted is gone with it."""

    async def exists() -> bool:
        page = await client.groups.search(filter_text=compared("id", "eq", group_id), count=1)
        return any(group.display_name == name for group in page.resources)

    async def send() -> None:
        await client.groups.delete(group_id)

    async def happened() -> bool:
        return not await exists()

    async def changed_meanwhile() -> str:
        return "" if await exists() else "somebody has deleted or renamed this group meanwhile. Look again."

    return Write(
        title=f"group {name}",
        doing="deleting it",
        done="Deleted.",
        send=send,
        happened=happened,
        changed_meanwhile=changed_meanwhile,
    )


def membership(
    client: RegistryClient, group_id: str, name: str, member_id: str, who: str, *, joins: bool, undoable: bool = True
) -> Write:
    """Add a member, called ``who``, to the group called ``name``, or remove it."""

    async def is_member() -> bool:
        page = await client.groups.search(
            filter_text=f"{compared('id', 'eq', group_id)} and {compared('members.value', 'eq', member_id)}", count=1
        )
        return bool(page.resources)

    async def send() -> None:
        await (client.groups.add_members if joins else client.groups.remove_members)(group_id, [member_id])

    async def happened() -> bool:
        return await is_member() is joins

    async def changed_meanwhile() -> str:
        if await is_member() is joins:
            return f"somebody has {'added' if joins else 'removed'} {who} meanwhile."
        return ""

    return Write(
        title=f"group {name}",
        doing=f"{'adding' if joins else 'removing'} {who}",
        done=f"{who} is in it {'now' if joins else 'no more'}.",
        send=send,
        happened=happened,
        changed_meanwhile=changed_meanwhile,
        inverse=membership(client, group_id, name, member_id, who, joins=not joins, undoable=False)
        if undoable
        else None,
    )
