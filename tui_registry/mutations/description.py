"""Changing a description."""

from tui_registry.client.registry import RegistryClient
from tui_registry.mutations.mutation import Write
from tui_registry.mutations.subject import Subject


def describe(client: RegistryClient, subject: Subject, before: str, after: str, *, undoable: bool = True) -> Write:
    """Replace the description that was ``before``; an empty one clears it."""

    async def send() -> object:
        if subject.version is None:
            return await client.models.set_description(subject.name, after)
        return await client.versions.set_description(subject.name, subject.version, after)

    async def happened() -> bool:
        return (await subject.read(client)).description == after

    async def changed_meanwhile() -> str:
        now = (await subject.read(client)).description
        return "" if now == before else "somebody has changed the description meanwhile. Look again."

    return Write(
        title=str(subject),
        doing="changing the description" if undoable else "putting the former description back",
        done="Description changed." if after else "Description removed.",
        send=send,
        happened=happened,
        changed_meanwhile=changed_meanwhile,
        inverse=describe(client, subject, after, before, undoable=False) if undoable else None,
    )
