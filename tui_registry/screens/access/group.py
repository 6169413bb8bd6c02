"""The members of a group: add and remove them. Their accounts name them: anyone can have any display name."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content

from tui_registry.access import addresses
from tui_registry.access.addresses import UnknownAddressError
from tui_registry.access.directory import DirectoryEntry, accounts_filter, names_of
from tui_registry.access.principal import Principal
from tui_registry.client.scim import compared
from tui_registry.keys.actions import WHILE_TYPING, bindings
from tui_registry.mutations import group as changes
from tui_registry.queries.pages import Pages, page_of
from tui_registry.screens.access import granting
from tui_registry.screens.access.section import Section
from tui_registry.screens.base.new_row import make
from tui_registry.screens.dialogs.confirm import Confirm, Question
from tui_registry.screens.dialogs.form import Form
from tui_registry.terminal.sanitize import one_line, visible
from tui_registry.widgets.table import Column, Row
from tui_registry_server.wire.principal import ADMINS, USERS, PrincipalKind
from tui_registry_server.wire.scim import MAX_COUNT, ComplexValue

KINDS: Mapping[str, str] = {"Users": "user", "Groups": "group", "ServicePrincipals": "service"}
"""How the types of members are displayed."""


class GroupMembers(Section):
    place = "group"
    empty_message = "No members.\nPress n to add one."
    no_match = "No matching members."
    placeholder = "name"
    is_section = False
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("group"), *WHILE_TYPING]
    COLUMNS = (
        Column("MEMBER", 24, grow=2, max_width=60, is_cut_in_middle=True),
        Column("DISPLAY NAME", 16, grow=2, max_width=40, priority=1),
        Column("KIND", 8),
    )

    def __init__(self, group_id: str, name: str) -> None:
        super().__init__("Access", "Groups", visible(name), "Members")
        self._group_id = group_id
        self._group_name = name
        self._members: dict[str, ComplexValue] = {}  # those that have left, too, as long as their rows are displayed
        self._current: Sequence[ComplexValue] = ()
        self._matching: Sequence[ComplexValue] = ()
        self._accounts: dict[str, DirectoryEntry] = {}

    async def read_pages(self) -> Pages[Row]:
        """The server returns a group with all its members."""
        typed = self.typed
        group, named = await asyncio.gather(self.console_app.client.groups.get(self._group_id), self._named(typed))
        self._current = group.members
        self._members |= {member.value: member for member in group.members}
        self._matching = [each for each in group.members if each.value in named or _matches(each, typed)]
        return await super().read_pages()

    async def read_page(self, typed: str, token: str, size: int) -> tuple[list[Row], str]:
        """A part of what ``read_pages`` has read. Names are fetched as needed."""
        page, following = page_of(self._matching, _order, token, size)
        accounts = {each.value for each in page if _kind(each) != "group"}
        self._accounts |= await names_of(self.console_app.client, accounts)
        return [self._row(member) for member in page], following

    async def _named(self, typed: str) -> set[str]:
        """The ids of the members with such account names: of very many, some."""
        if not typed.split():
            return set()
        client, own = self.console_app.client, compared("groups.display", "eq", self._group_name)
        users, programs = await asyncio.gather(
            client.users.search(filter_text=f"{own} and {accounts_filter(typed, 'userName')}", count=MAX_COUNT),
            client.service_principals.search(
                filter_text=f"{own} and {accounts_filter(typed, 'applicationId')}", count=MAX_COUNT
            ),
        )
        return {each.id for found in (users, programs) for each in found.resources}

    def _row(self, member: ComplexValue) -> Row:
        name, kind = self._account_name(member), _kind(member)
        called = "" if kind == "group" else member.display or ""
        called = "" if called == name else called
        short = one_line(self.console_app.connection.short_name(name))
        return Row(member.value, ((short, "bold"), (one_line(called), "dim"), (kind, "dim")), (name, called, kind))

    def _account_name(self, member: ComplexValue) -> str:
        """The account's, or the group's."""
        account = self._accounts.get(member.value)
        return account.principal.name if account else member.display or member.value

    @property
    def note_text(self) -> str:
        is_of_all = self._group_name == USERS
        return "Every user and service principal is always a member." if is_of_all else super().note_text

    @property
    def _chosen(self) -> ComplexValue | None:
        return self._members.get(self.table.cursor_key or "")

    def about_row(self, key: str) -> Content:
        return Content("The members of this group are members, too." if _kind(self._members[key]) == "group" else "")

    def is_allowed(self, action: str) -> bool:
        if self._group_name == USERS:
            return False
        return action != "remove_member" or self._chosen is not None

    def open_row(self, key: str) -> None:
        """A member that is a group opens."""
        member = self._members[key]
        if _kind(member) == "group":
            self.app.push_screen(GroupMembers(member.value, member.display or ""))

    def action_copy(self) -> None:
        if chosen := self._chosen:
            self.console_app.copy(self._account_name(chosen))

    def action_add_member(self) -> None:
        self.console_app.mutations.prepare(self._add)

    async def _add(self) -> None:
        app, who, problem = self.console_app, "", ""
        while True:
            message = Content.styled(one_line(problem), "$text-error") if problem else None
            field = granting.who_field(app, who)
            values = await app.push_screen_wait(
                Form(f"Add a member to {self._group_name}", [field], save="Continue", message=message)
            )
            if values is None:
                return
            who = values["who"]
            try:
                found = await addresses.resolve(app.client, who, addresses.ALL_KINDS)
            except UnknownAddressError as error:
                problem = str(error)
                continue
            if all(member.value != found.id for member in self._current):
                break
            problem = f"{found.principal} is already a member."
        await self._change(found.id, str(found.principal), joins=True)

    def action_remove_member(self) -> None:
        if chosen := self._chosen:
            name = self._account_name(chosen)
            who = str(Principal(PrincipalKind.GROUP, name)) if _kind(chosen) == "group" else name
            self.console_app.mutations.prepare(partial(self._change, chosen.value, who, joins=False))

    async def _change(self, member_id: str, who: str, *, joins: bool) -> None:
        group, verb = one_line(self._group_name), "Add" if joins else "Remove"
        if joins:
            message = [Content(f"{one_line(who)} gets every permission granted to {group}.")]
        else:
            message = [Content(f"{one_line(who)} loses the permissions granted only through {group}.")]
        is_admins = self._group_name == ADMINS
        warnings = ["Members of admins can manage everything: models, users, tokens."] if is_admins else []
        own = not joins and is_admins and self.me is not None and self.me.id == member_id
        question = Question(
            f"{verb} {who}?",
            message,
            verb,
            warnings,
            word=ADMINS if own else "",
            why_word="you lose your own admin rights",
        )
        if await self.app.push_screen_wait(Confirm(question)) is not None:
            client = self.console_app.client
            change = changes.membership(client, self._group_id, self._group_name, member_id, who, joins=joins)
            if joins:
                make(self.console_app, self.table, change, lambda key: key == member_id)
            else:
                self.console_app.mutations.start(change)


def _order(member: ComplexValue) -> tuple[str, str]:
    return (member.display or "").casefold(), member.value


def _kind(member: ComplexValue) -> str:
    return KINDS.get((member.ref or "").partition("/")[0], "")


def _matches(member: ComplexValue, typed: str) -> bool:
    return all(word in (member.display or "").casefold() for word in typed.casefold().split())
