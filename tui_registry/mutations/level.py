"""Granting and revoking levels on a model or on the whole registry."""

from tui_registry.access.access_list import AccessList
from tui_registry.access.grants import PermissionObject, read
from tui_registry.access.principal import Principal
from tui_registry.client.registry import RegistryClient
from tui_registry.mutations.mutation import Mutation

CHANGED = "the permissions were changed by someone else. Review them again."


def give(
    client: RegistryClient, target: PermissionObject, before: AccessList, principal: Principal, level: str
) -> Mutation:
    """The write that gives a principal a direct level, or takes it away for NONE, if the list is still as it was."""
    after = before.granting(principal, level)
    had = before.direct.get(principal, "")

    async def send() -> None:
        if level:
            await client.permissions.add(target.id, [principal.entry(level)])
        else:
            await client.permissions.replace(target.id, after.entries(), etag=before.etag)

    async def happened() -> bool:
        return (await read(client, target)).direct.get(principal, "") == level

    async def check() -> str:
        return "" if await read(client, target) == before else CHANGED

    return Mutation(
        title=f"{principal} on {target}",
        action=f"grant {level} on {target} to {principal}" if level else f"revoke the level of {principal} on {target}",
        progress=f"{had or 'none'} → {level or 'none'}",
        done=f"{principal} now has {level}." if level else f"{principal} no longer has a direct level here.",
        send=send,
        happened=happened,
        check=check,
        inverse=_restoring(client, target, before, after, f"{principal} on {target}", level, had),
    )


def _restoring(
    client: RegistryClient,
    target: PermissionObject,
    before: AccessList,
    after: AccessList,
    title: str,
    level: str,
    had: str,
) -> Mutation:
    """The write that makes the direct grants what they were, if nobody has changed them since."""

    current = after

    async def send() -> None:
        await client.permissions.replace(target.id, before.entries(), etag=current.etag)

    async def happened() -> bool:
        return (await read(client, target)).direct == before.direct

    async def check() -> str:
        nonlocal current
        current = await read(client, target)
        return "" if current.direct == after.direct else CHANGED

    return Mutation(
        title=title,
        action=f"restore the permissions of {title}",
        progress=f"{level or 'none'} → {had or 'none'}",
        done="The previous levels are restored.",
        send=send,
        happened=happened,
        check=check,
    )
