"""Who may do what on a model, or on the whole registry; granting, changing, taking away, and why."""

import asyncio
from collections.abc import Awaitable, Sequence
from functools import partial
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content

from tui_registry import memberships
from tui_registry.access import (
    MANAGE,
    NONE,
    AccessList,
    Change,
    Grant,
    Kind,
    Principal,
    effective_level,
    rank,
    reasons,
)
from tui_registry.actions import WHILE_TYPING, bindings
from tui_registry.addresses import PREFIXES, UnknownAddressError, resolve, suggestions
from tui_registry.client.errors import Refused
from tui_registry.grants import WHOLE_REGISTRY, Effects, Governed, effects, governed_model, granting, read
from tui_registry.memberships import Document
from tui_registry.screens.confirm import Confirm, Consent, Question, word_for
from tui_registry.screens.form import Choice, Field, Form
from tui_registry.screens.listing import Listing
from tui_registry.screens.section import Section, Values
from tui_registry.screens.why import Why
from tui_registry.text import one_line
from tui_registry.widgets.table import Column, Row

ANYBODY = tuple(Kind)
FORBIDDEN = 403
LISTED = 20  # members whose levels do not change, by name


class Access(Section):
    """Without a model, of the whole registry: a section; with one, pushed on top of another place."""

    place = "access"
    nothing = "Nobody may do anything here."
    no_match = "Nobody here is called so."
    hint = "part of a name, or of a level"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("access"), *WHILE_TYPING]
    COLUMNS = (
        Column("WHO", 18, grow=3, most=48),
        Column("KIND", 7, priority=2),
        Column("LEVEL", 30),
        Column("FROM", 14, priority=1),
        Column("CALLED", 12, priority=3, grow=1, most=30),
    )

    def __init__(self, model: str = "") -> None:
        super().__init__(*(("Models", model, "Access") if model else ()))
        self._model = model
        self.is_section = not model
        self._governed: Governed | None = None
        self._access: AccessList | None = None
        self._meanings: dict[str, str] = {}
        self._grants: dict[str, Grant] = {}

    async def load(self) -> None:
        client = self.console_app.client
        self._governed = await governed_model(client, self._model) if self._model else WHOLE_REGISTRY
        try:
            _, access, levels = await asyncio.gather(
                self.read_me(), read(client, self._governed), client.permission_levels(self._governed.id)
            )
        except Refused as error:
            if error.status != FORBIDDEN:
                raise
            self._access = None
            self.table.show([], empty=f"{one_line(str(error))}\np on a model that you may read shows who else may.")
            return
        self._access = access
        self._meanings = {each.permission_level: each.description for each in levels}
        await Listing.load(self)  # not Section's: who is looking is known
        self.show_note()

    async def read_page(self, typed: str, token: str, size: int) -> tuple[list[Row], str]:
        """All of them: an access list is not read in pages."""
        grants = sorted(self._access.grants if self._access else (), key=_order)
        words = typed.casefold().split()
        self._grants = {_key(grant): grant for grant in grants}
        rows = [_row(grant, self._access is not None and self._access.registry_wide) for grant in grants]
        return [row for row in rows if all(word in _searched(row) for word in words)], ""

    def show_note(self) -> None:
        self.note.update(self._own_rights())
        self.note.display = True
        self.highlighted()

    def _own_rights(self) -> Content:
        if self._access is None or self.me is None:
            return Content("")
        found = reasons(self._access, self.me.person)
        why = one_line(found[0].told(registry_wide=self._access.registry_wide)) if found else "no level here"
        if self.manages:
            return Content(f"You: {why}.")
        return Content(f"You: {why}. To change anything takes {MANAGE}.")

    @property
    def manages(self) -> bool:
        """Whether the user may change this list."""
        return (
            self._access is not None and self.me is not None and effective_level(self._access, self.me.person) == MANAGE
        )

    def about_row(self, key: str) -> Content:
        grant = self._grants[key]
        meaning = one_line(self._meanings.get(grant.level, ""))
        parts = [Content.assemble((one_line(grant.level), "bold"), f"  {meaning}")]
        if grant.fixed:
            parts.append(Content.styled("Members of admins manage everything; nobody can change that here.", "dim"))
        elif grant.inherited:
            parts.append(
                Content.styled("Granted on the whole registry: 5 goes there. e grants more on this model.", "dim")
            )
        return Content("\n").join(parts)

    @property
    def _chosen(self) -> Grant | None:
        return self._grants.get(self.table.cursor_key or "")

    def is_live(self, action: str) -> bool:
        if action in {"grant", "change", "revoke"}:
            return self.manages and self.is_allowed(action)
        if action == "why":
            return self._access is not None
        return super().is_live(action)

    def is_allowed(self, action: str) -> bool:
        grant = self._chosen
        if action == "change":
            return grant is not None and not grant.fixed
        if action == "revoke":
            return grant is not None and not grant.fixed and not grant.inherited
        return True

    def open_row(self, key: str) -> None:
        """Enter changes the level or, for whoever may not, says why it is so."""
        if self.check_action("change", ()):
            self.action_change()
        elif self._access is not None:
            self.spawn(partial(self._explain_principal, self._grants[key].principal))

    def action_copy(self) -> None:
        if grant := self._chosen:
            self.console_app.copy(grant.principal.name)

    def action_grant(self) -> None:
        self.ask(self._grant_form, self._grant)

    def _grant_form(self, values: Values, told: Content | None) -> Form:
        who = Field(
            name="who",
            label="Who",
            value=values.get("who", ""),
            hint="a group, a user or a service principal",
            required=True,
            suggest=partial(self._suggest, ANYBODY),
        )
        level = self._level_field(values.get("level", ""))
        return Form(f"Grant a level on {self._governed}", [who, level], save="Go on", told=told)

    def _level_field(self, level: str) -> Field:
        choices = [Choice(each, each, meaning) for each, meaning in self._meanings.items()]
        return Field(name="level", label="Level", value=level or choices[0].value, choices=choices)

    async def _suggest(self, kinds: Sequence[Kind], typed: str) -> list[str]:
        return await suggestions(self.console_app.client, typed, kinds) if typed else []

    async def _grant(self, values: Values) -> str:
        try:
            document = await resolve(self.console_app.client, values["who"], ANYBODY)
        except UnknownAddressError as error:
            return str(error)
        return await self._propose(document, values["level"])

    def action_change(self) -> None:
        grant = self._chosen
        if grant is None or self._access is None:
            return
        had = self._access.direct.get(grant.principal, grant.level)

        def form(values: Values, told: Content | None) -> Form:
            return Form(
                f"{grant.principal} on {self._governed}", [self._level_field(values.get("level", had))], told=told
            )

        async def settle(values: Values) -> str:
            return await self._propose_for(grant.principal, values["level"])

        self.ask(form, settle)

    def action_revoke(self) -> None:
        if grant := self._chosen:
            self.spawn(partial(self._revoke, grant.principal))

    async def _revoke(self, principal: Principal) -> None:
        await self._tell_problem(self._propose_for(principal, NONE))

    async def _tell_problem(self, work: Awaitable[str]) -> None:
        if problem := await self.looking(work):
            self.console_app.notify(one_line(problem), severity="warning", markup=False)

    async def _propose_for(self, principal: Principal, level: str) -> str:
        document = await self._document(principal)
        return await self._propose(document, level) if document else f"{principal} does not exist any more."

    async def _document(self, principal: Principal) -> Document | None:
        documents = await memberships.look_up(self.console_app.client, principal.name, [principal.kind])
        return documents[0] if documents else None

    async def _propose(self, document: Document, level: str) -> str:
        """Ask whether a level is to be given, or taken away, showing what that means for whom."""
        client, governed, before, me = self.console_app.client, self._governed, self._access, self.me
        if governed is None or before is None or me is None:
            return "The list has not been read yet."
        principal = memberships.found(document).person.principal
        had = before.direct.get(principal, NONE)
        if principal.name == "admins" and principal.kind is Kind.GROUP:
            return "Members of admins manage everything: there is nothing to grant."
        if had == level:
            return f"{principal} has {level or 'no level of its own'} here already."
        what = await effects(client, before, before.granting(principal, level), document, me)
        write = granting(client, governed, before, principal, level)

        def answered(consent: Consent | None) -> None:
            if consent is not None:
                self.console_app.write(write)

        def asked_again(consent: Consent | None) -> None:
            if consent is not None:
                self.app.push_screen(Confirm(_last_question(governed, what)), answered)

        asks_again = what.costs_own_control
        question = _question(governed, principal, had, level, what)
        self.app.push_screen(Confirm(question), asked_again if asks_again else answered)
        return ""

    def action_why(self) -> None:
        grant = self._chosen
        whom = grant.principal.name if grant and grant.principal.kind is Kind.USER else ""
        self.ask(partial(self._why_form, whom), self._explain)

    def _why_form(self, whom: str, values: Values, told: Content | None) -> Form:
        who = Field(
            name="who",
            label="What may … do here, and why?",
            value=values.get("who", whom),
            hint="a user, or group: or service: and a name",
            required=True,
            suggest=partial(self._suggest, ANYBODY),
        )
        return Form(f"On {self._governed}", [who], save="Tell", told=told)

    async def _explain(self, values: Values) -> str:
        try:
            document = await resolve(self.console_app.client, values["who"], ANYBODY)
        except UnknownAddressError as error:
            return str(error)
        await self._show_why(document)
        return ""

    async def _explain_principal(self, principal: Principal) -> None:
        async def shown() -> str:
            document = await self._document(principal)
            if document is None:
                return f"{principal} does not exist any more."
            await self._show_why(document)
            return ""

        await self._tell_problem(shown())

    async def _show_why(self, document: Document) -> None:
        person = await memberships.with_ways(self.console_app.client, document)
        if self._access is not None and self._governed is not None:
            await self.app.push_screen(Why(self._governed, self._access, person, self._meanings))


def _key(grant: Grant) -> str:
    return f"{grant.principal.kind}:{grant.principal.name}:{'inherited' if grant.inherited else 'direct'}"


def _order(grant: Grant) -> tuple[int, bool, Principal]:
    return (-rank(grant.level), grant.inherited, grant.principal)


def _row(grant: Grant, registry_wide: bool) -> Row:
    origin = "everywhere" if grant.fixed else "whole registry" if grant.inherited or registry_wide else "this model"
    return Row(
        _key(grant),
        (
            (one_line(grant.principal.name), "bold"),
            (PREFIXES[grant.principal.kind], "dim"),
            (one_line(grant.level), "bold" if grant.level == MANAGE else ""),
            (origin, "dim" if grant.inherited else ""),
            (one_line(grant.shown), "dim"),
        ),
    )


def _searched(row: Row) -> str:
    return " ".join(text for text, _ in row.cells).casefold()


def _question(governed: Governed, principal: Principal, had: str, level: str, what: Effects) -> Question:
    verb = "Remove" if not level else "Change" if had else "Grant"
    told = [
        Content.assemble(
            f"{one_line(str(principal))} on {one_line(str(governed))}:  ",
            (f"{had or 'none'} → {level or 'none'}", "bold"),
        )
    ]
    if what.named.after != (level or NONE) or what.named.before != (had or NONE):
        told.append(_change(what.named, "all in all"))
    told += _members(what)
    if what.own.before != what.own.after:
        told.append(Content.styled(f"You:  {_arrow(what.own)}", "$text-warning"))
    return Question(f"{verb} {'this level' if had else level}?", told, verb)


def _members(what: Effects) -> list[Content]:
    """What becomes of the people in the group, if it is one."""
    changing = [each for each in what.members if each.before != each.after]
    staying = [each for each in what.members if each.before == each.after]
    told: list[Content] = []
    if what.named.person.principal.kind is Kind.GROUP:
        count = len(what.members) + what.more
        told.append(
            Content.styled(f"{count} member{'' if count == 1 else 's'}:" if count else "It has no members.", "dim")
        )
    told += [_change(each) for each in changing]
    if staying:
        names = ", ".join(f"{one_line(each.person.principal.name)} {each.after}" for each in staying[:LISTED])
        more = f" and {len(staying) - LISTED} more" if len(staying) > LISTED else ""
        told.append(Content.styled(f"• keep what they have: {names}{more}", "dim"))
    if what.more:
        told.append(Content.styled(f"• and {what.more} more, who were not looked up", "dim"))
    return told


def _change(change: Change, also: str = "") -> Content:
    name = one_line(change.person.principal.name)
    return Content(f"• {name}{f', {also}' if also else ''}:  {_arrow(change)}")


def _arrow(change: Change) -> str:
    return f"{change.before or 'none'} → {change.after or 'none'}"


def _last_question(governed: Governed, what: Effects) -> Question:
    told = [
        Content(f"You would have {what.own.after or 'no level'} on {one_line(str(governed))} from then on."),
        Content("You could not take that back: somebody else who manages it would have to."),
    ]
    word = word_for(governed.model, "registry")
    return Question(f"Give up your own {MANAGE}?", told, "Give up", word=word, why_word="you lose control of it")
