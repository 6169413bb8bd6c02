"""Setting and deleting tags."""

from tui_registry.client.registry import RegistryClient
from tui_registry.mutations.mutation import Mutation
from tui_registry.mutations.subject import Subject


def tag(
    client: RegistryClient, subject: Subject, key: str, before: str | None, after: str | None, *, undoable: bool = True
) -> Mutation:
    """Change a tag's value from one to another; None is no tag."""

    async def send() -> None:
        if after is None and subject.version is None:
            await client.models.delete_tag(subject.name, key)
        elif after is None:
            await client.versions.delete_tag(subject.name, subject.version or "", key)
        elif subject.version is None:
            await client.models.set_tag(subject.name, key, after)
        else:
            await client.versions.set_tag(subject.name, subject.version, key, after)

    async def happened() -> bool:
        return (await subject.read(client)).tags.get(key) == after

    async def check() -> str:
        now = (await subject.read(client)).tags.get(key)
        return "" if now == before else f"the tag {key} was changed by someone else. Review it again."

    verb = "removing the tag" if after is None else "setting the tag"
    return Mutation(
        title=str(subject),
        action=f"{'remove' if after is None else 'set'} tag {key} of {subject}",
        progress=f"{verb} {key}",
        done=f"Tag {key} removed." if after is None else f"Tag {key} set to {after or 'nothing'}.",
        send=send,
        happened=happened,
        check=check,
        inverse=tag(client, subject, key, after, before, undoable=False) if undoable else None,
    )
