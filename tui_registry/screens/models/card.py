"""Everything about one model: what it is for, its tags and aliases, what is where, and who may do what."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual.binding import BindingType

from tui_registry.access.levels import may
from tui_registry.keys.actions import bindings
from tui_registry.mutations.subject import Subject
from tui_registry.screens.models.adding import delete_model, rename_model
from tui_registry.screens.models.sheet import Fact, Sheet
from tui_registry.widgets.ages import age, moment
from tui_registry.widgets.stages import STAGE_STYLES
from tui_registry_server.wire.ability import Ability
from tui_registry_server.wire.permission import AccessControl, ObjectPermissions
from tui_registry_server.wire.registered_model import RegisteredModelDatabricks

ABILITIES = {
    "tags": Ability.EDIT,
    "aliases": Ability.SET_ALIAS,
    "rename": Ability.MANAGE,
    "delete_model": Ability.MANAGE,
}
"""What each action takes."""


class Card(Sheet):
    place = "card"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings("card"))

    def __init__(self, name: str) -> None:
        super().__init__("Models", name, "about")
        self._subject = Subject(name)
        self._model: RegisteredModelDatabricks | None = None

    def subject(self) -> Subject:
        return self._subject

    def known_description(self) -> str:
        return (self._model.description or "") if self._model else ""

    async def read_facts(self) -> Sequence[Fact]:
        client = self.console_app.client
        model = await client.models.get(self._subject.name)
        permissions, inbox = await asyncio.gather(
            client.permissions.get(model.id), client.requests.inbox(name=model.name, max_results=1000)
        )
        self._model = model
        return [*self._written(model), *_waiting(len(inbox.requests)), *self._held(model), *_people(permissions)]

    def _written(self, model: RegisteredModelDatabricks) -> list[Fact]:
        mine = may(model.permission_level, Ability.EDIT)
        return [
            self.description_fact(self._subject, model.description or "", mine=mine),
            Fact(
                key="made",
                label="made",
                value=f"{moment(model.creation_timestamp)}, {age(model.creation_timestamp)} ago, "
                f"by {model.user_id or 'somebody'}",
            ),
            Fact(key="level", label="your level", value=model.permission_level.value),
            *(self.tag_fact(self._subject, tag, mine=mine) for tag in model.tags),
        ]

    def _held(self, model: RegisteredModelDatabricks) -> list[Fact]:
        app = self.console_app
        names = may(model.permission_level, Ability.SET_ALIAS)
        return [
            *(
                Fact(
                    key=f"stage {each.current_stage}",
                    label=f"in {each.current_stage}",
                    value=f"version {each.version}, {age(each.last_updated_timestamp)}",
                    whole=f"The newest version in {each.current_stage}: models:/{model.name}/{each.version}\n\n"
                    f"{each.description or ''}",
                    style=STAGE_STYLES[each.current_stage],
                    open=partial(app.navigation.open_version, model.name, each.version),
                )
                for each in model.latest_versions
            ),
            *(
                Fact(
                    key=f"alias {each.alias}",
                    label="alias",
                    value=f"@{each.alias} = version {each.version}",
                    whole=f"models:/{model.name}@{each.alias}",
                    open=partial(app.navigation.open_version, model.name, each.version),
                    delete=partial(self.remove_alias, model.name, each.alias, each.version) if names else None,
                )
                for each in model.aliases
            ),
        ]

    def is_live(self, action: str) -> bool:
        level = self._model.permission_level if self._model else None
        if action in ABILITIES:
            return may(level, ABILITIES[action])
        return super().is_live(action)

    def action_rename(self) -> None:
        self.console_app.mutations.prepare(partial(rename_model, self.console_app, self._subject.name))

    def action_delete_model(self) -> None:
        self.console_app.mutations.prepare(partial(delete_model, self.console_app, self._subject.name))

    def action_history(self) -> None:
        self.console_app.navigation.open_history(self._subject.name, None)


def _waiting(requests: int) -> list[Fact]:
    if not requests:
        return []
    return [Fact(key="open", label="waiting", value=f"{requests} open requests", style="bold yellow")]


def _people(permissions: ObjectPermissions) -> list[Fact]:
    """Who may do what, the strongest right first told."""
    return [
        Fact(key=f"access {number}", label="access", value=f"{_name(each)}: {_levels(each)}", whole=_told(each))
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


def _told(entry: AccessControl) -> str:
    told = [_name(entry)]
    for each in entry.all_permissions:
        where = "from the whole registry" if each.inherited else "on this model"
        told.append(f"  {each.permission_level} {where}")
    return "\n".join(told)
