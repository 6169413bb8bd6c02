"""Changing a description."""

from tui_registry.client.registry import RegistryClient
from tui_registry.mutations.mutation import Mutation
from tui_registry.mutations.subject import Subject


def describe(client: RegistryClient, subject: Subject, before: str, after: str, *, undoable: bool = True) -> Mutation:
    """Replace the description that was ``before``; an empty one clears it."""

    async def send() -> object:
        if subject.version is None:
            return await client.models.set_description(subject.name, after)
        return await client.versions.set_description(subject.name, subject.version, after)

    async def happened() -> bool:
        return (await subject.read(client)).description == after

    async def check() -> str:
        now = (await subject.read(client)).description
        return "" if now == before else "the description was changed by someone else. Review it again."

    return Mutation(
        title=str(subject),
        action=f"describe {subject}",
        progress="changing the description" if undoable else "restoring the previous description",
        done="Description changed." if after else "Description removed.",
        send=send,
        happened=happened,
        check=check,
        inverse=describe(client, subject, after, before, undoable=False) if undoable else None,
    )
