"""Creating, changing and deleting webhooks, and sending their deliveries again."""

from collections.abc import Callable, Mapping
from typing import Any

from tui_registry.client.registry import RegistryClient
from tui_registry.mutations.mutation import Mutation
from tui_registry_server.wire.registry_webhook import RegistryWebhook, RegistryWebhookStatus

DONE = {
    RegistryWebhookStatus.ACTIVE: "It sends again.",
    RegistryWebhookStatus.DISABLED: "It is paused: nothing is sent.",
    RegistryWebhookStatus.TEST_MODE: "It sends tests only.",
}


def target_of(webhook: RegistryWebhook) -> str:
    """Where it sends to."""
    if webhook.http_url_spec is not None:
        return webhook.http_url_spec.url
    return f"job {webhook.job_spec.job_id} at {webhook.job_spec.workspace_url}" if webhook.job_spec else ""


def create(
    client: RegistryClient,
    fields: Mapping[str, Any],
    before: frozenset[str],
    made: Callable[[RegistryWebhook], object],
) -> Mutation:
    """``before``: the ids of the webhooks that there were. ``made`` is given the new one."""
    url = str(fields["http_url_spec"]["url"])

    async def found() -> RegistryWebhook | None:
        webhooks = await client.webhooks.all(str(fields.get("model_name") or ""))
        return next((each for each in webhooks if each.id not in before and target_of(each) == url), None)

    async def send() -> None:
        made(await client.webhooks.create(fields))

    async def happened() -> bool:
        if (webhook := await found()) is None:
            return False
        made(webhook)
        return True

    return Mutation(
        title=str(fields.get("model_name") or "registry"),
        action=f"create a webhook to {url}",
        progress=f"creating a webhook to {url}",
        done="The webhook is created.",
        send=send,
        happened=happened,
    )


def set_status(
    client: RegistryClient, webhook: RegistryWebhook, after: RegistryWebhookStatus, *, undoable: bool = True
) -> Mutation:
    async def status() -> RegistryWebhookStatus | None:
        return next((each.status for each in await client.webhooks.all() if each.id == webhook.id), None)

    async def send() -> None:
        await client.webhooks.update(webhook.id, {"status": after.value})

    async def happened() -> bool:
        return await status() == after

    async def check() -> str:
        return "" if await status() == webhook.status else "The webhook was changed by someone else. Review it again."

    changed = webhook.model_copy(update={"status": after})
    return Mutation(
        title=f"webhook {webhook.id}",
        action=f"set webhook {webhook.id} → {after.value}",
        progress=f"setting it to {after.value}",
        done=DONE[after],
        send=send,
        happened=happened,
        check=check,
        inverse=set_status(client, changed, webhook.status, undoable=False) if undoable else None,
    )


def delete(client: RegistryClient, webhook: RegistryWebhook) -> Mutation:
    async def send() -> None:
        await client.webhooks.delete(webhook.id)

    async def happened() -> bool:
        return all(each.id != webhook.id for each in await client.webhooks.all())

    return Mutation(
        title=f"webhook {webhook.id}",
        action=f"delete webhook {webhook.id} to {target_of(webhook)}",
        progress=f"deleting it, to {target_of(webhook)}",
        done="Deleted, with its deliveries.",
        send=send,
        happened=happened,
        undo_note="Its secret is not known, so that it cannot be made again.",
    )


def replay(
    client: RegistryClient, webhook_id: str, fields: Mapping[str, Any], counted: Callable[[int], object]
) -> Mutation:
    """``counted`` is given how many were queued again. A receiver can tell by their ids what it has had before."""

    async def send() -> None:
        counted(await client.webhooks.replay(webhook_id, fields))

    async def happened() -> bool:
        return False  # what is queued again looks like what was queued before

    return Mutation(
        title=f"webhook {webhook_id}",
        action=f"send deliveries of webhook {webhook_id} again",
        progress="queueing deliveries again",
        done="Queued again, with the same ids.",
        send=send,
        happened=happened,
    )
