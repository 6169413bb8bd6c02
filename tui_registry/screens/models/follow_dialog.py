"""The dialog in which somebody follows a model, or the requests that wait for them, changes that or ends it."""

from textual.content import Content

from tui_registry.console import Console
from tui_registry.mutations import follow as changes
from tui_registry.screens.dialogs.choose import Choice
from tui_registry.screens.dialogs.form import Field, Form
from tui_registry.terminal.sanitize import one_line
from tui_registry_server.wire.follow import Digest

STOP = "STOP"
LABELS = {
    Digest.NOW: ("immediately", "a message for each change"),
    Digest.HOURLY: ("every hour", "one message with all changes since the last, if any"),
    Digest.DAILY: ("every day", "one message with all changes of the day, at 06:00 UTC"),
}


async def follow(app: Console, model: str | None) -> None:
    """``model``: None for the requests."""
    before = await app.client.follows.of(model)
    choices = [Choice(digest.value, *LABELS[digest]) for digest in Digest]
    if before is not None:
        choices.append(Choice(STOP, "stop following", "no more messages"))
    to = "" if before is None else before.email or before.slack_url or ""
    fields = [
        Field(name="when", label="Notify", value=(before.digest if before else Digest.DAILY).value, choices=choices),
        Field(
            name="to",
            label="E-mail address, or URL of a Slack incoming webhook",
            value=to,
            hint="leave empty for your own address",
            check=_problem,
        ),
    ]
    problem = (before.problem if before is not None else None) or ""
    message = Content.styled(f"The last message did not arrive: {one_line(problem, 300)}", "$text-error")
    title = f"{'You follow' if before else 'Follow'} {changes.about(model)}"
    values = await app.push_screen_wait(Form(title, fields, message=message if problem else None))
    if values is None:
        return
    if values["when"] == STOP:
        if before is not None:
            app.mutations.start(changes.unfollow(app.client, before))
        return
    digest = Digest(values["when"])
    if before is None or (digest, values["to"]) != (before.digest, to):
        app.mutations.start(changes.follow(app.client, model, digest, values["to"], before))


def _problem(typed: str) -> str:
    return "" if "@" in typed or "://" in typed else "Write ada@example.com, or https://hooks.slack.com/…"
