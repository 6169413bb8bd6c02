"""One group: its members, added and removed."""

from collections.abc import Mapping
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content

from server.wire.scim import ComplexValue
from tui_registry import memberships
from tui_registry.access import ADMINS, EVERYBODY, Kind
from tui_registry.actions import WHILE_TYPING, bindings
from tui_registry.addresses import UnknownAddressError, resolve, suggestions
from tui_registry.screens.confirm import Confirm, Consent, Question
from tui_registry.screens.form import Field, Form
from tui_registry.screens.section import Section, Values
from tui_registry.text import one_line
from tui_registry.widgets.table import Column, Row
from tui_registry.writes import Write

ANYBODY = tuple(Kind)
KINDS: Mapping[str, str] = {"Users": "user", "Groups": "group", "ServicePrincipals": "service"}
"""The words for what a member's reference points to."""


class GroupMembers(Section):
    place = "group"
    nothing = "The group has no members.\nn adds one."
    no_match = "No member is called so."
    hint = "part of a name"
    is_section = False
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("group"), *WHILE_TYPING]
    COLUMNS = (Column("MEMBER", 40, grow=1, most=80), Column("KIND", 8))

    def __init__(self, group_id: str, name: str) -> None:
        super().__init__("Access", "Groups", one_line(name), "Members")
        self._group_id = group_id
        self._group_name = name
        self._members: dict[str, ComplexValue] = {}

    async def read_page(self, typed: str, token: str, size: int) -> tuple[list[Row], str]:
        """All of them: the registry gives a group with all its members."""
        group = await self.console_app.client.group(self._group_id)
        self._members = {member.value: member for member in group.members}
        words = typed.casefold().split()
        shown = (each for each in group.members if all(word in (each.display or "").casefold() for word in words))
        return [_row(member) for member in shown], ""

    def show_note(self) -> None:
        super().show_note()
        if self._group_name == EVERYBODY:
            self.note.update(Content("Every user and service principal is in it, always."))
            self.note.display = True

    @property
    def _chosen(self) -> ComplexValue | None:
        return self._members.get(self.table.cursor_key or "")

    def about_row(self, key: str) -> Content:
        return Content(
            "A group that is a member brings its own members along." if _kind(self._members[key]) == "group" else ""
        )

    def is_allowed(self, action: str) -> bool:
        if self._group_name == EVERYBODY:
            return False
        return action != "remove_member" or self._chosen is not None

    def open_row(self, key: str) -> None:
        """A group among the members is opened in its turn."""
        member = self._members[key]
        if _kind(member) == "group":
            self.app.push_screen(GroupMembers(member.value, member.display or ""))

    def action_copy(self) -> None:
        if chosen := self._chosen:
            self.console_app.copy(chosen.display or "")

    def action_add_member(self) -> None:
        self.ask(self._form, self._add)

    def _form(self, values: Values, told: Content | None) -> Form:
        who = Field(
            name="who",
            label="Who",
            value=values.get("who", ""),
            hint="a user, a group or a service principal",
            required=True,
            suggest=self._suggest,
        )
        return Form(f"Add a member to {self._group_name}", [who], save="Go on", told=told)

    async def _suggest(self, typed: str) -> list[str]:
        return await suggestions(self.console_app.client, typed, ANYBODY) if typed else []

    async def _add(self, values: Values) -> str:
        try:
            document = await resolve(self.console_app.client, values["who"], ANYBODY)
        except UnknownAddressError as error:
            return str(error)
        found = memberships.found(document)
        if found.id in self._members:
            return f"{found.person.principal} is a member already."
        who = one_line(str(found.person.principal))
        told = [Content(f"{who} gets whatever {one_line(self._group_name)} is granted, on every model.")]
        self._confirm(f"Add {who}?", told, "Add", found.id, who, joins=True)
        return ""

    def action_remove_member(self) -> None:
        if chosen := self._chosen:
            who = one_line(chosen.display or chosen.value)
            told = [Content(f"{who} loses what is granted to {one_line(self._group_name)} alone.")]
            self._confirm(f"Remove {who}?", told, "Remove", chosen.value, who, joins=False)

    def _confirm(self, title: str, told: list[Content], verb: str, member_id: str, who: str, *, joins: bool) -> None:
        if self._group_name == ADMINS:
            told.append(Content.styled("Members of admins manage everything: models, people, tokens.", "$text-warning"))
        own = not joins and self._group_name == ADMINS and self.me is not None and self.me.id == member_id
        question = Question(title, told, verb, word=ADMINS if own else "", why_word="you give up your own rights")

        def answered(consent: Consent | None) -> None:
            if consent is not None:
                self.console_app.write(self._writing(member_id, who, joins=joins, undoable=True))

        self.app.push_screen(Confirm(question), answered)

    def _writing(self, member_id: str, who: str, *, joins: bool, undoable: bool) -> Write:
        client = self.console_app.client

        async def is_member() -> bool:
            group = await client.group(self._group_id)
            return any(member.value == member_id for member in group.members)

        async def send() -> None:
            await (client.add_members if joins else client.remove_members)(self._group_id, [member_id])

        async def happened() -> bool:
            return await is_member() is joins

        async def changed_meanwhile() -> str:
            if await is_member() is not joins:
                return ""
            return f"somebody has {'added' if joins else 'removed'} {who} meanwhile."

        return Write(
            title=f"group {self._group_name}",
            doing=f"{'adding' if joins else 'removing'} {who}",
            done=f"{who} is {'in it now' if joins else 'in it no more'}.",
            send=send,
            happened=happened,
            changed_meanwhile=changed_meanwhile,
            inverse=self._writing(member_id, who, joins=not joins, undoable=False) if undoable else None,
        )


def _kind(member: ComplexValue) -> str:
    return KINDS.get((member.ref or "").partition("/")[0], "")


def _row(member: ComplexValue) -> Row:
    return Row(member.value, ((one_line(member.display or ""), "bold"), (_kind(member), "dim")))
