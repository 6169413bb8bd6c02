"""Following a model, or the requests that wait for oneself, and ending that."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from tui_registry.client.registry import RegistryClient
from tui_registry.mutations.mutation import Mutation
from tui_registry.terminal.sanitize import visible
from tui_registry_server.wire.follow import Digest, Follow

REQUESTS = "requests that wait for you"
HOW_OFTEN = {Digest.NOW: "immediately", Digest.HOURLY: "every hour", Digest.DAILY: "every day, at 06:00 UTC"}
_SLACK_ID = re.compile(r"/services/T\w{1,20}/(B\w{1,20})/")
CHANGED = "it was changed elsewhere. Look at it again."


def about(model: str | None) -> str:
    """What is followed, in words."""
    return REQUESTS if model is None else visible(model)


def receiver_of(follow: Follow) -> str:
    """Where it is sent to; of Slack with the id of the webhook, but without the end of the path, which is a secret."""
    if follow.email:
        return follow.email
    parts = urlsplit(follow.slack_url or "")
    found = _SLACK_ID.match(parts.path)
    return f"Slack {found[1]} ({parts.netloc})" if found else f"Slack ({parts.netloc})"


def fields_of(model: str | None, digest: Digest, to: str) -> dict[str, Any]:
    """The fields of SetFollow. ``to``: an address, a URL of Slack or, if it is empty, one's own address."""
    key = "slack_url" if "://" in to else "email"
    return {"model_name": model, "digest": digest.value, **({key: to} if to else {})}


def follow(
    client: RegistryClient,
    model: str | None,
    digest: Digest,
    to: str,
    before: Follow | None,
    made: Callable[[Follow], object] = lambda _: None,
    *,
    undoable: bool = True,
) -> Mutation:
    """Follow, or change how one is notified; ``before`` is what there was. ``made`` is given the follow."""

    async def send() -> None:
        made(await client.follows.assign(fields_of(model, digest, to)))

    async def happened() -> bool:
        found = await client.follows.of(model)
        if found is None or found == before or found.digest is not digest:
            return False
        made(found)
        return True

    async def check() -> str:
        return "" if await client.follows.of(model) == before else CHANGED

    return Mutation(
        title=about(model),
        action=f"follow {about(model)}",
        progress="following it",
        done=f"You are notified {HOW_OFTEN[digest]}.",
        send=send,
        happened=happened,
        check=check if undoable else _nothing,
        inverse=_inverse(client, model, before) if undoable else None,
    )


def unfollow(client: RegistryClient, before: Follow, *, undoable: bool = True) -> Mutation:
    async def send() -> None:
        found = await client.follows.of(before.model_name)
        if found is not None:
            await client.follows.delete(found.id)

    async def happened() -> bool:
        return await client.follows.of(before.model_name) is None

    async def check() -> str:
        return "you no longer follow it." if await happened() else ""

    return Mutation(
        title=about(before.model_name),
        action=f"unfollow {about(before.model_name)}",
        progress="ending it",
        done="You are no longer notified of it.",
        send=send,
        happened=happened,
        check=check,
        inverse=_again(client, before) if undoable else None,
    )


async def _nothing() -> str:
    return ""


def _inverse(client: RegistryClient, model: str | None, before: Follow | None) -> Mutation:
    if before is not None:
        return _again(client, before)
    made = Follow(id="", model_name=model, digest=Digest.NOW, creation_timestamp=0, last_updated_timestamp=0)
    return unfollow(client, made, undoable=False)


def _again(client: RegistryClient, before: Follow) -> Mutation:
    to = before.email or before.slack_url or ""
    return follow(client, before.model_name, before.digest, to, None, undoable=False)
