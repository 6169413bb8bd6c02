"""A list of accounts, users or service principals: search, create, deactivate and reactivate."""

from functools import partial
from typing import ClassVar

from textual.content import Content

from tui_registry.access.directory import ACCOUNT_FIELDS, DirectoryEntry, accounts_filter
from tui_registry.access.principal import noun
from tui_registry.client.scim import compared
from tui_registry.mutations import account as changes
from tui_registry.mutations.account import Account, Register
from tui_registry.screens.access.person import offboard
from tui_registry.screens.access.section import Section
from tui_registry.screens.base.new_row import make
from tui_registry.screens.dialogs.confirm import Confirm, Question
from tui_registry.screens.dialogs.form import Field, Form
from tui_registry.session.arrangement import Sort
from tui_registry.terminal.sanitize import one_line, visible
from tui_registry.widgets.table import Column, Row
from tui_registry_server.wire.principal import USERS


class Accounts(Section):
    """Subclasses define ``register`` and the texts. ``name_label``: the label of the name in the form."""

    name_label: ClassVar[str]
    no_match = "No matching accounts."
    fields = ACCOUNT_FIELDS
    placeholder = "name, group:NAME, is:deactivated"
    COLUMNS = (
        Column("NAME", 24, grow=2, max_width=60, is_cut_in_middle=True),
        Column("DISPLAY NAME", 16, grow=2, max_width=40, priority=1),
        Column("STATUS", 11, former=("state",)),
        Column("GROUPS", 20, grow=3, priority=2),
    )

    own_order = Sort("name")

    def __init__(self) -> None:
        super().__init__()
        self._accounts: dict[str, Account] = {}

    def register(self) -> Register:
        """The calls."""
        raise NotImplementedError

    async def read_page(self, typed: str, token: str, size: int) -> tuple[list[Row], str]:
        """The token of a page is the name before its first."""
        register = self.register()
        wanted = accounts_filter(typed, register.attribute)
        behind = compared(register.attribute, "gt", token) if token else ""
        accounts = await register.listed(" and ".join(part for part in (wanted, behind) if part), size)
        self._accounts |= {account.id: account for account in accounts}
        last = DirectoryEntry.of(accounts[-1]).principal.name if len(accounts) == size else ""
        return [self._row(DirectoryEntry.of(account)) for account in accounts], last

    def _row(self, who: DirectoryEntry) -> Row:
        return Row(
            who.id,
            (
                (
                    one_line(self.console_app.connection.short_name(who.principal.name)),
                    "bold" if who.active else "dim",
                ),
                (one_line(who.display_name), "dim"),
                ("active" if who.active else "deactivated", "dim" if who.active else "bold red"),
                (_groups(who), "dim"),
            ),
            (who.principal.name, who.display_name, "active" if who.active else "deactivated", ", ".join(who.groups)),
        )

    @property
    def _chosen(self) -> DirectoryEntry | None:
        account = self._accounts.get(self.table.cursor_key or "")
        return DirectoryEntry.of(account) if account else None

    def about_row(self, key: str) -> Content:
        account = self._accounts[key]
        ways = [
            f"{one_line(group.display or '')}{' (indirect)' if group.type == 'indirect' else ''}"
            for group in account.groups
        ]
        who = DirectoryEntry.of(account)
        return Content.assemble(
            (visible(who.principal.name), "bold"),
            (" (you)" if self._is_own(who) else "", "bold"),
            f"  {one_line(who.display_name)}\n",
            (f"member of {', '.join(ways)}" if ways else "not in any group", "dim"),
        )

    def is_allowed(self, action: str) -> bool:
        if (
            action == "offboard"
        ):  # who is offboarded has neither; if something else is left, the person's page offers it
            chosen = self._chosen
            return (
                chosen is not None and not self._is_own(chosen) and (chosen.active or bool({*chosen.groups} - {USERS}))
            )
        if action in {"deactivate", "reactivate"}:
            chosen = self._chosen
            return chosen is not None and chosen.active == (action == "deactivate")
        return True

    def is_live(self, action: str) -> bool:
        if action == "person":
            return self._chosen is not None
        return super().is_live(action)

    def open_row(self, key: str) -> None:
        account = DirectoryEntry.of(self._accounts[key])
        self.console_app.navigation.open_principal(account.principal.kind, account.id, account.principal.name)

    def action_person(self) -> None:
        self.table.action_open()

    def action_offboard(self) -> None:
        if chosen := self._chosen:
            self.console_app.mutations.prepare(partial(offboard, self.console_app, chosen.id))

    def action_copy(self) -> None:
        if chosen := self._chosen:
            self.console_app.copy(chosen.principal.name)

    def action_enrol(self) -> None:
        self.console_app.mutations.prepare(self._enrol)

    async def _enrol(self) -> None:
        register = self.register()
        fields = [
            Field(name="name", label=self.name_label, required=True),
            Field(name="called", label="Display name (optional)"),
        ]
        values = await self.app.push_screen_wait(Form(f"New {noun(register.kind)}", fields, save="Create"))
        if values is not None:
            name = values["name"].casefold()
            make(
                self.console_app,
                self.table,
                changes.create(register, values["name"], values["called"]),
                lambda key: DirectoryEntry.of(self._accounts[key]).principal.name.casefold() == name,
            )

    def _is_own(self, account: DirectoryEntry) -> bool:
        return self.me is not None and self.me.id == account.id

    def action_deactivate(self) -> None:
        self.console_app.mutations.prepare(partial(self._switch, self._chosen, active=False))

    def action_reactivate(self) -> None:
        self.console_app.mutations.prepare(partial(self._switch, self._chosen, active=True))

    async def _switch(self, account: DirectoryEntry | None, *, active: bool) -> None:
        if account is None:
            return
        question = _reactivation(account) if active else _deactivation(account, own=self._is_own(account))
        if await self.app.push_screen_wait(Confirm(question)) is not None:
            self.console_app.mutations.start(changes.set_active(self.register(), account, active=active))


def _reactivation(account: DirectoryEntry) -> Question:
    message = [Content("The account's tokens will be accepted again. Its permissions and groups do not change.")]
    return Question(f"Reactivate {account.principal}?", message, "Reactivate")


def _deactivation(account: DirectoryEntry, *, own: bool) -> Question:
    message = [
        Content("The account's tokens will no longer be accepted."),
        Content.styled("Its permissions, groups and history are kept; A reactivates it.", "dim"),
        *([] if own else [Content.styled("To remove them permanently, offboard it instead: O.", "dim")]),
    ]
    return Question(
        f"Deactivate {account.principal}?",
        message,
        "Deactivate",
        warnings=["This is your own account: you will be locked out."] if own else [],
        word="deactivate" if own else "",
        why_word="this is your own account",
    )


def _groups(who: DirectoryEntry) -> str:
    return ", ".join(visible(name) for name in who.groups)
