"""The groups."""

from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content

from server.wire.scim import Group
from tui_registry.access import ADMINS, EVERYBODY
from tui_registry.actions import WHILE_TYPING, bindings
from tui_registry.client.people import compared
from tui_registry.screens.confirm import Confirm, Consent, Question, word_for
from tui_registry.screens.form import Field, Form
from tui_registry.screens.group import GroupMembers
from tui_registry.screens.section import Section, Values
from tui_registry.text import one_line
from tui_registry.widgets.table import Column, Row
from tui_registry.writes import Write

ABOUT = {
    ADMINS: "Its members manage everything: models, people, groups and tokens. It always keeps one.",
    EVERYBODY: "Every user and service principal is in it, always.",
}
"""The groups that always exist."""


class Groups(Section):
    place = "groups"
    nothing = "There are no groups."
    no_match = "No group is called so."
    hint = "part of a name"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("groups"), *WHILE_TYPING]
    COLUMNS = (Column("GROUP", 30, grow=2, most=60), Column("IS IN", 30, grow=3))

    def __init__(self) -> None:
        super().__init__()
        self._groups: dict[str, Group] = {}

    async def read_page(self, typed: str, token: str, size: int) -> tuple[list[Row], str]:
        """A page begins behind the name that is its token."""
        wanted = [compared("displayName", "co", word) for word in typed.split()]
        behind = [compared("displayName", "gt", token)] if token else []
        page = await self.console_app.client.groups(filter_text=" and ".join([*wanted, *behind]), count=size)
        self._groups |= {group.id: group for group in page.resources}
        last = page.resources[-1].display_name or "" if len(page.resources) == size else ""
        return [_row(group) for group in page.resources], last

    @property
    def _chosen(self) -> Group | None:
        return self._groups.get(self.table.cursor_key or "")

    def about_row(self, key: str) -> Content:
        name = self._groups[key].display_name or ""
        told = ABOUT.get(name, "⏎ shows its members. What it is granted holds for them and for the groups in it.")
        return Content.assemble((one_line(name), "bold"), f"\n{told}")

    def is_live(self, action: str) -> bool:
        if action == "members":
            return self._chosen is not None
        return super().is_live(action)

    def is_allowed(self, action: str) -> bool:
        if action == "delete_group":
            return self._chosen is not None and self._chosen.display_name not in ABOUT
        return True

    def open_row(self, key: str) -> None:
        self.app.push_screen(GroupMembers(key, self._groups[key].display_name or ""))

    def action_members(self) -> None:
        self.table.action_open()

    def action_copy(self) -> None:
        if chosen := self._chosen:
            self.console_app.copy(chosen.display_name or "")

    def action_found_group(self) -> None:
        self.ask(self._form, self._found)

    def _form(self, values: Values, told: Content | None) -> Form:
        name = Field(name="name", label="Name", value=values.get("name", ""), required=True)
        return Form("New group", [name], save="Make", told=told)

    async def _found(self, values: Values) -> str:
        client, name = self.console_app.client, values["name"]

        async def send() -> None:
            await client.create_group(name)

        async def happened() -> bool:
            return bool((await client.groups(filter_text=compared("displayName", "eq", name), count=1)).resources)

        if await happened():
            return f"There is a group {name} already."
        self.console_app.write(
            Write(
                title=f"group {name}",
                doing="making it",
                done="Made. ⏎ on it adds members.",
                send=send,
                happened=happened,
            )
        )
        return ""

    def action_delete_group(self) -> None:
        chosen = self._chosen
        if chosen is None:
            return
        name = chosen.display_name or ""
        question = Question(
            f"Delete group {name}?",
            [
                Content("What it was granted is gone, on every model and on the whole registry."),
                Content("Its members stay, without what they had by it. This cannot be undone."),
            ],
            "Delete",
            word=word_for(name, "delete"),
            why_word="there is no way back",
        )

        def answered(consent: Consent | None) -> None:
            if consent is not None:
                self.console_app.write(self._deleting(chosen.id, name))

        self.app.push_screen(Confirm(question), answered)

    def _deleting(self, group_id: str, name: str) -> Write:
        client = self.console_app.client

        async def exists() -> bool:
            page = await client.groups(filter_text=compared("id", "eq", group_id), count=1)
            return any(group.display_name == name for group in page.resources)

        async def send() -> None:
            await client.delete_group(group_id)

        async def happened() -> bool:
            return not await exists()

        async def changed_meanwhile() -> str:
            return "" if await exists() else "somebody has deleted or renamed this group meanwhile. Look again."

        return Write(
            title=f"group {name}",
            doing="deleting it",
            done="Deleted.",
            send=send,
            happened=happened,
            changed_meanwhile=changed_meanwhile,
        )


def _row(group: Group) -> Row:
    above = ", ".join(one_line(each.display or "") for each in group.groups)
    return Row(group.id, ((one_line(group.display_name or ""), "bold"), (above, "dim")))
