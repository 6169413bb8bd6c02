"""How a webhook is displayed: as a row, and in a few lines below the list."""

import time
from collections.abc import Sequence

from textual.content import Content

from tui_registry.client.webhooks import MLFLOW_FORM
from tui_registry.mutations.webhook import host_of, target_of
from tui_registry.queries import webhook_states as states
from tui_registry.terminal.sanitize import one_line, visible
from tui_registry.widgets.ages import age, day, moment
from tui_registry.widgets.columns import BY_AGE, BY_NUMBER, Column
from tui_registry.widgets.row import Instant, Ranked, Row
from tui_registry_server.wire.registry_webhook import WebhookFormat
from tui_registry_server.wire.webhook_delivery import FailureReason, WebhookDelivery
from tui_registry_server.wire.webhook_overview import MAX_COUNTED, WebhookOverview

REGISTRY = "(all)"
UNCHECKED = "Its certificate is not verified: anyone in between can read and change what is sent."
STYLES = {
    states.FAILING: "bold red",
    states.ACTIVE: "green",
    states.TEST: "yellow",
    states.PAUSED: "bold yellow",
}
RANKS = tuple(STYLES)
"""What needs attention comes first."""
NAMES = {WebhookFormat.SLACK: "Slack", WebhookFormat.TEAMS: "Teams", WebhookFormat.EMAIL: "people, by e-mail"}
COLUMNS = (
    Column("HOST", 16, grow=3, max_width=40, is_cut_in_middle=True),
    Column("MODEL", 10, grow=2, max_width=30, is_cut_in_middle=True, key="scope", former=("of",)),
    Column("STATUS", 7),
    Column("WAITING", 7, priority=1, sorting=BY_NUMBER, key="queue"),
    Column("GIVEN UP", 8, priority=1, sorting=BY_NUMBER, key="failed"),
    Column("LAST", 12, max_width=22, sorting=BY_AGE),
    Column("EVENTS", 16, priority=2, grow=2, max_width=60),
    Column("DESCRIPTION", 12, priority=3, grow=2, max_width=40),
    Column("CERTIFICATE", 11, priority=4, is_hidden=True),
    Column("URL", 20, priority=5, grow=1, is_hidden=True),
    Column("OWNER", 10, priority=6, is_hidden=True, is_cut_in_middle=True),
    Column("ID", 32, priority=7, is_hidden=True),
)


def row_of(webhook: WebhookOverview) -> Row:
    """Without a check of the certificate, its host begins with an exclamation mark."""
    unchecked = not webhook.enable_ssl_verification
    state, style = state_of(webhook)
    events = ", ".join(webhook.events)
    last, last_style = _last(webhook)
    certificate = "NOT CHECKED" if unchecked else "checked"
    return Row(
        webhook.id,
        (
            (f"{'! ' if unchecked else ''}{one_line(host_of(webhook))}", "bold red" if unchecked else "bold"),
            (visible(webhook.model_name) if webhook.model_name else REGISTRY, "" if webhook.model_name else "dim"),
            (state, style),
            (_count(webhook.pending), ""),
            (_count(webhook.dead), "bold red" if webhook.dead else ""),
            (last, last_style),
            (one_line(_short(webhook.events), 500), "dim"),
            (one_line(webhook.description or webhook.name or "", 500), "dim"),
            (certificate, "bold red" if unchecked else "dim"),
            (one_line(target_of(webhook), 500), "dim"),
            (one_line(webhook.user_id), "dim"),
            (webhook.id, "dim"),
        ),
        (
            host_of(webhook),
            webhook.model_name or REGISTRY,
            Ranked(RANKS.index(state), state),
            webhook.pending,
            webhook.dead,
            Instant(webhook.last.sent_timestamp) if webhook.last and webhook.last.sent_timestamp else None,
            events,
            webhook.description or webhook.name,
            certificate,
            target_of(webhook),
            webhook.user_id,
            webhook.id,
        ),
    )


def state_of(webhook: WebhookOverview) -> tuple[str, str]:
    """Whether it is active or, if so, its last delivery failed; and a Rich style."""
    state = states.webhook_state(webhook.status, webhook.last)
    return state, STYLES[state]


def about(webhook: WebhookOverview) -> Content:
    """What the columns have no room for."""
    form = "MLflow format" if webhook.form == MLFLOW_FORM else "Databricks format"
    if webhook.format is not WebhookFormat.JSON:
        form = f"messages for {NAMES[webhook.format]}"
    name = webhook.description or webhook.name or "no description"
    facts = [
        f"by {one_line(webhook.user_id)}, created {day(webhook.creation_timestamp)}",
        form,
        "with a secret" if webhook.has_secrets else "no secret",
    ]
    parts = [
        Content.assemble((one_line(name, 200), "bold"), ("  " + ", ".join(facts), "dim")),
        Content.styled(one_line(f"events: {', '.join(webhook.events)}", 300), "dim"),
    ]
    if not webhook.enable_ssl_verification:
        parts.append(Content.styled(f"! {UNCHECKED}", "bold $text-error"))
    if webhook.last is not None:
        what = one_line(f"{webhook.last.event} of {moment(webhook.last.creation_timestamp)}: {_attempts(webhook.last)}")
        if states.has_failed(webhook.last):
            parts.append(Content.styled(f"! {what}", "bold $text-error"))
            parts.append(Content.styled(one_line(webhook.last.error or "", 300), "$text-error"))
        else:
            parts.append(Content(f"last: {what}"))
    return Content("\n").join(part for part in parts if part)


def outcome(delivery: WebhookDelivery) -> str:
    """What came of the last attempt, in a sentence."""
    return f"{_attempts(delivery)}{f': {delivery.error}' if delivery.error else ''}"


def _attempts(delivery: WebhookDelivery) -> str:
    """How often it was tried, and when it is tried again."""
    state = states.delivery_state(delivery)
    facts = [state]
    if failed := states.failed_attempts(delivery):
        facts.append(f"{failed} failed attempt{'' if failed == 1 else 's'}")
    if delivery.response_status is not None:
        facts.append(f"answered {delivery.response_status}")
        facts += [] if delivery.latency_ms is None else [f"after {delivery.latency_ms} ms"]
    if delivery.sent_timestamp is not None:
        facts.append(f"{'the last ' if failed > 1 else ''}{age(delivery.sent_timestamp)} ago")
    if state == states.RETRYING:
        facts.append(f"next attempt at {_soon(delivery.due_timestamp or 0)}")
    return ", ".join(facts)


def delivery_style(delivery: WebhookDelivery) -> str:
    return {
        states.DELIVERED: "green",
        states.WAITING: "",
        states.RETRYING: "yellow",
        states.GIVEN_UP: "bold red",
        states.WITHHELD: "dim",
    }[states.delivery_state(delivery)]


def _soon(milliseconds: int) -> str:
    """The time of an attempt, with the date only if that is not today's."""
    date, _, clock = moment(milliseconds).partition(" ")
    return clock if date == day(int(time.time() * 1000)) else f"{date} {clock}"


def _short(events: Sequence[str]) -> str:
    """How many there are, and their names without what most have in common."""
    names = [each.casefold().replace(".", " ").replace("_", " ") for each in events]
    short = [each.removeprefix("model ").removeprefix("registered ").replace("transition ", "", 1) for each in names]
    return short[0] if len(short) == 1 else f"{len(short)}: {', '.join(short)}"


def _last(webhook: WebhookOverview) -> tuple[str, str]:
    last = webhook.last
    if last is None:
        return "–", "dim"
    when = "" if last.sent_timestamp is None else age(last.sent_timestamp)
    if states.has_failed(last):
        return f"{_answered(last)} {when}", "bold red"
    state = states.delivery_state(last)
    return state if state in {states.WITHHELD, states.WAITING} else f"{_answered(last)} {when}", delivery_style(last)


def _answered(delivery: WebhookDelivery) -> str:
    """The status of the answer or, without one, why there is none, in a few words."""
    if delivery.response_status is not None:
        return str(delivery.response_status)
    reason = FailureReason.of(delivery.error)
    return "no answer" if reason is None else reason.value


def _count(number: int) -> str:
    return "–" if not number else f"{number}+" if number >= MAX_COUNTED else str(number)
