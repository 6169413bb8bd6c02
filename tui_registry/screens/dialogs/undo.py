"""The dialog that undoes the last change made here, or the message why it cannot be undone."""

from functools import partial

from textual.content import Content

from tui_registry.console import Console
from tui_registry.mutations.result import Verdict
from tui_registry.mutations.runner import Change
from tui_registry.screens.dialogs.confirm import Confirm, Question
from tui_registry.terminal.sanitize import one_line, visible


def undo_last_change(app: Console) -> None:
    """Undo it as a whole, if nobody has changed its result since."""
    change = app.mutations.last_change
    if app.mutations.is_running:
        return  # the one that is being made may be the last one
    if change is None:
        app.mutations.report("Nothing to undo", Verdict.DONE, "there are no changes left to undo.")
    elif change.undoing:
        app.mutations.prepare(partial(_ask, app, change))
    else:
        app.mutations.pass_over(change)
        before = " The undo key now undoes the change before it." if app.mutations.last_change else ""
        outcome = " ".join(f"{one_line(each, 300).rstrip('.')}." for each in (change.message, change.note) if each)
        message = f"{visible(change.title)}: {outcome}{before}"
        app.mutations.report("It cannot be undone", Verdict.UNKNOWN, message)


async def _ask(app: Console, change: Change) -> None:
    steps = [step for part in change.undoing for step in part]
    lines = [
        Content(one_line(f"{visible(change.title)}: {change.message}", 300)),
        *([Content(one_line(change.note, 300))] if change.note else []),
        Content("To undo it:"),
        *(Content(f"• {one_line(f'{visible(each.title)}: {each.progress}', 300)}") for each in steps),
    ]
    touches_production = any(each.touches_production for each in steps)
    question = Question(
        "Undo the last change?",
        lines,
        "Undo",
        word="production" if touches_production else "",
        why_word="this changes Production" if touches_production else "",
    )
    if await app.push_screen_wait(Confirm(question)) is not None:
        app.mutations.undo(change)
