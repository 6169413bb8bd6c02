"""The dialogs that grant, change, revoke and explain permission levels, with a preview of their effect."""

from dataclasses import replace
from functools import partial

from textual.content import Content

from tui_registry.access import addresses
from tui_registry.access.access_list import NONE
from tui_registry.access.grants import MANAGE, AccessView, PermissionObject, preview
from tui_registry.access.principal import ADMINISTRATORS, Principal
from tui_registry.access.wording import OUTSIDE, change_text
from tui_registry.client.errors import Refused
from tui_registry.console import Console
from tui_registry.mutations import level as levels
from tui_registry.mutations.result import Verdict
from tui_registry.screens.access.why import Why
from tui_registry.screens.base.new_row import make
from tui_registry.screens.dialogs.choose import Choice
from tui_registry.screens.dialogs.confirm import Confirm, Question, word_for
from tui_registry.screens.dialogs.form import Field, Form
from tui_registry.terminal.sanitize import one_line
from tui_registry.widgets.new_row_table import NewRowTable
from tui_registry_server.wire.permission_preview import LevelChange, NamedChange, PermissionsPreview
from tui_registry_server.wire.permission_reasons import PermissionsExplanation
from tui_registry_server.wire.principal import PrincipalKind

MAX_NAMES = 8  # members listed by name for each change of a level
ADDRESS_HINT = "a name, user:NAME, group:NAME or service:NAME"
UNRESOLVED = {400, 404}  # statuses: the name is ambiguous, or unknown


async def grant(app: Console, view: AccessView, table: NewRowTable) -> None:
    """Ask for a principal and a level, and grant it."""
    who, level, problem = "", next(iter(view.meanings)), ""
    while True:
        fields = [who_field(app, who), _level_field(view, level)]
        form = Form(f"Grant a permission level on {view.target}", fields, save="Continue", message=_problem(problem))
        values = await app.push_screen_wait(form)
        if values is None:
            return
        who, level = values["who"], values["level"]
        explanation = await _explanation(app, view, who)
        if isinstance(explanation, PermissionsExplanation):
            await give(app, view, Principal.of(explanation.principal), level, table)
            return
        problem = explanation


async def change(app: Console, view: AccessView, principal: Principal, level: str, table: NewRowTable) -> None:
    """Ask for another level in place of this one, and grant it."""
    values = await app.push_screen_wait(Form(f"{principal} on {view.target}", [_level_field(view, level)]))
    if values is not None:
        await give(app, view, principal, values["level"], table)


async def explain(app: Console, view: AccessView, default: Principal | None) -> None:
    """Ask for a principal, by default this one, and explain its level."""
    who, problem = default.address if default is not None else "", ""
    while True:
        field = replace(who_field(app, who), is_replaced=True)
        values = await app.push_screen_wait(
            Form(f"Explain permissions on {view.target}", [field], save="Explain", message=_problem(problem))
        )
        if values is None:
            return
        who = values["who"]
        explanation = await _explanation(app, view, who)
        if isinstance(explanation, PermissionsExplanation):
            await app.push_screen(Why(view, explanation))
            return
        problem = explanation


async def show_why(app: Console, view: AccessView, principal: Principal) -> None:
    """Explain the level of a principal."""
    await app.push_screen(Why(view, await app.client.permissions.why(view.target.id, principal.address)))


async def _explanation(app: Console, view: AccessView, typed: str) -> PermissionsExplanation | str:
    """The server's explanation for the principal typed, or why there is no such principal."""
    try:
        return await app.client.permissions.why(view.target.id, typed)
    except Refused as error:
        if error.status not in UNRESOLVED:
            raise
        return str(error)


def who_field(app: Console, value: str) -> Field:
    """An input for a principal of any kind, with completion."""
    suggest = partial(addresses.suggestions, app.client, kinds=addresses.ALL_KINDS)
    return Field(
        name="who",
        label="User, group or service principal",
        value=value,
        hint=ADDRESS_HINT,
        required=True,
        suggest=suggest,
        suggested_only=True,
    )


def _level_field(view: AccessView, level: str) -> Field:
    choices = [Choice(each, each, meaning) for each, meaning in view.meanings.items()]
    return Field(name="level", label="Permission level", value=level, choices=choices)


def _problem(problem: str) -> Content | None:
    return Content.styled(one_line(problem), "$text-error") if problem else None


async def give(app: Console, view: AccessView, principal: Principal, level: str, table: NewRowTable) -> None:
    """Preview granting a level, or for NONE revoking it, ask for confirmation, and do it. ``table``: of the grants."""
    had = view.access.direct.get(principal, NONE)
    title = f"{principal} on {view.target}"
    if principal == ADMINISTRATORS:
        message = "Members of admins can manage everything. This cannot be changed."
        app.mutations.report(title, Verdict.REFUSED, message)
        return
    if had == level:
        app.mutations.report(
            title, Verdict.REFUSED, f"{principal} already has {level}." if level else f"{principal} has no level here."
        )
        return
    app.mutations.show_progress("previewing the change")
    try:
        effects = await preview(app.client, view.target, view.access, principal, level)
    finally:
        app.mutations.show_progress("")
    named = next((each for each in effects.named if Principal.of(each.principal) == principal), None)
    if named is None:
        app.mutations.report(title, Verdict.REFUSED, "This was changed by someone else. Refresh and try again.")
        return
    if await app.push_screen_wait(Confirm(_question(app, view.target, named, effects))) is None:
        return
    if _loses_control(effects.caller):
        question = _loss_question(view.target, effects.caller)
        if await app.push_screen_wait(Confirm(question)) is None:
            return
    change = levels.give(app.client, view.target, view.access, principal, level)
    if level:
        make(app, table, change, lambda key: key == direct_key(principal))
    else:
        app.mutations.start(change)


def direct_key(principal: Principal) -> str:
    """The key of the row of a level that is granted here."""
    return f"{principal.kind}:{principal.name}"


def _question(app: Console, target: PermissionObject, named: NamedChange, effects: PermissionsPreview) -> Question:
    principal, had, level = Principal.of(named.principal), named.direct_before, named.direct_after
    verb = "Revoke" if not level else "Change" if had else "Grant"
    title = {
        "Grant": f"Grant {level} to {principal}?",
        "Change": f"Change the permission level of {principal}?",
        "Revoke": f"Revoke {had} from {principal}?",
    }[verb]
    message = [Content(f"On {one_line(str(target))}:  {had or 'none'} → {level or 'none'}")]
    if (named.level_before, named.level_after) != (had, level):
        message.append(Content(f"Effective level:  {_arrow(named)}"))
    if named.outside_workspace:
        message.append(Content.styled(one_line(f"{principal} {OUTSIDE}."), "$text-warning"))
    if principal.kind is PrincipalKind.GROUP:
        message += _members(app, effects)
    is_own = effects.caller.level_before != effects.caller.level_after
    return Question(title, message, verb, warnings=[f"Your own level:  {_arrow(effects.caller)}"] if is_own else [])


def _members(app: Console, effects: PermissionsPreview) -> list[Content]:
    """How the levels of the group's members change: a line for all members with the same change."""
    count = sum(each.count for each in effects.member_counts)
    if not count:
        return [Content.styled("The group has no members.", "dim")]
    message = [Content.styled(f"{count} members:" if count > 1 else "1 member:", "dim")]
    for each in sorted(effects.member_counts, key=lambda each: each.level_before == each.level_after):
        names = [
            one_line(app.connection.short_name(member.principal.name))
            for member in effects.members
            if (member.level_before, member.level_after) == (each.level_before, each.level_after)
        ][:MAX_NAMES]
        more = each.count - len(names)
        listed = ", ".join(names) + (f" and {more} more" if names and more else str(more) if more else "")
        style = "dim" if each.level_before == each.level_after else "bold"
        message.append(Content.assemble("• ", (change_text(each), style), (f"  {listed}", "dim")))
    return message


def _arrow(change: LevelChange) -> str:
    return f"{change.level_before or 'none'} → {change.level_after or 'none'}"


def _loses_control(caller: LevelChange) -> bool:
    """Whether the caller loses the right to undo the change."""
    return caller.level_before == MANAGE and caller.level_after != MANAGE


def _loss_question(target: PermissionObject, caller: LevelChange) -> Question:
    message = [
        Content(f"You will have {caller.level_after or 'no level'} on {one_line(str(target))}."),
        Content(f"You cannot undo this: only someone else with {MANAGE} can restore your level."),
    ]
    word = word_for(target.model, "registry")
    return Question(f"Give up your own {MANAGE}?", message, "Give up", word=word, why_word="you lose control of it")
