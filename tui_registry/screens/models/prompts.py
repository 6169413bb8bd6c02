"""The list of the prompts of MLflow's prompt registry, searched as you type."""

from functools import partial
from typing import ClassVar

from textual.binding import BindingType

from tui_registry.keys.actions import WHILE_TYPING, bindings
from tui_registry.queries.prompts import PROMPTS, messages, newest, own_tags, readable, template
from tui_registry.screens.models.model_list import ModelList
from tui_registry.screens.models.prompt_dialogs import create_prompt
from tui_registry.session.arrangement import Sort
from tui_registry.terminal.sanitize import one_line, summary, visible
from tui_registry.widgets.ages import age
from tui_registry.widgets.columns import BY_AGE, BY_NUMBER
from tui_registry.widgets.row import Instant
from tui_registry.widgets.table import Column, Row
from tui_registry_server.wire.registered_model import RegisteredModel

MAX_TEXT = 500  # characters of a text, in a row


class Prompts(ModelList):
    place = "prompts"
    list_title = "Prompts"
    within = PROMPTS
    empty_message = "No prompts that you can read.\nPress n to create one, or call mlflow.genai.register_prompt."
    no_match = "No matching prompts."
    placeholder = "name, alias:production, tag:team=care, user:ada, missing:owner, or = then an MLflow filter"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("prompts"), *WHILE_TYPING]
    COLUMNS = (
        Column("PROMPT", 20, grow=3, max_width=60, is_cut_in_middle=True),
        Column("LATEST", 6, priority=0, sorting=BY_NUMBER),
        Column("ALIASES", 24, priority=1, grow=1, max_width=32),
        Column("UPDATED", 7, priority=2, sorting=BY_AGE),
        Column("TEXT", 16, priority=3, grow=5),
        Column("CREATED BY", 12, priority=4, grow=1, max_width=24, is_cut_in_middle=True),
        Column("DESCRIPTION", 20, priority=5, grow=3),
        Column("CREATED", 7, priority=6, sorting=BY_AGE, is_hidden=True),
        Column("KIND", 4, priority=7, is_hidden=True),
        Column("TAGS", 16, priority=8, grow=2, sorting=None, is_hidden=True),
    )
    own_order = Sort("prompt")
    server_orders: ClassVar = {"prompt": "name", "updated": "last_updated_timestamp"}

    def action_new(self) -> None:
        self.console_app.mutations.prepare(partial(create_prompt, self.console_app, self.table))

    @property
    def prompt_text(self) -> str:
        version = newest(self.model) if self.model else None
        return "" if version is None else template(version)

    def row(self, model: RegisteredModel) -> Row:
        version = newest(model)
        number = "" if version is None else version.version
        text = "" if version is None else readable(version)
        kind = "" if version is None else "text" if messages(version) is None else "chat"
        aliases = " ".join(f"@{each.alias}={each.version}" for each in model.aliases)
        created_by = self.console_app.connection.short_name(model.user_id or "")
        tags = ", ".join(f"{tag.key}={tag.value}" for tag in own_tags(model.tags))
        return Row(
            model.name,
            (
                (visible(model.name), "bold"),
                (number or "–", ""),
                (one_line(aliases, MAX_TEXT) or "–", "" if aliases else "dim"),
                (age(model.last_updated_timestamp), "dim"),
                (one_line(text, MAX_TEXT), ""),
                (one_line(created_by), "dim"),
                (summary(model.description or "", MAX_TEXT), "dim"),
                (age(model.creation_timestamp), "dim"),
                (kind, "dim"),
                (one_line(tags, MAX_TEXT), "dim"),
            ),
            (
                model.name,
                int(number) if number else None,
                aliases,
                Instant(model.last_updated_timestamp),
                text,
                model.user_id,
                model.description,
                Instant(model.creation_timestamp),
                kind,
                tags,
            ),
        )
