"""The talks about levels: who is to have which, what that means for whom, and why somebody has theirs."""

from dataclasses import replace
from functools import partial

from textual.content import Content

from tui_registry.access import addresses
from tui_registry.access.access_list import NONE
from tui_registry.access.grants import MANAGE, Governed, Seen, preview
from tui_registry.access.principal import ADMINISTRATORS, Principal
from tui_registry.access.wording import change_text
from tui_registry.client.errors import Refused
from tui_registry.console import Console
from tui_registry.mutations import level as levels
from tui_registry.mutations.mutation import Verdict
from tui_registry.screens.access.why import Why
from tui_registry.screens.dialogs.choose import Choice
from tui_registry.screens.dialogs.confirm import Confirm, Question, word_for
from tui_registry.screens.dialogs.form import Field, Form
from tui_registry.terminal.sanitize import one_line
from tui_registry_server.wire.permission_preview import LevelChange, NamedChange, PermissionsPreview
from tui_registry_server.wire.permission_reasons import PermissionsExplanation
from tui_registry_server.wire.principal import PrincipalKind

NAMED = 8  # members of whom the same becomes, by name
UNRESOLVED = {400, 404}  # statuses: several are called so, or nobody is


async def grant(app: Console, seen: Seen) -> None:
    """Ask for a principal and a level."""
    who, level, problem = "", next(iter(seen.meanings)), ""
    while True:
        fields = [who_field(app, who, "a group, a user or a service principal"), _level_field(seen, level)]
        form = Form(f"Grant a level on {seen.governed}", fields, save="Go on", message=_problem(problem))
        values = await app.push_screen_wait(form)
        if values is None:
            return
        who, level = values["who"], values["level"]
        found = await _why(app, seen, who)
        if isinstance(found, PermissionsExplanation):
            await give(app, seen, Principal.of(found.principal), level)
            return
        problem = found


async def change(app: Console, seen: Seen, principal: Principal, level: str) -> None:
    """Ask for another level of somebody who has this one."""
    values = await app.push_screen_wait(Form(f"{principal} on {seen.governed}", [_level_field(seen, level)]))
    if values is not None:
        await give(app, seen, principal, values["level"])


async def explain(app: Console, seen: Seen, whom: str) -> None:
    """Ask for somebody, and say what they may do and why; if nothing is typed, of the user ``whom``."""
    who, problem = "", ""
    hint = f"nothing: {one_line(whom)}" if whom else "a user, or group: or service: and a name"
    while True:
        field = replace(who_field(app, who, hint), required=not whom)
        values = await app.push_screen_wait(
            Form(f"Who may do what on {seen.governed}, and why?", [field], save="Tell", message=_problem(problem))
        )
        if values is None:
            return
        who = values["who"]
        found = await _why(app, seen, who or f"user:{whom}")
        if isinstance(found, PermissionsExplanation):
            await app.push_screen(Why(seen, found))
            return
        problem = found


async def show_why(app: Console, seen: Seen, principal: Principal) -> None:
    """Say what somebody may do and why."""
    await app.push_screen(Why(seen, await app.client.permissions.why(seen.governed.id, principal.address)))


async def _why(app: Console, seen: Seen, typed: str) -> PermissionsExplanation | str:
    """What the server says of whoever is meant, or what is wrong with that."""
    try:
        return await app.client.permissions.why(seen.governed.id, typed)
    except Refused as error:
        if error.status not in UNRESOLVED:
            raise
        return str(error)


def who_field(app: Console, value: str, hint: str) -> Field:
    """A line for a principal of any kind, completed as it is typed."""
    suggest = partial(addresses.suggestions, app.client, kinds=addresses.ANYBODY)
    return Field(name="who", label="Who", value=value, hint=hint, required=True, suggest=suggest, suggested_only=True)


def _level_field(seen: Seen, level: str) -> Field:
    choices = [Choice(each, each, meaning) for each, meaning in seen.meanings.items()]
    return Field(name="level", label="Level", value=level, choices=choices)


def _problem(problem: str) -> Content | None:
    return Content.styled(one_line(problem), "$text-error") if problem else None


async def give(app: Console, seen: Seen, principal: Principal, level: str) -> None:
    """Ask whether a level is to be given, or for NONE taken away, showing what that means for whom; then do it."""
    had = seen.access.direct.get(principal, NONE)
    title = f"{principal} on {seen.governed}"
    if principal == ADMINISTRATORS:
        told = "Members of admins manage everything: there is nothing to grant, and nothing to take away."
        app.mutations.report(title, Verdict.REFUSED, told)
        return
    if had == level:
        app.mutations.report(
            title, Verdict.REFUSED, f"It has {level} already." if level else "It has no level of its own."
        )
        return
    app.mutations.show_progress("looking up for whom")
    try:
        what = await preview(app.client, seen.governed, seen.access, principal, level)
    finally:
        app.mutations.show_progress("")
    named = next((each for each in what.named if Principal.of(each.principal) == principal), None)
    if named is None:
        app.mutations.report(title, Verdict.REFUSED, "Somebody has changed that meanwhile.")
        return
    if await app.push_screen_wait(Confirm(_question(app, seen.governed, named, what))) is None:
        return
    if _costs_control(what.caller) and await app.push_screen_wait(Confirm(_last_question(seen.governed, what))) is None:
        return
    app.mutations.start(levels.give(app.client, seen.governed, seen.access, principal, level))


def _question(app: Console, governed: Governed, named: NamedChange, what: PermissionsPreview) -> Question:
    principal, had, level = Principal.of(named.principal), named.direct_before, named.direct_after
    verb = "Remove" if not level else "Change" if had else "Grant"
    title = {
        "Grant": f"Grant {level} to {principal}?",
        "Change": f"Change the level of {principal}?",
        "Remove": f"Remove the level of {principal}?",
    }[verb]
    told = [Content(f"On {one_line(str(governed))}:  {had or 'none'} → {level or 'none'}")]
    if (named.level_before, named.level_after) != (had, level):
        told.append(Content(f"With what else is granted:  {_arrow(named)}"))
    if principal.kind is PrincipalKind.GROUP:
        told += _members(app, what)
    if what.caller.level_before != what.caller.level_after:
        told.append(Content.styled(f"You yourself:  {_arrow(what.caller)}", "$text-warning"))
    return Question(title, told, verb)


def _members(app: Console, what: PermissionsPreview) -> list[Content]:
    """What becomes of the people in the group: those of whom it is the same together."""
    count = sum(each.count for each in what.member_counts)
    if not count:
        return [Content.styled("It has no members.", "dim")]
    told = [Content.styled(f"Its {count} members:" if count > 1 else "Its only member:", "dim")]
    for each in sorted(what.member_counts, key=lambda each: each.level_before == each.level_after):
        names = [
            one_line(app.connection.short_name(member.principal.name))
            for member in what.members
            if (member.level_before, member.level_after) == (each.level_before, each.level_after)
        ][:NAMED]
        more = each.count - len(names)
        listed = ", ".join(names) + (f" and {more} more" if names and more else str(more) if more else "")
        style = "dim" if each.level_before == each.level_after else "bold"
        told.append(Content.assemble("• ", (change_text(each), style), (f"  {listed}", "dim")))
    return told


def _arrow(change: LevelChange) -> str:
    return f"{change.level_before or 'none'} → {change.level_after or 'none'}"


def _costs_control(caller: LevelChange) -> bool:
    """Whether they lose the right to change it back."""
    return caller.level_before == MANAGE and caller.level_after != MANAGE


def _last_question(governed: Governed, what: PermissionsPreview) -> Question:
    told = [
        Content(f"You would have {what.caller.level_after or 'no level'} on {one_line(str(governed))} from then on."),
        Content("You could not take that back: somebody else who manages it would have to."),
    ]
    word = word_for(governed.model, "registry")
    return Question(f"Give up your own {MANAGE}?", told, "Give up", word=word, why_word="you lose control of it")
