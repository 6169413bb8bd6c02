"""The access tokens: all for administrators, their own for other users."""

import sys
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content

from tui_registry.access import addresses, directory
from tui_registry.access.addresses import UnknownAddressError
from tui_registry.access.directory import DirectoryEntry
from tui_registry.client.errors import Refused
from tui_registry.keys.actions import WHILE_TYPING, WRITING, bindings
from tui_registry.mutations import token as changes
from tui_registry.mutations.result import Verdict
from tui_registry.queries.pages import page_of
from tui_registry.queries.search_syntax import field_of, parse_duration
from tui_registry.screens.access.section import SECTIONS, Section
from tui_registry.screens.base.new_row import make
from tui_registry.screens.dialogs.confirm import Confirm, Question
from tui_registry.screens.dialogs.form import Field, Form
from tui_registry.screens.dialogs.new_token import NewToken
from tui_registry.session.arrangement import Sort
from tui_registry.terminal.sanitize import one_line, visible
from tui_registry.widgets.ages import age, ahead, day, moment
from tui_registry.widgets.columns import BY_AGE, Sorting
from tui_registry.widgets.row import Instant, Ranked, Value
from tui_registry.widgets.table import Column, Row
from tui_registry_server.wire.overview_defaults import EXPIRY_DAYS
from tui_registry_server.wire.principal import PrincipalKind
from tui_registry_server.wire.token import MAX_LIFETIME, PublicTokenInfo, PublicTokenInfos, TokenInfo, TokenInfos

FORBIDDEN = 403
DAY = 24 * 60 * 60  # seconds
NEVER = -1
YOURS, CONSOLE = "you", "you, in this console"
LOCKS_OUT = "This console itself uses this token: it will be signed out at once."
MAY_LOCK_OUT = "It is your own: this console may be using it."
BY_EXPIRY = Sorting("soonest first", "latest first")
PROGRAMS = (PrincipalKind.SERVICE_PRINCIPAL,)
_DEFAULT_VALUES = {"program": "", "comment": "", "days": "90"}


class Tokens(Section):
    place = "tokens"
    empty_message = "No tokens.\nPress n to create one."
    no_match = "No matching tokens."
    placeholder = "comment, owner or who created it; or expires:14d"
    fields = ("expires",)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("tokens"), *WHILE_TYPING]
    COLUMNS = (
        Column("OWNER", 16, grow=2, max_width=40, is_cut_in_middle=True),
        Column("COMMENT", 14, grow=3, max_width=60),
        Column("AGE", 4, priority=1, sorting=BY_AGE),
        Column("EXPIRES", 7, sorting=BY_EXPIRY),
        Column("LAST USED", 9, priority=2, sorting=BY_AGE),
        Column("CREATED BY", 12, priority=3, grow=1, max_width=40, is_cut_in_middle=True),
    )
    about_lines = 3
    own_order = Sort("age", is_descending=True)

    def __init__(self, token_id: str = "", comment: str = "") -> None:
        """With an id, only that token, opened on top of another place."""
        super().__init__(*(("Access", SECTIONS[self.place], visible(comment or token_id)) if token_id else ()))
        self.is_section = not token_id
        self._token_id = token_id
        self._tokens: dict[str, PublicTokenInfo] = {}
        self._owners: dict[str, DirectoryEntry] = {}
        self._is_admin = True
        self._calling_id = ""  # of the console's own token, if it is known

    async def load(self) -> None:
        client = self.console_app.client
        try:
            infos: TokenInfos | PublicTokenInfos = await client.tokens.all_infos()
            self._is_admin = True
        except Refused as error:
            if error.status != FORBIDDEN:
                raise
            infos, self._is_admin = await client.tokens.own_infos(), False
        if self.me is None:
            await self.learn_rights()  # who owns them, before the rows say so
        tokens: Sequence[PublicTokenInfo] = infos.token_infos
        self._calling_id = infos.calling_token_id or ""
        self._tokens = {token.token_id: token for token in tokens if self._token_id in {"", token.token_id}}
        await super().load()

    def _whose(self, token: PublicTokenInfo) -> str:
        """What marks one's own token, and the one that this console uses; empty for those of others."""
        if token.token_id == self._calling_id:
            return CONSOLE
        return YOURS if self.me is not None and self._owner(token) == self.me.principal.name else ""

    async def read_page(self, typed: str, token: str, size: int) -> tuple[list[Row], str]:
        """A part of what ``load`` has read: the server returns all tokens at once. Names are fetched as needed."""
        words = typed.casefold().split()
        if words:
            await self._learn_owners([*self._tokens.values()])
        matching = (each for each in self._tokens.values() if all(self._matches(each, word) for word in words))
        page, following = page_of(matching, _newest_first, token, size)
        await self._learn_owners(page)
        return [self._row(each) for each in page], following

    async def _learn_owners(self, tokens: Sequence[PublicTokenInfo]) -> None:
        unknown = {str(each.owner_id) for each in tokens if isinstance(each, TokenInfo)} - self._owners.keys()
        if unknown:
            self._owners |= await directory.names_of(self.console_app.client, unknown)

    @property
    def empty_text(self) -> str:
        """Everybody may have tokens."""
        return self.empty_message

    @property
    def note_text(self) -> str:
        return "" if self._is_admin else "Only your own tokens: members of the group admins see all."

    def _owner(self, token: PublicTokenInfo) -> str:
        if not isinstance(token, TokenInfo):
            return self.me.principal.name if self.me else ""
        owner = self._owners.get(str(token.owner_id))
        return owner.principal.name if owner else str(token.owner_id)

    def _matches(self, token: PublicTokenInfo, word: str) -> bool:
        """``expires:14d``: within these days; one that is not typed completely says nothing."""
        field = field_of(word, self.fields)
        if field is None:
            return word in self._searched(token)
        within, now = parse_duration(field[1]), time.time()
        return within is None or now * 1000 <= token.expiry_time < (now + within) * 1000

    def _searched(self, token: PublicTokenInfo) -> str:
        maker = token.created_by_username if isinstance(token, TokenInfo) else ""
        return f"{token.comment or ''} {self._owner(token)} {maker}".casefold()

    def _row(self, token: PublicTokenInfo) -> Row:
        detailed = token if isinstance(token, TokenInfo) else None
        used, whose = token.last_used_time, self._whose(token)
        owner = one_line(self.console_app.connection.short_name(self._owner(token)))
        return Row(
            token.token_id,
            (
                (f"{owner} ({whose.partition(',')[0]})" if whose else owner, "bold"),
                (one_line(token.comment or ""), ""),
                (age(token.creation_time), "dim"),
                _expires(token.expiry_time),
                ("never" if used is None else f"{age(used)} ago", "dim"),
                (
                    one_line(self.console_app.connection.short_name(detailed.created_by_username) if detailed else ""),
                    "dim",
                ),
            ),
            (
                self._owner(token),
                token.comment,
                Instant(token.creation_time),
                _expiry(token.expiry_time),
                None if used is None else Instant(used),
                detailed.created_by_username if detailed else "",
            ),
        )

    def about_row(self, key: str) -> Content:
        token = self._tokens.get(key)
        if token is None:
            return Content("")
        expires = "never expires" if token.expiry_time == NEVER else f"expires {moment(token.expiry_time)}"
        used = "never used" if token.last_used_time is None else f"used {age(token.last_used_time)} ago"
        whose = self._whose(token)
        return Content.assemble(
            (one_line(self._owner(token)), "bold"),
            (f" ({whose})" if whose else "", "bold"),
            f"  {one_line(token.comment or 'no comment')}",
            (f"\ncreated {day(token.creation_time)}, {expires}, {used}", "dim"),
            (f"\nID {one_line(token.token_id)}", "dim"),
        )

    def is_live(self, action: str) -> bool:
        if action == "revoke_token":
            return self.table.row_count > 0
        return True if action in WRITING else super().is_live(action)

    def open_row(self, key: str) -> None:
        """The details of the row are below the list."""

    def action_copy(self) -> None:
        if self.table.cursor_key:
            self.console_app.copy(self.table.cursor_key)

    def action_make_token(self) -> None:
        self.console_app.mutations.prepare(self._make)

    async def _make(self) -> None:
        app, values, problem = self.console_app, _DEFAULT_VALUES, ""
        while True:
            message = Content.styled(one_line(problem), "$text-error") if problem else None
            given = await app.push_screen_wait(Form("New token", self._fields(values), save="Create", message=message))
            if given is None:
                return
            values = _DEFAULT_VALUES | given
            program = ""
            if not values["program"]:
                break
            try:
                program = (await addresses.resolve(app.client, values["program"], PROGRAMS)).principal.name
            except UnknownAddressError as error:
                problem = str(error)
                continue
            break
        owner = program or (self.me.principal.name if self.me else "yourself")
        lifetime = int(values["days"]) * DAY if values["days"] else None
        before = {each.token_id for each in await changes.of_maker(app.client, program)}
        handed: list[str] = []

        def show() -> None:
            if handed:
                app.push_screen(NewToken(owner, handed.pop()))
            else:
                lost = "Its value was lost with the answer: revoke it and create another one."
                app.mutations.report(f"token for {owner}", Verdict.UNKNOWN, lost)

        known = before | self._tokens.keys()
        make(
            app,
            self.table,
            changes.create(app.client, owner, program, values["comment"], lifetime, before, handed.append),
            lambda key: key not in known,
            then=show,
        )

    def _fields(self, values: Mapping[str, str]) -> list[Field]:
        client = self.console_app.client
        program = Field(
            name="program",
            label="Service principal",
            value=values["program"],
            hint="empty: for yourself",
            suggest=partial(addresses.suggestions, client, kinds=PROGRAMS),
            suggested_only=True,
        )
        comment = Field(name="comment", label="Comment", value=values["comment"])
        days = Field(
            name="days",
            label="Lifetime in days",
            value=values["days"],
            hint="empty: never expires",
            check=_days_problem,
        )
        return [program, comment, days] if self.is_admin else [comment, days]

    def action_revoke_token(self) -> None:
        if token := self._tokens.get(self.table.cursor_key or ""):
            self.console_app.mutations.prepare(partial(self._revoke, token))

    async def _revoke(self, token: PublicTokenInfo) -> None:
        owner = self._owner(token)
        used = "never used" if token.last_used_time is None else f"last used {moment(token.last_used_time)}"
        message = [
            Content.assemble(("Owner    ", "dim"), one_line(owner)),
            Content.assemble(("Comment  ", "dim"), one_line(token.comment or "none")),
            Content.assemble(("Created  ", "dim"), f"{moment(token.creation_time)}, {used}"),
            Content("Clients that use it will lose access. This cannot be undone."),
        ]
        whose = self._whose(token)
        opened = self.console_app.connection.opened
        may_be_token = opened is None or opened.sign_in is None  # of an older server, which does not say
        is_of_console = whose == CONSOLE or (bool(whose) and not self._calling_id and may_be_token)
        warnings = [LOCKS_OUT if whose == CONSOLE else MAY_LOCK_OUT] if is_of_console else []
        question = Question(
            "Revoke this token?",
            [Content("\n").join(message[:3]), message[3]],
            "Revoke",
            warnings,
            word="revoke" if is_of_console else "",
            why_word="this console uses it" if whose == CONSOLE else "this console may be using it",
        )
        if await self.app.push_screen_wait(Confirm(question)) is not None:
            client = self.console_app.client
            self.console_app.mutations.start(changes.revoke(client, token.token_id, owner, is_admin=self._is_admin))


def _expiry(milliseconds: int) -> Value:
    """Tokens that never expire are sorted after all others."""
    return Ranked(sys.maxsize, "never") if milliseconds == NEVER else Instant(milliseconds)


def _newest_first(token: PublicTokenInfo) -> tuple[int, str]:
    return -token.creation_time, token.token_id


def _expires(milliseconds: int) -> tuple[str, str]:
    """How long it is valid, and a Rich style: that of the overview for those that expire soon."""
    left = milliseconds / 1000 - time.time()
    if milliseconds == NEVER:
        return "never", "dim"
    if left <= 0:
        return "expired", "red"
    return ahead(milliseconds), "yellow" if left < EXPIRY_DAYS * DAY else "dim"


def _days_problem(days: str) -> str:
    longest = MAX_LIFETIME // DAY
    return (
        ""
        if days.isdecimal() and 0 < int(days) <= longest
        else f"Enter a number of days from 1 to {longest}, or leave it empty."
    )
