"""``tui-registry webhooks``: who is notified of changes, what was delivered, and sending it again."""

import sys
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import click

from tui_registry.commands import completers
from tui_registry.commands.changes import How, PlannedChange, change, destroying_command, writing_command
from tui_registry.commands.exit_codes import Exit, Failure
from tui_registry.commands.output import note, print_json, print_lines, table, whole, wire
from tui_registry.commands.registry import ask, registry_command
from tui_registry.commands.time_option import parse_time

if TYPE_CHECKING:
    from tui_registry.client.registry import RegistryClient
    from tui_registry_server.wire.mlflow_webhook import Webhook
    from tui_registry_server.wire.registry_webhook import RegistryWebhook, RegistryWebhookTest
    from tui_registry_server.wire.webhook_delivery import WebhookDelivery
    from tui_registry_server.wire.webhook_overview import WebhookOverview

DEFAULT_LIMIT = 100  # deliveries
SUCCESS = range(200, 300)


@click.group()
def webhooks() -> None:
    """List, create, test, pause and delete webhooks; see and repeat their deliveries.

    They are created in Databricks' form; those in MLflow's, which MLflow's client creates, are listed and managed,
    too."""


@registry_command
@webhooks.command("list")
@click.option("--model", metavar="NAME", default="", shell_complete=completers.models, help="Only those of this model.")
def list_webhooks(*, model: str, profile: str | None, as_json: bool) -> None:
    """List the webhooks that you may manage; an active one is FAILING if its last delivery did not arrive."""
    failing: set[str] = set()

    async def read(client: "RegistryClient") -> "tuple[list[RegistryWebhook], list[Webhook]]":
        from tui_registry.client.errors import Refused
        from tui_registry.queries.webhook_states import FAILING, webhook_state

        found = await client.webhooks.all(model)
        if not as_json:
            overviews = await client.webhooks.all_overviews(model)
            failing.update(each.id for each in overviews if webhook_state(each.status, each.last) == FAILING)
        if model:
            return found, []
        try:
            return found, (await client.webhooks.mlflow_page()).webhooks
        except Refused:  # they are for administrators
            return found, []

    found, of_mlflow = ask(profile, read)
    if as_json:
        print_json({"webhooks": [wire(each) for each in found], "mlflow_webhooks": [wire(each) for each in of_mlflow]})
    elif found or of_mlflow:
        rows = [_row(each, failing) for each in found] + [_mlflow_row(each, failing) for each in of_mlflow]
        print_lines(table(("ID", "MODEL", "STATUS", "URL", "EVENTS"), rows, fixed=("ID", "STATUS")))
    else:
        note("There are no webhooks.")


@writing_command
@webhooks.command("create")
@click.argument("events", metavar="EVENT...", nargs=-1, required=True, shell_complete=completers.webhook_events)
@click.option("--url", required=True, metavar="URL", help="Where to POST events, by HTTPS; an address, for e-mail.")
@click.option(
    "--preset",
    type=click.Choice(["slack", "teams", "email"]),
    help="Send messages for people, as Slack's incoming webhooks or Teams' workflows take them, or e-mail.",
)
@click.option(
    "--model", metavar="NAME", shell_complete=completers.models, help="Only for this model; default: for all."
)
@click.option("--description", metavar="TEXT", default="", help="What it is for.")
@click.option(
    "--secret-file",
    type=click.Path(exists=True, allow_dash=True, path_type=Path),
    metavar="FILE",
    help="The key of the signature, in a file; - is standard input.",
)
@click.option(
    "--authorization-file",
    type=click.Path(exists=True, allow_dash=True, path_type=Path),
    metavar="FILE",
    help="The value of the Authorization header, in a file; - is standard input.",
)
@click.option("--insecure-tls", is_flag=True, help="Do not verify the receiver's certificate.")
@click.option("--test-mode", is_flag=True, help="Send only tests.")
def create_webhook(
    *,
    events: tuple[str, ...],
    url: str,
    preset: str | None,
    model: str | None,
    description: str,
    secret_file: Path | None,
    authorization_file: Path | None,
    insecure_tls: bool,
    test_mode: bool,
    **how: Unpack[How],
) -> None:
    """Notify a URL of each EVENT, such as MODEL_VERSION_TRANSITIONED_TO_PRODUCTION."""
    from tui_registry.mutations.webhook import receiver_url

    form = (preset or "json").upper()
    spec: dict[str, Any] = {"url": receiver_url(url, form), "enable_ssl_verification": not insecure_tls}
    for name, file in (("secret", secret_file), ("authorization", authorization_file)):
        if file is not None:
            spec[name] = _secret(file)
    fields: dict[str, Any] = {
        "events": [event.upper() for event in events],
        "http_url_spec": spec,
        "format": form,
        "model_name": model,
        "description": description,
        "status": "TEST_MODE" if test_mode else "ACTIVE",
    }
    made: list[RegistryWebhook] = []

    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.mutations import webhook as changes

        before = frozenset(each.id for each in await client.webhooks.all(model or ""))

        async def read() -> dict[str, Any]:
            return {"webhook": wire(made[0])} if made else {}

        return PlannedChange(
            mutations=[changes.create(client, fields, before, made.append)],
            details=[f"Events: {', '.join(fields['events'])}."],
            notice="The receiver's certificate will not be verified." if insecure_tls else "",
            read=read,
            output=lambda: made[0].id if made else "",
        )

    change(plan, **how)


@writing_command
@webhooks.command("pause")
@click.argument("webhook_id", metavar="ID", shell_complete=completers.webhooks)
def pause(*, webhook_id: str, **how: Unpack[How]) -> None:
    """Send nothing to the webhook with this ID; what is queued stays queued."""
    _set_status(webhook_id, "DISABLED", **how)


@writing_command
@webhooks.command("resume")
@click.argument("webhook_id", metavar="ID", shell_complete=completers.webhooks)
def resume(*, webhook_id: str, **how: Unpack[How]) -> None:
    """Send to the webhook with this ID again."""
    _set_status(webhook_id, "ACTIVE", **how)


@registry_command
@webhooks.command("test")
@click.argument("webhook_id", metavar="ID", shell_complete=completers.webhooks)
@click.argument("event", required=False, default="", shell_complete=completers.webhook_events)
def test_webhook(*, webhook_id: str, event: str, profile: str | None, as_json: bool) -> None:
    """Send an example of EVENT, by default of its first, and print the receiver's answer.

    The exit code is 1 unless the receiver answers with a status from 200 to 299."""
    found = ask(profile, lambda client: client.webhooks.test(webhook_id, event.upper()), writes=True)
    if as_json:
        print_json(wire(found))
    elif found.status_code is not None:
        print_lines([f"{found.status_code} {whole(found.body or '')}".rstrip()])
    if found.status_code not in SUCCESS:
        raise Failure(Exit.REFUSED, _said(found))


@destroying_command
@webhooks.command("delete")
@click.argument("webhook_id", metavar="ID", shell_complete=completers.webhooks)
def delete_webhook(*, webhook_id: str, **how: Unpack[How]) -> None:
    """Delete the webhook with this ID, and what is queued for it."""

    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.mutations import webhook as changes

        webhook = await _find(client, webhook_id)
        return PlannedChange(
            mutations=[changes.delete(client, webhook)],
            warning=f"{changes.target_of(webhook)} will no longer be notified of changes. This cannot be undone.",
        )

    change(plan, **how)


@registry_command
@webhooks.command("deliveries")
@click.argument("webhook_id", metavar="ID", shell_complete=completers.webhooks)
@click.option(
    "--status", metavar="STATUS", default="", shell_complete=completers.delivery_statuses, help="Only of this status."
)
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=DEFAULT_LIMIT, show_default=True, metavar="N", help="At most."
)
def list_deliveries(*, webhook_id: str, status: str, limit: int, profile: str | None, as_json: bool) -> None:
    """List the newest deliveries of the webhook with this ID, with what the receiver answered."""
    page = ask(profile, lambda client: client.webhooks.deliveries(webhook_id, status.upper(), max_results=limit))
    if as_json:
        print_json({"deliveries": [wire(each) for each in page.deliveries]})
    elif page.deliveries:
        headings = ("ID", "STATUS", "EVENT", "CREATED", "ATTEMPTS", "MS", "ANSWER")
        rows = [_delivery_row(each) for each in page.deliveries]
        print_lines(table(headings, rows, fixed=("ID", "STATUS", "CREATED", "ATTEMPTS", "MS")))
        if page.next_page_token:
            note(f"There are older ones: --limit shows more than {limit}.")
    else:
        note("There are no deliveries.")


@writing_command
@webhooks.command("replay")
@click.argument("webhook_id", metavar="ID", shell_complete=completers.webhooks)
@click.option(
    "--delivery", metavar="DELIVERY", help="Only this one; immediately, if it is waiting for its next attempt."
)
@click.option("--since", callback=parse_time, metavar="TIME", help="Those since 2h, 7d or a date.")
@click.option(
    "--status", metavar="STATUS", default="", shell_complete=completers.delivery_statuses, help="Only of this status."
)
def replay(*, webhook_id: str, delivery: str | None, since: int | None, status: str, **how: Unpack[How]) -> None:
    """Send deliveries again, with the same ids: one, or all since a time, such as --since 1d --status DEAD."""
    if (delivery is None) == (since is None):
        raise click.UsageError("Give what to send again: either --delivery or --since.")
    fields: dict[str, Any] = {"delivery_id": delivery} if delivery is not None else {"from": since}
    fields["status"] = status.upper() or None
    counts: list[int] = []

    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.mutations import webhook as changes

        async def read() -> dict[str, Any]:
            return {"replayed": counts[0]} if counts else {}

        return PlannedChange(
            mutations=[changes.replay(client, webhook_id, fields, counts.append)],
            read=read,
            output=lambda: str(counts[0]) if counts else "",
        )

    change(plan, **how)


def _set_status(webhook_id: str, status: str, **how: Unpack[How]) -> None:
    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.mutations import webhook as changes
        from tui_registry_server.wire.registry_webhook import RegistryWebhookStatus

        webhook = await _find(client, webhook_id)
        after = RegistryWebhookStatus(status)

        async def read() -> dict[str, Any]:
            return {"webhook": wire(await _find(client, webhook_id))}

        is_same = webhook.status is after
        return PlannedChange(
            mutations=[] if is_same else [changes.set_status(client, webhook, after)],
            already=f"It is {status} already." if is_same else "",
            read=read,
        )

    change(plan, **how)


async def _find(client: "RegistryClient", webhook_id: str) -> "WebhookOverview":
    if (webhook := await client.webhooks.find(webhook_id)) is None:
        raise Failure(Exit.NOT_FOUND, f"There is no webhook {webhook_id} that you may manage: see webhooks list.")
    return webhook


def _secret(file: Path) -> str:
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(Exit.REFUSED, f"{file} cannot be read: {error}.") from None
    if not (secret := text.strip("\r\n")):
        raise Failure(Exit.REFUSED, f"{file} is empty.")
    return secret


def _said(test: "RegistryWebhookTest") -> str:
    if test.status_code is None:
        return whole(test.body or "The receiver did not answer.")
    return f"The receiver answered {test.status_code}."


def _row(webhook: "RegistryWebhook", failing: Collection[str]) -> list[str]:
    spec, job = webhook.http_url_spec, webhook.job_spec
    target = spec.url if spec is not None else f"job {job.job_id} at {job.workspace_url}" if job is not None else ""
    if spec is not None and not spec.enable_ssl_verification:
        target += " (certificate not verified)"
    status = "FAILING" if webhook.id in failing else webhook.status.value
    return [webhook.id, webhook.model_name or "(all)", status, target, ", ".join(webhook.events)]


def _mlflow_row(webhook: "Webhook", failing: Collection[str]) -> list[str]:
    events = ", ".join(f"{each.entity.value}.{each.action.value}".lower() for each in webhook.events)
    status = "FAILING" if webhook.webhook_id in failing else webhook.status.value
    return [webhook.webhook_id, "(all)", status, webhook.url, events]


def _delivery_row(delivery: "WebhookDelivery") -> list[str]:
    from tui_registry.widgets.ages import moment

    status = "" if delivery.response_status is None else str(delivery.response_status)
    answer = f"{status} {delivery.error or delivery.response_body or ''}".strip()
    latency = "" if delivery.latency_ms is None else str(delivery.latency_ms)
    created = moment(delivery.creation_timestamp)
    return [delivery.id, delivery.status.value, delivery.event, created, str(delivery.attempts), latency, answer]
