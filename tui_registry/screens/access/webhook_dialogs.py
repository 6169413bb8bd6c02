"""The dialogs that create, change, test and delete webhooks."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from textual.content import Content

from tui_registry.console import Console
from tui_registry.mutations import webhook as changes
from tui_registry.queries.model_search import ModelSearch
from tui_registry.screens.access.webhook_rows import UNCHECKED
from tui_registry.screens.base.new_row import make
from tui_registry.screens.dialogs.choose import Choice
from tui_registry.screens.dialogs.choose_several import ChooseSeveral
from tui_registry.screens.dialogs.confirm import Confirm, Question, word_for
from tui_registry.screens.dialogs.form import MAX_SUGGESTIONS, Field, Form
from tui_registry.screens.dialogs.row_text import RowText
from tui_registry.terminal.sanitize import one_line
from tui_registry.widgets.new_row_table import NewRowTable
from tui_registry_server.wire.fields import MAX_DESCRIPTION_LENGTH
from tui_registry_server.wire.registry_webhook import (
    MAX_SECRET_LENGTH,
    MAX_URL_LENGTH,
    RegistryWebhookStatus,
    RegistryWebhookTest,
    WebhookFormat,
)
from tui_registry_server.wire.webhook_events import RegistryWebhookEvent
from tui_registry_server.wire.webhook_overview import WebhookOverview

CHECK, NO_CHECK = "check", "no check"
MAX_NAMED = 5  # webhooks in a confirmation
OF_REGISTRY_ONLY = frozenset({RegistryWebhookEvent.REGISTERED_MODEL_CREATED})
USUAL = frozenset(
    {
        RegistryWebhookEvent.MODEL_VERSION_CREATED,
        RegistryWebhookEvent.MODEL_VERSION_TRANSITIONED_STAGE,
        RegistryWebhookEvent.TRANSITION_REQUEST_CREATED,
    }
)
"""The events that are chosen at first."""


async def create(app: Console, table: NewRowTable, model: str, *, is_admin: bool) -> None:
    """Of the model or, without one, of the model that is asked for. ``table`` lists the webhooks."""
    values = await app.push_screen_wait(Form("New webhook", _fields(app, model, is_admin=is_admin), save="Continue"))
    if values is None:
        return
    of_model = model or values["model"]
    events = await _choose_events(app, f"Notify {_host(values['url'])} of", USUAL, of_model=bool(of_model))
    if events is None:
        return
    is_checked = values["certificate"] == CHECK or values["format"] == WebhookFormat.EMAIL
    if not is_checked:
        question = Question(f"Send to {_host(values['url'])} unchecked?", [Content(UNCHECKED)], "Create")
        if await app.push_screen_wait(Confirm(question)) is None:
            return
    url = changes.receiver_url(values["url"], values["format"])
    spec: dict[str, Any] = {"url": url, "enable_ssl_verification": is_checked}
    spec |= {name: values[name] for name in ("secret", "authorization") if values[name]}
    fields: dict[str, Any] = {
        "events": list(events),
        "http_url_spec": spec,
        "format": values["format"],
        "model_name": of_model or None,
        "description": values["description"],
    }
    before = frozenset(each.id for each in await app.client.webhooks.all_overviews())
    make(
        app,
        table,
        changes.create(app.client, fields, before, lambda _: None),
        lambda key: key not in before,
    )


def _fields(app: Console, model: str, *, is_admin: bool) -> list[Field]:
    async def models(typed: str) -> Sequence[str]:
        found, _ = await ModelSearch(app.client.models, typed).page("", MAX_SUGGESTIONS)
        return [each.name for each in found]

    of_model = Field(
        name="model",
        label="Model (empty: all models)" if is_admin else "Model, which you manage",
        suggest=models,
        suggested_only=True,
        required=not is_admin,
    )
    return [
        Field(
            name="url",
            label="URL, or e-mail address",
            hint="https://hooks.example.com/registry",
            required=True,
            max_length=MAX_URL_LENGTH,
            check=_url_problem,
        ),
        *([] if model else [of_model]),
        Field(name="description", label="Description (optional)", max_length=MAX_DESCRIPTION_LENGTH),
        Field(
            name="secret",
            label="Signing secret (optional, hidden)",
            max_length=MAX_SECRET_LENGTH,
            hidden=True,
        ),
        Field(
            name="authorization",
            label="Authorization header (optional, hidden)",
            hint="Bearer …",
            max_length=MAX_SECRET_LENGTH,
            hidden=True,
        ),
        Field(
            name="format",
            label="Payload format",
            value=WebhookFormat.JSON.value,
            choices=[
                Choice(WebhookFormat.JSON.value, "JSON", "for programs, as Databricks documents it"),
                Choice(WebhookFormat.SLACK.value, "Slack", "messages for people: an incoming webhook"),
                Choice(WebhookFormat.TEAMS.value, "Teams", "messages for people: a workflow's webhook"),
                Choice(WebhookFormat.EMAIL.value, "e-mail", "to the address above, by the server's mail server"),
            ],
        ),
        Field(
            name="certificate",
            label="TLS certificate of the receiver",
            value=CHECK,
            choices=[
                Choice(CHECK, "verify"),
                Choice(NO_CHECK, "do not verify", "anyone in between can read what is sent"),
            ],
        ),
    ]


async def _choose_events(app: Console, title: str, chosen: frozenset[Any], *, of_model: bool) -> tuple[str, ...] | None:
    names = [event.value for event in RegistryWebhookEvent if not (of_model and event in OF_REGISTRY_ONLY)]
    choices = [Choice(name, name) for name in names]
    return await app.push_screen_wait(ChooseSeveral(title, choices, {str(each) for each in chosen}, apply="save"))


async def edit(app: Console, webhook: WebhookOverview) -> None:
    """Its description and its events."""
    field = Field(
        name="description",
        label="Description",
        value=webhook.description or "",
        max_length=MAX_DESCRIPTION_LENGTH,
    )
    owner = Content("It will be yours: it notifies of what you may read.")
    title = f"Webhook to {changes.host_of(webhook)}"
    values = await app.push_screen_wait(Form(title, [field], save="Continue", message=owner))
    if values is None:
        return
    events = await _choose_events(app, title, frozenset(webhook.events), of_model=webhook.model_name is not None)
    if events is not None and (list(events), values["description"]) != (webhook.events, webhook.description or ""):
        app.mutations.start(changes.edit(app.client, webhook, events, values["description"]))


def test(app: Console, webhook: WebhookOverview) -> None:
    """Send an example, and show what the receiver answers."""
    answers: list[RegistryWebhookTest] = []

    def show() -> None:
        if answers:
            answer = answers[-1]
            status = "none" if answer.status_code is None else str(answer.status_code)
            texts = [
                ("Status", status),
                ("Latency", "" if answer.latency_ms is None else f"{answer.latency_ms} ms"),
                ("Answer" if answer.status_code is not None else "Reason", answer.body or ""),
            ]
            app.push_screen(RowText(texts, app.copy))

    app.mutations.start(changes.test(app.client, webhook, answers.append), then=show, otherwise=show)


async def confirms_status(app: Console, chosen: Sequence[WebhookOverview], after: RegistryWebhookStatus) -> bool:
    is_pause = after is RegistryWebhookStatus.DISABLED
    effect = (
        "Nothing is sent until it is resumed: what is queued stays, and what happens in the meantime is not sent."
        if is_pause
        else "It is notified of changes from now on, and is sent what is queued."
    )
    owner = [] if is_pause else [Content.styled("It will be yours: it notifies of what you may read.", "dim")]
    verb = "Pause" if is_pause else "Resume"
    question = Question(f"{verb} {_counted(chosen)}?", [*_named(chosen), Content(effect), *owner], verb)
    return await app.push_screen_wait(Confirm(question)) is not None


async def confirms_deletion(app: Console, chosen: Sequence[WebhookOverview]) -> bool:
    queued = sum(each.pending for each in chosen)
    effects = [f"{queued} queued deliveries will not be sent."] if queued else []
    effects.append("This cannot be undone: no secret can be read back.")
    question = Question(
        f"Delete {_counted(chosen)}?",
        [*_named(chosen), Content(" ".join(effects))],
        "Delete",
        word=word_for(changes.host_of(chosen[0]) if len(chosen) == 1 else "", "delete"),
        why_word="deletes its deliveries",
    )
    return await app.push_screen_wait(Confirm(question)) is not None


def _counted(chosen: Sequence[WebhookOverview]) -> str:
    return "this webhook" if len(chosen) == 1 else f"{len(chosen)} webhooks"


def _named(chosen: Sequence[WebhookOverview]) -> list[Content]:
    lines = [f"• {one_line(changes.host_of(each))}  of {one_line(each.model_name or 'all models')}" for each in chosen]
    more = [f"  and {len(lines) - MAX_NAMED} more"] if len(lines) > MAX_NAMED else []
    return [Content("\n".join([*lines[:MAX_NAMED], *more]))]


def _host(url: str) -> str:
    return urlsplit(url).netloc or url


def _url_problem(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "This is not a URL."
    is_address = "@" in url and "/" not in url
    is_url = parts.scheme in {"https", "http"} and bool(parts.netloc)
    return "" if is_url or is_address else "Write it as https://host/path, or as ada@example.com."
