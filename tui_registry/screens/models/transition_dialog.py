"""The dialog that moves a version to another stage, or requests it: choose the stage, confirm, send."""

import asyncio

from textual.content import Content

from tui_registry.console import Console
from tui_registry.mutations.transition import closed_by, displaced_by, emptied_by, request, transition
from tui_registry.screens.dialogs.choose import Choice, Choose
from tui_registry.screens.dialogs.confirm import Confirm, Question, word_for
from tui_registry.screens.models.decision_dialog import archive_label, displacing, leaving
from tui_registry.terminal.sanitize import visible
from tui_registry_server.wire.model_version import ModelVersion
from tui_registry_server.wire.permission import PermissionLevel
from tui_registry_server.wire.permission_policy import Ability, allows
from tui_registry_server.wire.stage import Stage

KEYS = {Stage.NONE: "0", Stage.STAGING: "s", Stage.PRODUCTION: "p", Stage.ARCHIVED: "z"}
"""What chooses a stage: for None and Archived not the first letter, which is No in every dialog, and approves a request
wherever a version can be moved."""


def stages_to(version: ModelVersion, level: PermissionLevel | None) -> list[Choice]:
    """The stages that a version can be moved to, each with what it takes, as far as that is known; and the one that it
    is in, which no key chooses."""
    return [
        Choice(stage.value, stage.value, "where it is now")
        if stage is version.current_stage
        else Choice(stage.value, stage.value, _needs(version.current_stage, stage, level), key=KEYS[stage])
        for stage in Stage
    ]


def _needs(origin: Stage, stage: Stage, level: PermissionLevel | None) -> str:
    if level is not None and not _moves_at_once(level, origin, stage):
        return "requires approval"
    return "asks you to type the name" if level is not None and Stage.PRODUCTION in {origin, stage} else ""


def _moves_at_once(level: PermissionLevel, origin: Stage, stage: Stage) -> bool:
    """Whether a level lets one move a version, rather than request it."""
    return allows(Ability.TRANSITION, level, stages=frozenset((origin, stage)))


async def transition_version(app: Console, version: ModelVersion, level: PermissionLevel | None) -> None:
    """Ask for the stage, confirm the effect, then send. The cursor begins where the version is: Enter alone moves
    nothing. Raises CallError before anything is sent."""
    title = f"Move {visible(version.name)} version {version.version} from {version.current_stage} to"
    current = version.current_stage.value
    chosen = await app.push_screen_wait(Choose(title, stages_to(version, level), current=current))
    if chosen is None or chosen == current:
        return
    stage = Stage(chosen)
    if level is None:
        level = (await app.client.models.get(version.name)).permission_level
    if _moves_at_once(level, version.current_stage, stage):
        await _transition(app, version, stage)
    else:
        await _request(app, version, stage)


async def _transition(app: Console, version: ModelVersion, stage: Stage) -> None:
    others, emptied, closed = await asyncio.gather(
        displaced_by(app.client, version, stage),
        emptied_by(app.client, version, stage),
        closed_by(app.client, version.name, version.version, stage),
    )
    lines = [f"• {_summary(version, stage)}", *([f"  closes {closed}"] if closed else [])]
    move = Content("\n").join(map(Content, lines))
    archive = archive_label([stage], others)
    production = Stage.PRODUCTION in {version.current_stage, stage}
    question = Question(
        title="Move this version?",
        message=[Content("\n").join([move, *([displacing(others, stage)] if others else [])])],
        unarchived=[Content("\n").join([move, leaving(others, stage)])] if archive else (),
        verb="Move",
        warnings=[emptied] if emptied else [],
        asks_comment=True,
        archive=archive,
        word=word_for(version.name, "production") if production else "",
        why_word="this changes Production",
    )
    consent = await app.push_screen_wait(Confirm(question))
    if consent is not None:
        app.mutations.start(
            transition(
                app.client,
                version,
                stage,
                displaces=others,
                archive_existing_versions=consent.archive_existing_versions,
                comment=consent.comment,
            )
        )


async def _request(app: Console, version: ModelVersion, stage: Stage) -> None:
    message = [Content(f"• {_summary(version, stage)}\n  Your permission level requires approval for this.")]
    consent = await app.push_screen_wait(
        Confirm(Question("Request this transition?", message, "Request", asks_comment=True))
    )
    if consent is not None:
        user = await app.client.caller.name()
        app.mutations.start(request(app.client, version, stage, user=user, comment=consent.comment))


def _summary(version: ModelVersion, stage: Stage) -> str:
    return f"{visible(version.name)} version {version.version}, {version.current_stage} → {stage}"
