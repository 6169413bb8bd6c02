"""The list of groups."""

from functools import partial
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content

from tui_registry.client.scim import compared
from tui_registry.keys.actions import WHILE_TYPING, bindings
from tui_registry.mutations import group as changes
from tui_registry.screens.access.group import GroupMembers
from tui_registry.screens.access.section import Section
from tui_registry.screens.base.new_row import make
from tui_registry.screens.dialogs.confirm import Confirm, Question, word_for
from tui_registry.screens.dialogs.form import Field, Form
from tui_registry.session.arrangement import Sort
from tui_registry.terminal.sanitize import one_line, visible
from tui_registry.widgets.table import Column, Row
from tui_registry_server.wire.principal import ADMINS, USERS
from tui_registry_server.wire.scim import Group

ABOUT = {
    ADMINS: "Members can manage everything. The last member cannot be removed.",
    USERS: "Every user and service principal is always a member.",
}
"""The built-in groups."""


class Groups(Section):
    place = "groups"
    empty_message = "No groups."
    no_match = "No matching groups."
    placeholder = "name"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("groups"), *WHILE_TYPING]
    COLUMNS = (Column("GROUP", 30, grow=2, max_width=60, is_cut_in_middle=True), Column("MEMBER OF", 30, grow=3))

    own_order = Sort("group")

    def __init__(self) -> None:
        super().__init__()
        self._groups: dict[str, Group] = {}

    async def read_page(self, typed: str, token: str, size: int) -> tuple[list[Row], str]:
        """The token of a page is the name before its first."""
        wanted = [compared("displayName", "co", word) for word in typed.split()]
        behind = [compared("displayName", "gt", token)] if token else []
        page = await self.console_app.client.groups.search(filter_text=" and ".join([*wanted, *behind]), count=size)
        self._groups |= {group.id: group for group in page.resources}
        last = page.resources[-1].display_name or "" if len(page.resources) == size else ""
        return [_row(group) for group in page.resources], last

    @property
    def _chosen(self) -> Group | None:
        return self._groups.get(self.table.cursor_key or "")

    def about_row(self, key: str) -> Content:
        name = self._groups[key].display_name or ""
        message = ABOUT.get(name, "Its permissions apply to its members, including members of nested groups.")
        return Content.assemble((visible(name), "bold"), f"\n{message}")

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

    def action_new_group(self) -> None:
        self.console_app.mutations.prepare(self._make)

    async def _make(self) -> None:
        field = Field(name="name", label="Name", required=True)
        values = await self.app.push_screen_wait(Form("New group", [field], save="Create"))
        if values is not None:
            name = values["name"]
            make(
                self.console_app,
                self.table,
                changes.create(self.console_app.client, name),
                lambda key: self._groups[key].display_name == name,
            )

    def action_delete_group(self) -> None:
        if chosen := self._chosen:
            self.console_app.mutations.prepare(partial(self._delete, chosen.id, chosen.display_name or ""))

    async def _delete(self, group_id: str, name: str) -> None:
        question = Question(
            f"Delete group {name}?",
            [
                Content("All its permissions are revoked."),
                Content("Its members are kept, but lose the permissions they had through it."),
            ],
            "Delete",
            word=word_for(name, "delete"),
            why_word="this cannot be undone",
        )
        if await self.app.push_screen_wait(Confirm(question)) is not None:
            self.console_app.mutations.start(changes.delete(self.console_app.client, group_id, name))


def _row(group: Group) -> Row:
    above = ", ".join(one_line(each.display or "") for each in group.groups)
    values = (group.display_name, ", ".join(each.display or "" for each in group.groups))
    return Row(group.id, ((one_line(group.display_name or ""), "bold"), (above, "dim")), values)
