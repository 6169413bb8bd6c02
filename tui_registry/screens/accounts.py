"""A list of accounts, of users or of service principals: searched, made, closed and opened again."""

from collections.abc import Sequence
from typing import ClassVar

from textual.content import Content

from server.wire.scim import ServicePrincipal, User
from tui_registry.access import Kind, Person
from tui_registry.client.people import compared
from tui_registry.memberships import Found, found
from tui_registry.screens.confirm import Confirm, Consent, Question
from tui_registry.screens.form import Field, Form
from tui_registry.screens.section import Section, Values
from tui_registry.text import one_line
from tui_registry.widgets.table import Column, Row
from tui_registry.writes import Write

Account = User | ServicePrincipal


class Accounts(Section):
    """Subclasses say the calls, and the words for what they list.

    kind: of the principals. attribute: SCIM's name of their name. asked: what the name is called in a form.
    """

    kind: ClassVar[Kind]
    attribute: ClassVar[str]
    asked: ClassVar[str]
    no_match = "Nobody is called so."
    hint = "part of a name, group:NAME, is:inactive"
    COLUMNS = (
        Column("NAME", 24, grow=2, most=60),
        Column("CALLED", 16, grow=2, most=40, priority=1),
        Column("STATE", 11),
        Column("GROUPS", 20, grow=3, priority=2),
    )

    def __init__(self) -> None:
        super().__init__()
        self._accounts: dict[str, Account] = {}

    async def read_accounts(self, filter_text: str, count: int) -> Sequence[Account]:
        """The first accounts that a filter lets through, by name."""
        raise NotImplementedError

    async def create(self, name: str, display_name: str) -> Account:
        raise NotImplementedError

    async def set_active(self, account_id: str, *, active: bool) -> Account:
        raise NotImplementedError

    async def read_page(self, typed: str, token: str, size: int) -> tuple[list[Row], str]:
        """A page begins behind the name that is its token."""
        wanted = accounts_filter(typed, self.attribute)
        behind = compared(self.attribute, "gt", token) if token else ""
        accounts = await self.read_accounts(" and ".join(part for part in (wanted, behind) if part), size)
        self._accounts |= {account.id: account for account in accounts}
        last = found(accounts[-1]).person.principal.name if len(accounts) == size else ""
        return [_row(found(account)) for account in accounts], last

    @property
    def _chosen(self) -> Found | None:
        account = self._accounts.get(self.table.cursor_key or "")
        return found(account) if account else None

    def about_row(self, key: str) -> Content:
        account = self._accounts[key]
        ways = [
            f"{one_line(group.display or '')}{' (through another)' if group.type == 'indirect' else ''}"
            for group in account.groups
        ]
        who = found(account)
        return Content.assemble(
            (one_line(who.person.principal.name), "bold"),
            f"  {one_line(who.shown)}\n",
            (f"in {', '.join(ways)}" if ways else "in no group", "dim"),
        )

    def is_allowed(self, action: str) -> bool:
        if action in {"deactivate", "reactivate"}:
            chosen = self._chosen
            return chosen is not None and chosen.person.active == (action == "deactivate")
        return True

    def open_row(self, key: str) -> None:
        """What there is to say about the row stands below the list."""

    def action_copy(self) -> None:
        if chosen := self._chosen:
            self.console_app.copy(chosen.person.principal.name)

    def action_enrol(self) -> None:
        self.ask(self._form, self._enrol)

    def _form(self, values: Values, told: Content | None) -> Form:
        name = Field(name="name", label=self.asked, value=values.get("name", ""), required=True)
        called = Field(name="called", label="What people call it, if anything", value=values.get("called", ""))
        return Form(f"New {self.kind}", [name, called], save="Make", told=told)

    async def _enrol(self, values: Values) -> str:
        name, called = values["name"], values["called"]

        async def send() -> None:
            await self.create(name, called)

        async def happened() -> bool:
            return bool(await self.read_accounts(compared(self.attribute, "eq", name), 1))

        if await happened():
            return f"There is a {self.kind} {name} already."
        self.console_app.write(
            Write(title=f"{self.kind} {name}", doing="making it", done="Made.", send=send, happened=happened)
        )
        return ""

    def action_deactivate(self) -> None:
        if chosen := self._chosen:
            told = [
                Content("No token of this account is accepted from then on."),
                Content.styled("Its levels, groups and history stay as they are: A opens it again.", "dim"),
            ]
            if self.me is not None and self.me.id == chosen.id:
                told.insert(0, Content.styled("This is your own account: you would be locked out.", "$text-warning"))
            self._confirm(chosen, told, active=False)

    def action_reactivate(self) -> None:
        if chosen := self._chosen:
            self._confirm(chosen, [Content("The account's tokens are accepted again.")], active=True)

    def _confirm(self, chosen: Found, told: Sequence[Content], *, active: bool) -> None:
        verb = "Reactivate" if active else "Deactivate"
        own = self.me is not None and self.me.id == chosen.id
        question = Question(
            f"{verb} {chosen.person.principal}?",
            told,
            verb,
            word="" if active or not own else "deactivate",
            why_word="it is your own account",
        )

        def answered(consent: Consent | None) -> None:
            if consent is not None:
                self.console_app.write(self._switching(chosen, active=active, undoable=True))

        self.app.push_screen(Confirm(question), answered)

    def _switching(self, chosen: Found, *, active: bool, undoable: bool) -> Write:
        async def is_active() -> bool | None:
            accounts = await self.read_accounts(compared("id", "eq", chosen.id), 1)
            return accounts[0].active is not False if accounts else None

        async def send() -> None:
            await self.set_active(chosen.id, active=active)

        async def happened() -> bool:
            return await is_active() is active

        async def changed_meanwhile() -> str:
            if await is_active() is (not active):
                return ""
            return "somebody has changed or deleted this account meanwhile. Look again."

        return Write(
            title=str(chosen.person.principal),
            doing="reactivating" if active else "deactivating",
            done="Reactivated." if active else "Deactivated: no token of it is accepted.",
            send=send,
            happened=happened,
            changed_meanwhile=changed_meanwhile,
            inverse=self._switching(chosen, active=not active, undoable=False) if undoable else None,
        )


def accounts_filter(typed: str, attribute: str) -> str:
    """SCIM's filter for words that a name contains, ``group:NAME`` and ``is:inactive`` or ``is:active``."""
    parts: list[str] = []
    for word in typed.split():
        key, colon, value = word.partition(":")
        if colon and key == "is" and value in {"active", "inactive"}:
            parts.append(f"active eq {'true' if value == 'active' else 'false'}")
        elif colon and key == "group":
            parts.append(compared("groups.display", "eq", value))
        else:
            parts.append(f"({compared(attribute, 'co', word)} or {compared('displayName', 'co', word)})")
    return " and ".join(parts)


def _row(who: Found) -> Row:
    return Row(
        who.id,
        (
            (one_line(who.person.principal.name), "bold" if who.person.active else "dim"),
            (one_line(who.shown), "dim"),
            ("active" if who.person.active else "deactivated", "dim" if who.person.active else "bold red"),
            (_groups(who.person), "dim"),
        ),
    )


def _groups(person: Person) -> str:
    return ", ".join(one_line(name) for name in person.groups)
