"""The dialog that rolls back Production: it shows both moves, and they are made as one."""

from textual.content import Content

from tui_registry.console import Console
from tui_registry.mutations.result import Verdict
from tui_registry.mutations.rollback import CannotRollBack, Rollback, plan, roll_back
from tui_registry.screens.dialogs.confirm import Confirm, Question, word_for
from tui_registry.terminal.sanitize import one_line, summary, visible


async def roll_back_model(app: Console, name: str) -> None:
    """Confirm a rollback, and make it; or say why there can be none. Raises CallError before anything is sent."""
    try:
        planned = await plan(app.client, name)
    except CannotRollBack as problem:
        app.mutations.report(f"{visible(name)} cannot be rolled back", Verdict.REFUSED, str(problem))
        return
    consent = await app.push_screen_wait(Confirm(_question(planned)))
    if consent is not None:
        app.mutations.start(roll_back(app.client, planned, comment=consent.comment))


def _question(planned: Rollback) -> Question:
    version = planned.restored
    about = summary(version.description or "", 200)
    message = [Content(f"• {move}") for move in planned.moves]
    if planned.closes:
        message.insert(1, Content(f"  closes {planned.closes}"))
    if not planned.displaced:
        message.append(Content.styled("  Production is empty: nothing is archived.", "dim"))
    if about:
        message.append(Content.styled(one_line(f"  Version {version.version}: {about}", 200), "dim"))
    return Question(
        title=f"Roll back Production of {visible(version.name)}?",
        message=[Content("\n").join(message)],
        verb="Roll back",
        asks_comment=True,
        word=word_for(version.name, "production"),
        why_word="this changes Production",
    )
