"""The details of one model: description, tags, aliases, latest versions and permissions."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual.binding import BindingType

from tui_registry.access.levels import may
from tui_registry.keys.actions import bindings
from tui_registry.mutations.subject import Subject
from tui_registry.queries.prompts import is_prompt, newest, own_tags, template
from tui_registry.queries.version_page import version_page
from tui_registry.screens.models.details_screen import DetailsScreen, Fact, prompt_facts
from tui_registry.screens.models.model_actions import delete_model, rename_model
from tui_registry.widgets.ages import age, moment
from tui_registry.widgets.stages import REQUEST_STYLE, STAGE_STYLES
from tui_registry_server.wire.model_version import ModelVersion, ModelVersionPage
from tui_registry_server.wire.permission import AccessControl, ObjectPermissions
from tui_registry_server.wire.permission_policy import Ability
from tui_registry_server.wire.registered_model import RegisteredModelDatabricks
from tui_registry_server.wire.stage import Stage
from tui_registry_server.wire.stage_history import StageHistoryPage

ORDER = (Stage.PRODUCTION, Stage.STAGING, Stage.NONE, Stage.ARCHIVED)
"""In which the stages are listed: the version to which Production can be rolled back comes before the last two."""
MAX_PERIODS = 100  # in Production, the newest ones, among which the one of the predecessor is looked for
REQUIRED_ABILITIES = {
    "tags": Ability.EDIT,
    "aliases": Ability.SET_ALIAS,
    "rename": Ability.MANAGE,
}
"""What each action requires."""


class ModelDetails(DetailsScreen):
    place = "model details"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings("model details"))

    def __init__(self, name: str) -> None:
        super().__init__("Models", name, "Details")
        self._subject = Subject(name)
        self._model: RegisteredModelDatabricks | None = None

    def subject(self) -> Subject:
        return self._subject

    @property
    def prompt_text(self) -> str | None:
        if self._model is None or not is_prompt(self._model.tags):
            return None
        version = newest(self._model)
        return "" if version is None else template(version)

    @property
    def is_in_production(self) -> bool:
        versions = self._model.latest_versions if self._model else ()
        return any(each.current_stage is Stage.PRODUCTION for each in versions)

    def known_description(self) -> str:
        return (self._model.description or "") if self._model else ""

    async def read_facts(self) -> Sequence[Fact]:
        client = self.console_app.client
        model = await client.models.get(self._subject.name)
        permissions, inbox, history, page = await asyncio.gather(
            client.permissions.get(model.id),
            client.requests.inbox(name=model.name, max_results=1000),
            client.models.stage_history(model.name, stage=Stage.PRODUCTION, max_results=MAX_PERIODS),
            version_page(client, model.name),
        )
        self._model = model
        version = newest(model)
        return [
            *(prompt_facts(version) if version is not None else ()),
            self.description_fact(
                self._subject, model.description or "", can_edit=may(model.permission_level, Ability.EDIT)
            ),
            *_request_facts(len(inbox.requests)),
            *self._stage_facts(model, history, page),
            *self._alias_facts(model),
            *self._model_facts(model),
            *_permission_facts(permissions, self.console_app.connection.whole),
        ]

    def _model_facts(self, model: RegisteredModelDatabricks) -> list[Fact]:
        can_edit = may(model.permission_level, Ability.EDIT)
        return [
            Fact(
                key="created",
                label="created",
                value=f"{moment(model.creation_timestamp)}, {age(model.creation_timestamp)} ago, "
                f"by {model.user_id or 'an unknown user'}",
            ),
            Fact(key="level", label="your level", value=model.permission_level.value),
            *(self.tag_fact(self._subject, tag, can_edit=can_edit) for tag in own_tags(model.tags)),
        ]

    def _stage_facts(
        self, model: RegisteredModelDatabricks, history: StageHistoryPage, page: ModelVersionPage
    ) -> list[Fact]:
        """For each stage the version with the highest number; before the stages that serve nobody, the version to which
        Production goes back."""
        counts = Counter(version.current_stage for version in page.model_versions)
        latest = {version.current_stage: version for version in model.latest_versions}
        facts = [
            self._latest_fact(latest[stage], counts[stage], has_more=bool(page.next_page_token))
            for stage in ORDER
            if stage in latest
        ]
        behind = sum(stage in latest for stage in (Stage.PRODUCTION, Stage.STAGING))
        return [*facts[:behind], *self._predecessor_fact(model.name, history), *facts[behind:]]

    def _latest_fact(self, version: ModelVersion, count: int, *, has_more: bool) -> Fact:
        """``count``: of the versions in its stage that were read."""
        several = f", the highest number of {count}{'+' if has_more else ''}" if count > 1 else ""
        return Fact(
            key=f"stage {version.current_stage}",
            label=f"in {version.current_stage}",
            value=f"version {version.version}{several}, updated {age(version.last_updated_timestamp)} ago",
            full_text=f"The version with the highest number in {version.current_stage}: "
            f"{self.noun}s:/{version.name}/{version.version}\n\n{version.description or ''}",
            style=STAGE_STYLES[version.current_stage],
            open=partial(self.console_app.navigation.open_version, version.name, version.version),
        )

    def _predecessor_fact(self, name: str, history: StageHistoryPage) -> list[Fact]:
        """The version to which Production can be rolled back, and until when it was there."""
        if history.predecessor is None:
            return []
        ended = next(
            (each.ended_timestamp for each in history.stage_periods if each.version == history.predecessor), None
        )
        until = f" until {moment(ended)}" if ended is not None else ""
        return [
            Fact(
                key="predecessor",
                label="previous",
                value=f"version {history.predecessor}, last in Production{until}",
                full_text="The version that was in Production last, besides any that is there now: a rollback puts "
                "it back.",
                style="bold",
                open=partial(self.console_app.navigation.open_version, name, history.predecessor),
            )
        ]

    def _alias_facts(self, model: RegisteredModelDatabricks) -> list[Fact]:
        can_alias = may(model.permission_level, Ability.SET_ALIAS)
        return [
            Fact(
                key=f"alias {each.alias}",
                label="alias",
                value=f"@{each.alias} = version {each.version}",
                full_text=f"{self.noun}s:/{model.name}@{each.alias}",
                open=partial(self.console_app.navigation.open_version, model.name, each.version),
                delete=partial(self.remove_alias, model.name, each.alias, each.version) if can_alias else None,
            )
            for each in model.aliases
        ]

    def is_live(self, action: str) -> bool:
        level = self._model.permission_level if self._model else None
        if action in REQUIRED_ABILITIES:
            return may(level, REQUIRED_ABILITIES[action])
        return super().is_live(action) or (action == "delete" and may(level, Ability.MANAGE))

    def action_rename(self) -> None:
        self.console_app.mutations.prepare(partial(rename_model, self.console_app, self._subject.name, noun=self.noun))

    def action_delete(self) -> None:
        if super().is_live("delete"):
            super().action_delete()
        else:
            self.console_app.mutations.prepare(partial(delete_model, self.console_app, self._subject.name))

    def action_history(self) -> None:
        self.console_app.navigation.open_history(self._subject.name, None)


def _request_facts(requests: int) -> list[Fact]:
    if not requests:
        return []
    return [Fact(key="open", label="requests", value=f"{requests} open", style=f"bold {REQUEST_STYLE}")]


def _permission_facts(permissions: ObjectPermissions, whole: str) -> list[Fact]:
    """Who has which permissions."""
    return [
        Fact(
            key=f"access {number}",
            label="permission",
            value=f"{_name(each)}: {_levels(each)}",
            full_text=_permission_text(each, whole),
        )
        for number, each in enumerate(permissions.access_control_list)
    ]


def _name(entry: AccessControl) -> str:
    if entry.group_name is not None:
        return f"group {entry.group_name}"
    return entry.user_name or entry.service_principal_name or ""


def _levels(entry: AccessControl) -> str:
    return ", ".join(
        f"{each.permission_level}{' (inherited)' if each.inherited else ''}" for each in entry.all_permissions
    )


def _permission_text(entry: AccessControl, whole: str) -> str:
    paragraphs = [_name(entry)]
    for each in entry.all_permissions:
        where = f"inherited from the {whole}" if each.inherited else "granted on this model"
        paragraphs.append(f"  {each.permission_level} {where}")
    return "\n".join(paragraphs)
