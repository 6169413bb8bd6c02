"""Creating, changing, testing and deleting webhooks, and sending their deliveries again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from tui_registry.client.registry import RegistryClient
from tui_registry.mutations.mutation import Mutation
from tui_registry.mutations.result import Result, Verdict
from tui_registry_server.wire.registry_webhook import (
    RegistryWebhook,
    RegistryWebhookStatus,
    RegistryWebhookTest,
    WebhookFormat,
)
from tui_registry_server.wire.webhook_delivery import DeliveryStatus, WebhookDelivery
from tui_registry_server.wire.webhook_overview import WebhookOverview

DONE = {
    RegistryWebhookStatus.ACTIVE: "It sends again.",
    RegistryWebhookStatus.DISABLED: "It is paused: nothing is sent.",
    RegistryWebhookStatus.TEST_MODE: "It sends tests only.",
}
SUCCESS = range(200, 300)
MAILTO = "mailto:"
NOT_TAKEN_BACK = "What was sent cannot be taken back."


def target_of(webhook: WebhookOverview) -> str:
    """Where it sends to."""
    return f"job {webhook.job_id} at {webhook.url}" if webhook.job_id else webhook.url


def host_of(webhook: WebhookOverview) -> str:
    """Where it sends to, without the path, which is a secret of many receivers."""
    parts = urlsplit(webhook.url)
    host = parts.netloc or parts.path
    return f"job {webhook.job_id} at {host}" if webhook.job_id else host


def receiver_url(typed: str, form: str) -> str:
    """The URL of a receiver: that of an e-mail address may be typed without its scheme. ``form``: a WebhookFormat."""
    is_address = form == WebhookFormat.EMAIL and ":" not in typed
    return f"{MAILTO}{typed}" if is_address else typed


def create(
    client: RegistryClient,
    fields: Mapping[str, Any],
    before: frozenset[str],
    made: Callable[[RegistryWebhook], object],
) -> Mutation:
    """``before``: the ids of the webhooks that there were. ``made`` is given the new one."""
    url = str(fields["http_url_spec"]["url"])
    ids: list[str] = []

    async def found() -> RegistryWebhook | None:
        webhooks = await client.webhooks.all(str(fields.get("model_name") or ""))
        new = (each for each in webhooks if each.id not in before and each.http_url_spec is not None)
        return next((each for each in new if each.http_url_spec and each.http_url_spec.url == url), None)

    def hand_over(webhook: RegistryWebhook) -> None:
        ids.append(webhook.id)
        made(webhook)

    async def send() -> None:
        hand_over(await client.webhooks.create(fields))

    async def happened() -> bool:
        if (webhook := await found()) is None:
            return False
        hand_over(webhook)
        return True

    async def created() -> WebhookOverview | None:
        return await client.webhooks.find(ids[-1]) if ids else None

    async def take_back() -> None:
        if (webhook := await created()) is not None:
            await client.webhooks.delete(webhook)

    async def is_taken_back() -> bool:
        return await created() is None

    async def check() -> str:
        return "the webhook was deleted by someone else." if await created() is None else ""

    title = str(fields.get("model_name") or "registry")
    return Mutation(
        title=title,
        action=f"create a webhook to {_origin(url)}",
        progress=f"creating a webhook to {_origin(url)}",
        done="The webhook is created.",
        send=send,
        happened=happened,
        inverse=Mutation(
            title=title,
            action=f"delete the webhook to {_origin(url)}",
            progress="deleting the webhook",
            done="The webhook is deleted.",
            send=take_back,
            happened=is_taken_back,
            check=check,
        ),
    )


def set_status(
    client: RegistryClient, webhook: WebhookOverview, after: RegistryWebhookStatus, *, undoable: bool = True
) -> Mutation:
    async def status() -> RegistryWebhookStatus | None:
        found = await client.webhooks.find(webhook.id)
        return None if found is None else found.status

    async def send() -> None:
        await client.webhooks.set_status(webhook, after)

    async def happened() -> bool:
        return await status() == after

    async def check() -> str:
        return "" if await status() == webhook.status else "The webhook was changed by someone else. Review it again."

    changed = webhook.model_copy(update={"status": after})
    return Mutation(
        title=f"webhook to {host_of(webhook)}",
        action=f"set webhook {webhook.id} → {after.value}",
        progress=f"setting it to {after.value}",
        done=DONE[after],
        send=send,
        happened=happened,
        check=check,
        inverse=set_status(client, changed, webhook.status, undoable=False) if undoable else None,
    )


def edit(
    client: RegistryClient,
    webhook: WebhookOverview,
    events: Sequence[str],
    description: str,
    *,
    undoable: bool = True,
) -> Mutation:
    """Change what it is notified of and what it is for; in Databricks' form. Whoever does becomes its owner."""
    before = (webhook.events, webhook.description or "")

    async def now() -> tuple[list[str], str] | None:
        found = await client.webhooks.find(webhook.id)
        return None if found is None else (found.events, found.description or "")

    async def send() -> None:
        await client.webhooks.update(webhook.id, {"events": list(events), "description": description})

    async def happened() -> bool:
        return await now() == ([*events], description)

    async def check() -> str:
        return "" if await now() == before else "the webhook was changed by someone else. Review it again."

    changed = webhook.model_copy(update={"events": [*events], "description": description})
    return Mutation(
        title=f"webhook to {host_of(webhook)}",
        action=f"edit webhook {webhook.id} to {host_of(webhook)}",
        progress="saving it",
        done="Saved.",
        send=send,
        happened=happened,
        check=check,
        inverse=edit(client, changed, *before, undoable=False) if undoable else None,
    )


def delete(client: RegistryClient, webhook: WebhookOverview) -> Mutation:
    async def send() -> None:
        await client.webhooks.delete(webhook)

    async def happened() -> bool:
        return await client.webhooks.find(webhook.id) is None

    async def check() -> str:
        return "the webhook was deleted by someone else." if await happened() else ""

    return Mutation(
        title=f"webhook to {host_of(webhook)}",
        action=f"delete webhook {webhook.id} to {host_of(webhook)}",
        progress="deleting it",
        done="Deleted, with its deliveries.",
        send=send,
        happened=happened,
        check=check,
        undo_note="Its secret is not known, so it cannot be created again.",
    )


def test(
    client: RegistryClient, webhook: WebhookOverview, answered: Callable[[RegistryWebhookTest], object]
) -> Mutation:
    """Send an example. It is refused unless the receiver answers with a status from 200 to 299; ``answered`` is given
    the answer in any case."""
    answers: list[RegistryWebhookTest] = []

    async def send() -> None:
        answers.append(await client.webhooks.test(webhook.id))
        answered(answers[-1])

    async def happened() -> bool:
        return False  # only the receiver shows it

    async def read_back() -> Result:
        answer = answers[-1]
        took = "" if answer.latency_ms is None else f" after {answer.latency_ms} ms"
        if answer.status_code is None:
            return Result(Verdict.REFUSED, f"The receiver did not answer: {answer.body or 'no reason is known'}")
        answer_text = f"The receiver answered {answer.status_code}{took}."
        return Result(Verdict.DONE if answer.status_code in SUCCESS else Verdict.REFUSED, answer_text)

    return Mutation(
        title=f"test of {host_of(webhook)}",
        action=f"test webhook {webhook.id} to {host_of(webhook)}",
        progress="waiting for the receiver",
        done="Sent.",
        send=send,
        happened=happened,
        read_back=read_back,
        undo_note=NOT_TAKEN_BACK,
    )


def replay(
    client: RegistryClient, webhook_id: str, fields: Mapping[str, Any], counted: Callable[[int], object]
) -> Mutation:
    """``counted`` is given how many were queued again. A receiver can recognize duplicates by their ids."""

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
        undo_note=NOT_TAKEN_BACK,
    )


def replay_one(client: RegistryClient, webhook_id: str, delivery: WebhookDelivery, title: str) -> Mutation:
    """The same for one delivery; ``title`` says what it is about. One that is still to be sent is sent now."""
    is_waiting = delivery.status is DeliveryStatus.PENDING
    counts: list[int] = []
    # With its status, as it may be sent meanwhile: not twice then.
    fields = {"delivery_id": delivery.id} | ({"status": delivery.status} if is_waiting else {})
    whole = replay(client, webhook_id, fields, counts.append)
    done = "It is sent now, after those before it." if is_waiting else whole.done

    async def read_back() -> Result:
        return Result(
            Verdict.DONE, "It had been sent in the meantime, and was not sent again." if 0 in counts else done
        )

    return replace(
        whole,
        title=title,
        action=f"send delivery {delivery.id} {'now' if is_waiting else 'again'}",
        progress="sending it now" if is_waiting else whole.progress,
        done=done,
        read_back=read_back,
        subject=f"delivery {delivery.id}",
    )


def _origin(url: str) -> str:
    """The scheme and host of a URL: its path is a secret of many receivers. An e-mail address as it is."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else parts.path
