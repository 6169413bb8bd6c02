"""The talks about levels: who is to have which, what that means for whom, and why somebody has theirs."""

from dataclasses import replace
from functools import partial

from textual.content import Content

from tui_registry.access import addresses, memberships
from tui_registry.access.access_list import ADMINISTRATORS, MANAGE, NONE, Change, Kind, Principal
from tui_registry.access.addresses import UnknownAddressError
from tui_registry.access.grants import Effects, Governed, Seen, effects
from tui_registry.access.memberships import Document
from tui_registry.console import Console
from tui_registry.mutations import level as levels
from tui_registry.mutations.mutation import Verdict
from tui_registry.screens.access.why import Why
from tui_registry.screens.dialogs.choose import Choice
from tui_registry.screens.dialogs.confirm import Confirm, Question, word_for
from tui_registry.screens.dialogs.form import Field, Form
from tui_registry.terminal.sanitize import one_line

ANYBODY = tuple(Kind)
NAMED = 8  # members of whom the same becomes, by name


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
        try:
            document = await addresses.resolve(app.client, who, ANYBODY)
        except UnknownAddressError as error:
            problem = str(error)
            continue
        await _propose(app, seen, document, level)
        return


async def change(app: Console, seen: Seen, principal: Principal, level: str) -> None:
    """Ask for another level of somebody who has this one."""
    values = await app.push_screen_wait(Form(f"{principal} on {seen.governed}", [_level_field(seen, level)]))
    if values is not None:
        await give(app, seen, principal, values["level"])


async def give(app: Console, seen: Seen, principal: Principal, level: str) -> None:
    """Give somebody a level, or take it away for NONE, if that is meant."""
    document = await document_of(app, principal)
    if document is not None:
        await _propose(app, seen, document, level)


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
        try:
            document = await addresses.resolve(app.client, who or f"user:{whom}", ANYBODY)
        except UnknownAddressError as error:
            problem = str(error)
            continue
        await show_why(app, seen, document)
        return


async def show_why(app: Console, seen: Seen, document: Document) -> None:
    person = await memberships.with_ways(app.client, document)
    await app.push_screen(Why(seen, person))


async def document_of(app: Console, principal: Principal) -> Document | None:
    """What the registry says of a principal; if it is gone, that is told."""
    documents = await memberships.look_up(app.client, principal.name, [principal.kind])
    if not documents:
        app.mutations.report(str(principal), Verdict.REFUSED, f"{principal} does not exist any more.")
    return documents[0] if documents else None


def who_field(app: Console, value: str, hint: str) -> Field:
    """A line for a principal of any kind, completed as it is typed."""
    suggest = partial(addresses.suggestions, app.client, kinds=ANYBODY)
    return Field(name="who", label="Who", value=value, hint=hint, required=True, suggest=suggest, suggested_only=True)


def _level_field(seen: Seen, level: str) -> Field:
    choices = [Choice(each, each, meaning) for each, meaning in seen.meanings.items()]
    return Field(name="level", label="Level", value=level, choices=choices)


def _problem(problem: str) -> Content | None:
    return Content.styled(one_line(problem), "$text-error") if problem else None


async def _propose(app: Console, seen: Seen, document: Document, level: str) -> None:
    """Ask whether a level is to be given, or taken away, showing what that means for whom; then do it."""
    principal = memberships.found(document).person.principal
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
        what = await effects(app.client, seen.access, seen.access.granting(principal, level), document, seen.me)
    finally:
        app.mutations.show_progress("")
    if await app.push_screen_wait(Confirm(_question(app, seen.governed, document, level, had, what))) is None:
        return
    if what.costs_own_control and await app.push_screen_wait(Confirm(_last_question(seen.governed, what))) is None:
        return
    app.mutations.start(levels.give(app.client, seen.governed, seen.access, principal, level))


def _question(app: Console, governed: Governed, document: Document, level: str, had: str, what: Effects) -> Question:
    principal = memberships.found(document).person.principal
    verb = "Remove" if not level else "Change" if had else "Grant"
    title = {
        "Grant": f"Grant {level} to {principal}?",
        "Change": f"Change the level of {principal}?",
        "Remove": f"Remove the level of {principal}?",
    }[verb]
    told = [Content(f"On {one_line(str(governed))}:  {had or 'none'} → {level or 'none'}")]
    if (what.named.before, what.named.after) != (had, level):
        told.append(Content(f"With what else is granted:  {_arrow(what.named)}"))
    if principal.kind is Kind.GROUP:
        told += _members(app, what)
    if what.own.before != what.own.after:
        told.append(Content.styled(f"You yourself:  {_arrow(what.own)}", "$text-warning"))
    return Question(title, told, verb)


def _members(app: Console, what: Effects) -> list[Content]:
    """What becomes of the people in the group: those of whom it is the same together."""
    count = len(what.members) + what.more
    if not count:
        return [Content.styled("It has no members.", "dim")]
    together: dict[str, list[str]] = {}
    for each in what.members:
        becomes = _arrow(each) if each.before != each.after else f"{each.after or 'none'} as before"
        together.setdefault(becomes, []).append(one_line(app.connection.short_name(each.person.principal.name)))
    unknown = f", {what.more} of them not looked up" if what.more else ""
    told = [Content.styled(f"Its {count} members{unknown}:" if count > 1 else "Its only member:", "dim")]
    for becomes, names in sorted(together.items(), key=lambda each: "→" not in each[0]):
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        listed = ", ".join(names[:NAMED]) + more
        told.append(Content.assemble("• ", (becomes, "bold" if "→" in becomes else "dim"), (f"  {listed}", "dim")))
    return told


def _arrow(change: Change) -> str:
    return f"{change.before or 'none'} → {change.after or 'none'}"


def _last_question(governed: Governed, what: Effects) -> Question:
    told = [
        Content(f"You would have {what.own.after or 'no level'} on {one_line(str(governed))} from then on."),
        Content("You could not take that back: somebody else who manages it would have to."),
    ]
    word = word_for(governed.model, "registry")
    return Question(f"Give up your own {MANAGE}?", told, "Give up", word=word, why_word="you lose control of it")
