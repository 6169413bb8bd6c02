"""The webhooks of the whole registry and of models, or of one model: which events each sends where, and whether they
arrive."""

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content

from tui_registry.access.grants import MANAGE, model_object
from tui_registry.client.webhooks import MLFLOW_FORM
from tui_registry.keys.actions import WHILE_TYPING, WRITING, bindings
from tui_registry.mutations import webhook as changes
from tui_registry.queries.pages import Pages, page_of
from tui_registry.screens.access import webhook_dialogs
from tui_registry.screens.access.deliveries import Deliveries
from tui_registry.screens.access.section import Section
from tui_registry.screens.access.webhook_rows import COLUMNS, REGISTRY, about, row_of, state_of
from tui_registry.screens.base.marked_listing import MarkedListing
from tui_registry.screens.base.polled import Polled
from tui_registry.widgets.table import Row
from tui_registry_server.wire.registry_webhook import RegistryWebhookStatus
from tui_registry_server.wire.webhook_overview import WebhookOverview

OF_MODELS_ONLY = "Only those of models that you manage: members of the group admins see all."


class Webhooks(Polled, MarkedListing, Section):
    """A tab of Access or, of one model, opened on top of another place."""

    place = "webhooks"
    about_lines = 9
    empty_message = "No webhooks.\nPress n to notify another program of changes."
    no_match = "No matching webhooks."
    placeholder = "host, model, event, status or description"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("webhooks"), *WHILE_TYPING]
    COLUMNS = COLUMNS

    def __init__(self, model: str = "") -> None:
        super().__init__(*(("Models", model, "Webhooks") if model else ()))
        self._model = model
        self.is_section = not model
        self._webhooks: dict[str, WebhookOverview] = {}
        self._level = ""  # on the model
        self._rights_as_of = -1  # Console.change_count, as of when the rights were read

    async def read_pages(self) -> Pages[Row]:
        found = await self.console_app.client.webhooks.all_overviews(self._model)
        self._webhooks = {webhook.id: webhook for webhook in found}
        return await super().read_pages()

    async def read_me(self) -> None:
        """Only if they may have changed: the list is read every few seconds."""
        changes_now = self.console_app.change_count
        if self._rights_as_of == changes_now:
            return
        await super().read_me()
        if self._model:
            client = self.console_app.client
            target = await model_object(client, self._model)
            self._level = (await client.permissions.why(target.id)).permission_level or ""
        self._rights_as_of = changes_now

    async def read_page(self, typed: str, token: str, size: int) -> tuple[list[Row], str]:
        """A part of what ``read_pages`` has read."""
        words = typed.casefold().split()
        matching = (each for each in self._webhooks.values() if all(word in _searched(each) for word in words))
        page, following = page_of(matching, _newest_first, token, size)
        return [row_of(each) for each in page], following

    @property
    def note_text(self) -> str:
        if self._model:
            lacks = f"Your level: {self._level or 'none'}. Webhooks of the model require {MANAGE}."
            return "" if self._level == MANAGE else lacks
        return "" if self.is_admin else OF_MODELS_ONLY

    @property
    def empty_text(self) -> str:
        """Whoever manages a model may notify of it."""
        return self.empty_message if self.is_live("new_webhook") else self.empty_message.partition("\n")[0]

    def about_row(self, key: str) -> Content:
        webhook = self._webhooks.get(key)
        return Content("") if webhook is None else about(webhook)

    @property
    def _chosen(self) -> WebhookOverview | None:
        return self._webhooks.get(self.table.cursor_key or "")

    @property
    def _all_chosen(self) -> Sequence[WebhookOverview]:
        return [self._webhooks[key] for key in self.chosen_keys if key in self._webhooks]

    def is_live(self, action: str) -> bool:
        if action in WRITING:
            return not self.rights_problem and self.is_allowed(action)
        if action == "deliveries":
            return self._chosen is not None
        return super().is_live(action)

    def is_allowed(self, action: str) -> bool:
        """What is listed may be managed; a new one of the whole registry takes an administrator, whom the form asks for
        a model otherwise."""
        if action == "new_webhook":
            return not self._model or self._level == MANAGE
        if action == "pause_webhook":
            return any(each.status is not RegistryWebhookStatus.DISABLED for each in self._all_chosen)
        if action == "resume_webhook":
            return any(each.status is not RegistryWebhookStatus.ACTIVE for each in self._all_chosen)
        if action == "edit_webhook":
            return self._chosen is not None and self._chosen.form != MLFLOW_FORM
        return self._chosen is not None

    def open_row(self, key: str) -> None:
        if (webhook := self._webhooks.get(key)) is not None:
            self.app.push_screen(Deliveries(webhook.id, changes.host_of(webhook)))

    def action_deliveries(self) -> None:
        self.table.action_open()

    def action_copy(self) -> None:
        if webhook := self._chosen:
            self.console_app.copy(webhook.id)

    def action_new_webhook(self) -> None:
        self.console_app.mutations.prepare(
            partial(webhook_dialogs.create, self.console_app, self.table, self._model, is_admin=self.is_admin)
        )

    def action_edit_webhook(self) -> None:
        if webhook := self._chosen:
            self.console_app.mutations.prepare(partial(webhook_dialogs.edit, self.console_app, webhook))

    def action_test_webhook(self) -> None:
        if webhook := self._chosen:
            webhook_dialogs.test(self.console_app, webhook)

    def action_pause_webhook(self) -> None:
        self._set_status(RegistryWebhookStatus.DISABLED)

    def action_resume_webhook(self) -> None:
        self._set_status(RegistryWebhookStatus.ACTIVE)

    def _set_status(self, after: RegistryWebhookStatus) -> None:
        chosen = [each for each in self._all_chosen if each.status is not after]
        self.console_app.mutations.prepare(partial(self._ask_status, chosen, after))

    async def _ask_status(self, chosen: Sequence[WebhookOverview], after: RegistryWebhookStatus) -> None:
        if await webhook_dialogs.confirms_status(self.console_app, chosen, after):
            client = self.console_app.client
            verb = "paused" if after is RegistryWebhookStatus.DISABLED else "resumed"
            known = {each.id: each for each in chosen}
            self.start_each(list(known), lambda key: changes.set_status(client, known[key], after), verb)

    def action_delete_webhook(self) -> None:
        self.console_app.mutations.prepare(partial(self._delete, self._all_chosen))

    async def _delete(self, chosen: Sequence[WebhookOverview]) -> None:
        if await webhook_dialogs.confirms_deletion(self.console_app, chosen):
            client, known = self.console_app.client, {each.id: each for each in chosen}
            self.start_each(list(known), lambda key: changes.delete(client, known[key]), "deleted")


def _newest_first(webhook: WebhookOverview) -> tuple[int, str]:
    return -webhook.creation_timestamp, webhook.id


def _searched(webhook: WebhookOverview) -> str:
    parts = (
        changes.target_of(webhook),
        webhook.model_name or REGISTRY,
        state_of(webhook)[0],
        *webhook.events,
        webhook.description or "",
        webhook.name or "",
        "" if webhook.enable_ssl_verification else "not checked",
    )
    return " ".join(parts).casefold()
