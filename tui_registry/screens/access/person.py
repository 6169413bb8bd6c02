"""All that a user or service principal has: groups, requests, tokens, models, permissions and why; and taking it from
them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content

from tui_registry.access import directory
from tui_registry.access.principal import Principal, noun
from tui_registry.access.wording import reason_text
from tui_registry.client.errors import CallError, Refused
from tui_registry.console import Console
from tui_registry.keys.actions import WHILE_TYPING, bindings
from tui_registry.keys.names import display_name
from tui_registry.mutations import offboarding
from tui_registry.mutations.result import Verdict
from tui_registry.screens.access.group import GroupMembers
from tui_registry.screens.access.section import Section
from tui_registry.screens.dialogs.confirm import Confirm, Question, word_for
from tui_registry.terminal.excerpt import Part
from tui_registry.terminal.sanitize import one_line, visible
from tui_registry.widgets.ages import age
from tui_registry.widgets.table import Column, Row
from tui_registry_server.wire.permission import PermissionLevel
from tui_registry_server.wire.principal import ADMINS, USERS, PrincipalKind
from tui_registry_server.wire.principal_details import HeldGrant, Membership, ModelLevel, PrincipalDetails

FORBIDDEN = 403
WHOLE_REGISTRY = "registered-models"
LEVELS = {*PermissionLevel} - {PermissionLevel.CAN_CREATE_REGISTERED_MODEL}


@dataclass(frozen=True, slots=True)
class Holding:
    """A row: something that the principal has. ``open``: what Enter does, None if nothing. ``notes``: the first is in
    the list, with the number of others, all are below it. ``subject``: the name of what it is about, to be copied, if
    ``name`` says more. ``seen``: the end of ``name`` that is not cut where there is no room for all."""

    kind: str
    name: str
    notes: tuple[str, ...] = ()
    open: Callable[[], object] | None = None
    id: str = ""
    subject: str = ""
    seen: str = ""

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.id or self.name}"

    @property
    def note(self) -> str:
        first, *others = self.notes or ("",)
        return f"{first}, and {len(others)} more" if others else first


class Person(Section):
    place = "account"
    empty_message = "Nothing."
    no_match = "Nothing matches."
    placeholder = "group, permission, model, request, token or a name"
    is_section = False
    about_lines = 3
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("account"), *WHILE_TYPING]
    COLUMNS = (
        Column("KIND", 10),
        Column("NAME", 30, grow=1, max_width=80, is_cut_in_middle=True),
        Column("DETAILS", 20, grow=1, former=("note",)),
    )

    def __init__(self, kind: PrincipalKind, principal_id: str, name: str) -> None:
        super().__init__("Access", visible(name))
        self._who = Principal(kind, name)
        self._principal_id = principal_id
        self._holdings: dict[str, Holding] = {}
        self._has_level_on_all = False  # as administrators have
        self._lists_every_model = False  # also those where it has no other level than on the whole registry
        self._has_anything = True  # that offboarding would take

    async def load(self) -> None:
        await super().load()
        if self.is_admin and not self._is_own:
            with suppress(CallError):  # the key then says why
                plan = await self.console_app.client.principals.offboarding(self._principal_id)
                self._has_anything = not offboarding.is_nothing(plan)

    async def read_page(self, typed: str, token: str, size: int) -> tuple[list[Row], str]:
        """The first page begins with what there is a bounded number of; the levels on models follow, which may be
        thousands. Where it has one on every model, the server searches their names."""
        words = typed.casefold().split()
        found: list[Holding] = []
        if not token:
            details = await self._details()
            if details is None:
                return self._rows(await self._visible_to_all(), words), ""
            self._has_level_on_all = any(
                each.object_type == WHOLE_REGISTRY and each.permission_level in LEVELS for each in details.grants
            )
            found += self._listed(details)
        levels = await self.console_app.client.principals.levels(
            self._principal_id,
            name=max(words, key=len) if words and self._has_level_on_all else "",
            only_higher=self._has_level_on_all and not self._lists_every_model and not words,
            max_results=size,
            page_token=token,
        )
        found += (self._level(each) for each in levels.models)
        return self._rows(found, words), levels.next_page_token or ""

    def _rows(self, found: Iterable[Holding], words: Iterable[str]) -> list[Row]:
        matching = [
            each
            for each in found
            if all(word in f"{each.kind} {each.name} {' '.join(each.notes)}".casefold() for word in words)
        ]
        self._holdings |= {each.key: each for each in matching}
        return [_row(each) for each in matching]

    async def _details(self) -> PrincipalDetails | None:
        """What administrators may read, and everybody of themselves; None for others."""
        try:
            return await self.console_app.client.principals.details(self._principal_id)
        except Refused as error:
            if error.status != FORBIDDEN:
                raise
            return None

    async def _visible_to_all(self) -> list[Holding]:
        """The account and its groups."""
        found = await directory.look_up(self.console_app.client, self._who.name, [self._who.kind])
        return [
            *(_account(self._who, each.display_name, active=each.active) for each in found),
            *(Holding("group", name, open=partial(self._open_group, name)) for each in found for name in each.groups),
        ]

    def _listed(self, details: PrincipalDetails) -> Iterator[Holding]:
        who, navigation = details.principal, self.console_app.navigation
        yield _account(Principal.of(who), who.display_name or "", active=who.active)
        groups = (
            Holding("group", each.name, (_way(each),), partial(self._open_group, each.name)) for each in details.groups
        )
        yield from _with_rest(groups, "group", len(details.groups), details.group_count)
        if USERS not in {each.name for each in details.groups} and any(
            each.group_name == USERS for each in details.grants
        ):
            yield Holding("group", USERS, ("everybody is in it",), partial(self._open_group, USERS))
        requests = (
            Holding(
                "request",
                f"{each.name} version {each.version} → {each.to_stage}",
                (f"open for {age(each.creation_timestamp)}",),
                partial(navigation.open_model, each.name, each.version),
                subject=f"{each.name}/{each.version}",
                seen=f"version {each.version} → {each.to_stage}",
            )
            for each in details.requests
        )
        yield from _with_rest(requests, "request", len(details.requests), details.request_count)
        tokens = (
            Holding(
                "token",
                each.comment or each.token_id,
                (f"used {age(each.last_used_time)} ago" if each.last_used_time else "never used",),
                partial(navigation.open_token, each.token_id, each.comment or ""),
                each.token_id,
            )
            for each in details.tokens
        )
        yield from _with_rest(tokens, "token", len(details.tokens), details.token_count)
        prompts = frozenset(details.prompts)
        models = (
            Holding("prompt" if name in prompts else "model", name, ("created",), partial(navigation.open_model, name))
            for name in details.models
        )
        yield from _with_rest(models, "model", len(details.models), details.model_count)
        held = partial(offboarding.held, has_workspaces=self.console_app.connection.has_workspaces)
        grants = (
            Holding("permission", held(each), (_reason(each),), id=f"{number}", subject=each.name or "")
            for number, each in enumerate(details.grants)
        )
        yield from _with_rest(grants, "permission", len(details.grants), details.grant_count)

    def _level(self, level: ModelLevel) -> Holding:
        """The level on a model; the first reason without the level, which is in the name."""
        first, *others = (
            reason_text(
                each,
                whole=self.console_app.connection.whole,
                registry_wide=False,
                noun="prompt" if level.is_prompt else "model",
            )
            for each in level.grants
        )
        return Holding(
            "permission",
            f"{level.permission_level} on {level.name}",
            (first.removeprefix(f"{level.permission_level} "), *others),
            partial(self.console_app.navigation.open_access, level.name),
            f"on {level.name}",
            level.name,
        )

    def about_row(self, key: str) -> Content:
        holding = self._holdings[key]
        first, *others = holding.notes or ("",)
        more = f"\nalso {one_line('; '.join(others), 500)}" if others else ""
        return Content.assemble((one_line(visible(holding.name), 500), "bold"), f"\n{one_line(first, 500)}{more}")

    def is_live(self, action: str) -> bool:
        if action == "open":
            holding = self._holdings.get(self.table.cursor_key or "")
            return holding is not None and holding.open is not None
        if action == "every_model":
            return self._has_level_on_all and not self.typed
        return super().is_live(action)

    def is_allowed(self, action: str) -> bool:
        return self._has_anything and not self._is_own

    @property
    def _is_own(self) -> bool:
        """Whether it is the user's own, or that is not known: nobody offboards themselves."""
        return self.me is None or self.me.id == self._principal_id

    def open_row(self, key: str) -> None:
        if (opened := self._holdings[key].open) is not None:
            opened()

    def action_open(self) -> None:
        self.table.action_open()

    def action_every_model(self) -> None:
        """List every model, or only those where the level is higher than on the whole registry."""
        self._lists_every_model = not self._lists_every_model
        self.restart()

    @property
    def note_text(self) -> str:
        keys = self.console_app.keymap.keys["every_model"]
        if not keys or not self._leaves_out_models:
            return super().note_text
        how = f"Of models, only those with a higher level are listed; {display_name(keys[0])} lists all."
        return f"{super().note_text} {how}".lstrip()

    @property
    def _leaves_out_models(self) -> bool:
        return self._has_level_on_all and not self._lists_every_model and not self.typed

    def action_copy(self) -> None:
        if holding := self._holdings.get(self.table.cursor_key or ""):
            self.console_app.copy(holding.subject or holding.name)

    def _open_group(self, name: str) -> None:
        self.fetch("group", partial(self._find_group, name))

    async def _find_group(self, name: str) -> None:
        found = await directory.look_up(self.console_app.client, name, [PrincipalKind.GROUP])
        if found:
            self.app.push_screen(GroupMembers(found[0].id, name))

    def action_offboard(self) -> None:
        self.console_app.mutations.prepare(partial(offboard, self.console_app, self._principal_id))


async def offboard(app: Console, principal_id: str) -> None:
    """Show all that would be taken from a principal, and take it if that is confirmed."""
    plan = await app.client.principals.offboarding(principal_id)
    who = Principal.of(plan.principal)
    if offboarding.is_nothing(plan):
        app.mutations.report(f"{who} is offboarded already", Verdict.DONE, "there is nothing left to take.")
        return
    has_workspaces = app.connection.has_workspaces
    effects = offboarding.effects(plan, has_workspaces=has_workspaces)
    staying = await offboarding.requested_by_others(app.client, plan)
    question = _question(who, [*effects, *staying], offboarding.warnings(plan), plan.groups)
    if await app.push_screen_wait(Confirm(question)) is not None:
        app.mutations.start(offboarding.offboard(app.client, plan, has_workspaces=has_workspaces))


def _question(who: Principal, effects: Iterable[str], warnings: Sequence[str], groups: Iterable[str]) -> Question:
    is_admin = ADMINS in groups
    once = "This cannot be undone. " if is_admin else ""  # otherwise it is where the name is typed
    message = [
        Content(f"{once}Models, prompts, versions and history stay."),
        *(Content(f"• {each}") for each in effects),
    ]
    return Question(
        f"Offboard {visible(str(who))}?",
        [Content("\n").join(message)],
        "Offboard",
        warnings,
        word=word_for(who.name, "offboard"),
        why_word="an administrator" if is_admin else "this cannot be undone",
    )


def _account(who: Principal, display_name: str, *, active: bool) -> Holding:
    status = "active" if active else "deactivated: its tokens are rejected"
    notes = ("  ".join(filter(None, (display_name, status))),)
    return Holding("account", f"{noun(who.kind)} {who.name}", notes, subject=who.name)


def _with_rest(holdings: Iterable[Holding], kind: str, listed: int, count: int) -> Iterator[Holding]:
    yield from holdings
    if count > listed:
        yield Holding(kind, f"… and {count - listed} more")


def _way(group: Membership) -> str:
    return "directly" if group.direct else f"through {', '.join(group.through)}"


def _reason(grant: HeldGrant) -> str:
    if grant.built_in:
        return "as a member of admins"
    return f"through group {grant.group_name}" if grant.group_name else "directly"


def _row(holding: Holding) -> Row:
    style = "bold" if holding.open is not None else ""
    name = one_line(visible(holding.name), 300)
    seen = Part(len(name) - len(holding.seen), len(name)) if holding.seen and name.endswith(holding.seen) else None
    return Row(
        holding.key,
        ((holding.kind, "dim"), (name, style), (one_line(holding.note, 300), "dim")),
        (holding.kind, holding.name, "; ".join(holding.notes)),
        (None, seen, None),
    )
