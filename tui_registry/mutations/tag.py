"""Setting and deleting tags."""

from tui_registry.client.registry import RegistryClient
from tui_registry.mutations.mutation import Write
from tui_registry.mutations.subject import Subject


def tag(
    client: RegistryClient, subject: Subject, key: str, before: str | None, after: str | None, *, undoable: bool = True
) -> Write:
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

    async def changed_meanwhile() -> str:
        now = (await subject.read(client)).tags.get(key)
        return "" if now == before else f"somebody has changed the tag {key} meanwhile. Look again."

    deed = "removing the tag" if after is None else "setting the tag"
    return Write(
        title=str(subject),
        doing=f"{deed} {key}",
        done=f"Tag {key} removed." if after is None else f"Tag {key} set to {after or 'nothing'}.",
        send=send,
        happened=happened,
        changed_meanwhile=changed_meanwhile,
        inverse=tag(client, subject, key, after, before, undoable=False) if undoable else None,
    )
