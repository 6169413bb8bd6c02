"""Creating and deleting groups, adding and removing members."""

from tui_registry.client.registry import RegistryClient
from tui_registry.client.scim import compared
from tui_registry.mutations.mutation import Mutation


def create(client: RegistryClient, name: str) -> Mutation:
    async def exists() -> bool:
        return bool((await client.groups.search(filter_text=compared("displayName", "eq", name), count=1)).resources)

    async def send() -> None:
        await client.groups.create(name)

    async def check() -> str:
        return f"there is already a group {name}." if await exists() else ""

    return Mutation(
        title=f"group {name}",
        action=f"create group {name}",
        progress="creating it",
        done="Created. To add members, open it and press n.",
        send=send,
        happened=exists,
        check=check,
    )


def delete(client: RegistryClient, group_id: str, name: str) -> Mutation:
    """It cannot be undone: what the group was granted is deleted with it."""

    async def exists() -> bool:
        page = await client.groups.search(filter_text=compared("id", "eq", group_id), count=1)
        return any(group.display_name == name for group in page.resources)

    async def send() -> None:
        await client.groups.delete(group_id)

    async def happened() -> bool:
        return not await exists()

    async def check() -> str:
        return "" if await exists() else "this group was deleted or renamed by someone else. Review it again."

    return Mutation(
        title=f"group {name}",
        action=f"delete group {name}",
        progress="deleting it",
        done="Deleted.",
        send=send,
        happened=happened,
        check=check,
    )


def membership(
    client: RegistryClient, group_id: str, name: str, member_id: str, who: str, *, joins: bool, undoable: bool = True
) -> Mutation:
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

    async def check() -> str:
        if await is_member() is joins:
            return f"{who} was {'added' if joins else 'removed'} by someone else."
        return ""

    return Mutation(
        title=f"group {name}",
        action=f"add {who} to group {name}" if joins else f"remove {who} from group {name}",
        progress=f"{'adding' if joins else 'removing'} {who}",
        done=f"{who} {'added' if joins else 'removed'}.",
        send=send,
        happened=happened,
        check=check,
        inverse=membership(client, group_id, name, member_id, who, joins=not joins, undoable=False)
        if undoable
        else None,
    )
