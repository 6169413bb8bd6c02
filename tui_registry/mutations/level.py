"""Giving principals levels on a model or on the whole registry, and taking them away."""

from tui_registry.access.access_list import AccessList, Principal, entry
from tui_registry.access.grants import Governed, read
from tui_registry.client.registry import RegistryClient
from tui_registry.mutations.mutation import Write

MEANWHILE = "somebody has changed who may do what meanwhile. Look again."


def give(client: RegistryClient, governed: Governed, before: AccessList, principal: Principal, level: str) -> Write:
    """The write that gives a principal a direct level, or takes it away for NONE, if the list is still as it was."""
    after = before.granting(principal, level)
    had = before.direct.get(principal, "")

    async def send() -> None:
        if level:
            await client.permissions.add(governed.id, [entry(principal, level)])
        else:
            await client.permissions.replace(governed.id, after.entries(), etag=before.etag)

    async def happened() -> bool:
        return (await read(client, governed)).direct.get(principal, "") == level

    async def changed_meanwhile() -> str:
        return "" if await read(client, governed) == before else MEANWHILE

    return Write(
        title=f"{principal} on {governed}",
        doing=f"{had or 'none'} → {level or 'none'}",
        done=f"{principal} has {level} now." if level else f"{principal} has no level of its own here any more.",
        send=send,
        happened=happened,
        changed_meanwhile=changed_meanwhile,
        inverse=_restoring(client, governed, before, after, f"{principal} on {governed}", level, had),
    )


def _restoring(
    client: RegistryClient,
    governed: Governed,
    before: AccessList,
    after: AccessList,
    title: str,
    level: str,
    had: str,
) -> Write:
    """The write that makes the direct grants what they were, if nobody has changed them since."""

    seen = after

    async def send() -> None:
        await client.permissions.replace(governed.id, before.entries(), etag=seen.etag)

    async def happened() -> bool:
        return (await read(client, governed)).direct == before.direct

    async def changed_meanwhile() -> str:
        nonlocal seen
        seen = await read(client, governed)
        return "" if seen.direct == after.direct else MEANWHILE

    return Write(
        title=title,
        doing=f"{level or 'none'} → {had or 'none'}",
        done="The levels are as they were before.",
        send=send,
        happened=happened,
        changed_meanwhile=changed_meanwhile,
    )
