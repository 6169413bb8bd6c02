"""Writing, editing and deleting comments."""

from tui_registry.client.registry import RegistryClient
from tui_registry.mutations.mutation import Write
from tui_registry.mutations.subject import Subject
from tui_registry_server.wire.comment import Comment


def write(client: RegistryClient, subject: Subject, text: str, *, known: frozenset[str]) -> Write:
    """Comment on a version. ``known`` are the ids of the comments there were when it was written."""
    name, version = subject.name, subject.version or ""

    async def send() -> object:
        return await client.comments.create(name, version, text)

    async def happened() -> bool:
        comments = await client.comments.of_version(name, version)
        return any(each.comment == text and each.id not in known for each in comments)

    return Write(title=str(subject), doing="commenting", done="Comment written.", send=send, happened=happened)


def edit(client: RegistryClient, subject: Subject, comment: Comment, text: str, *, undoable: bool = True) -> Write:
    async def send() -> object:
        return await client.comments.update(comment.id, text)

    async def happened() -> bool:
        return await _text(client, subject, comment) == text

    async def changed_meanwhile() -> str:
        return await _changed(client, subject, comment)

    edited = comment.model_copy(update={"comment": text})
    return Write(
        title=str(subject),
        doing="editing the comment" if undoable else "putting the comment's former text back",
        done="Comment edited.",
        send=send,
        happened=happened,
        changed_meanwhile=changed_meanwhile,
        inverse=edit(client, subject, edited, comment.comment, undoable=False) if undoable else None,
    )


def delete(client: RegistryClient, subject: Subject, comment: Comment) -> Write:
    async def send() -> None:
        await client.comments.delete(comment.id)

    async def happened() -> bool:
        return await _text(client, subject, comment) is None

    async def changed_meanwhile() -> str:
        return await _changed(client, subject, comment)

    return Write(
        title=str(subject),
        doing="deleting the comment",
        done="Comment deleted.",
        send=send,
        happened=happened,
        changed_meanwhile=changed_meanwhile,
    )


async def _text(client: RegistryClient, subject: Subject, comment: Comment) -> str | None:
    comments = await client.comments.of_version(subject.name, subject.version or "")
    return next((each.comment for each in comments if each.id == comment.id), None)


async def _changed(client: RegistryClient, subject: Subject, comment: Comment) -> str:
    now = await _text(client, subject, comment)
    if now is None:
        return "the comment is gone."
    return "" if now == comment.comment else "its author has changed the comment meanwhile. Look again."
