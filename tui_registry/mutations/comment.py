"""Adding, editing and deleting comments."""

from tui_registry.client.registry import RegistryClient
from tui_registry.mutations.mutation import Mutation
from tui_registry.mutations.subject import Subject
from tui_registry_server.wire.comment import Comment


def add(client: RegistryClient, subject: Subject, text: str, *, known: frozenset[str]) -> Mutation:
    """Comment on a version. ``known`` are the ids of the comments there were when it was written."""
    name, version = subject.name, subject.version or ""

    async def send() -> object:
        return await client.comments.create(name, version, text)

    async def happened() -> bool:
        comments = await client.comments.of_version(name, version)
        return any(each.comment == text and each.id not in known for each in comments)

    return Mutation(
        title=str(subject),
        action=f"comment on {subject}",
        progress="commenting",
        done="Comment added.",
        send=send,
        happened=happened,
    )


def edit(client: RegistryClient, subject: Subject, comment: Comment, text: str, *, undoable: bool = True) -> Mutation:
    async def send() -> object:
        return await client.comments.update(comment.id, text)

    async def happened() -> bool:
        return await _text(client, subject, comment) == text

    async def check() -> str:
        return await _changed(client, subject, comment)

    edited = comment.model_copy(update={"comment": text})
    return Mutation(
        title=str(subject),
        action=f"edit a comment on {subject}",
        progress="editing the comment" if undoable else "restoring the comment's previous text",
        done="Comment edited.",
        send=send,
        happened=happened,
        check=check,
        inverse=edit(client, subject, edited, comment.comment, undoable=False) if undoable else None,
    )


def delete(client: RegistryClient, subject: Subject, comment: Comment) -> Mutation:
    async def send() -> None:
        await client.comments.delete(comment.id)

    async def happened() -> bool:
        return await _text(client, subject, comment) is None

    async def check() -> str:
        return await _changed(client, subject, comment)

    return Mutation(
        title=str(subject),
        action=f"delete a comment on {subject}",
        progress="deleting the comment",
        done="Comment deleted.",
        send=send,
        happened=happened,
        check=check,
    )


async def _text(client: RegistryClient, subject: Subject, comment: Comment) -> str | None:
    comments = await client.comments.of_version(subject.name, subject.version or "")
    return next((each.comment for each in comments if each.id == comment.id), None)


async def _changed(client: RegistryClient, subject: Subject, comment: Comment) -> str:
    now = await _text(client, subject, comment)
    if now is None:
        return "the comment no longer exists."
    return "" if now == comment.comment else "the comment was edited by its author. Review it again."
