"""Moving a version to another stage from the keyboard: which one, what that does to others, and then once."""

from textual.content import Content

from tui_registry.console import Console
from tui_registry.mutations.transition import holders, request, transition
from tui_registry.screens.dialogs.choose import Choice, Choose
from tui_registry.screens.dialogs.confirm import Confirm, Question, word_for
from tui_registry.screens.models.deciding import archive_label, displacing
from tui_registry.terminal.sanitize import visible
from tui_registry_server.wire.ability import Ability, allows
from tui_registry_server.wire.model_version import ModelVersion
from tui_registry_server.wire.permission import PermissionLevel
from tui_registry_server.wire.stage import EXCLUSIVE_STAGES, Stage


def stages_to(version: ModelVersion, level: PermissionLevel | None) -> list[Choice]:
    """The stages that a version can be moved to, each with how that goes at this level, if it is known."""
    return [
        Choice(stage.value, stage.value, _how(version.current_stage, stage, level), key=stage.value[0].lower())
        for stage in Stage
        if stage is not version.current_stage
    ]


def _how(origin: Stage, stage: Stage, level: PermissionLevel | None) -> str:
    if level is None:
        return ""
    return "at once" if _moves_at_once(level, origin, stage) else "asks somebody who may"


def _moves_at_once(level: PermissionLevel, origin: Stage, stage: Stage) -> bool:
    """Whether a level lets one move a version, rather than ask for it."""
    return allows(Ability.TRANSITION, level, stages=frozenset((origin, stage)))


async def move(app: Console, version: ModelVersion, level: PermissionLevel | None) -> None:
    """Ask where to, and whether what that does is meant; then make it. Raises CallError before anything is sent."""
    title = f"Move {visible(version.name)} version {version.version} from {version.current_stage} to"
    chosen = await app.push_screen_wait(Choose(title, stages_to(version, level)))
    if chosen is None:
        return
    stage = Stage(chosen)
    if level is None:
        level = (await app.client.models.get(version.name)).permission_level
    if _moves_at_once(level, version.current_stage, stage):
        await _at_once(app, version, stage)
    else:
        await _ask(app, version, stage)


async def _at_once(app: Console, version: ModelVersion, stage: Stage) -> None:
    others: list[str] = []
    if stage in EXCLUSIVE_STAGES:
        found = await holders(app.client, version.name, stage)
        others = [each.version for each in found if each.version != version.version]
    told = [Content(f"• {_told(version, stage)}"), *([displacing(others, stage)] if others else [])]
    production = Stage.PRODUCTION in {version.current_stage, stage}
    question = Question(
        title="Move this version?",
        told=[Content("\n").join(told)],
        verb="Move",
        asks_comment=True,
        archive=archive_label([stage], others),
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
                archive_existing_versions=consent.archive_existing_versions and stage in EXCLUSIVE_STAGES,
                comment=consent.comment,
            )
        )


async def _ask(app: Console, version: ModelVersion, stage: Stage) -> None:
    told = [Content(f"• {_told(version, stage)}\n  Your level does not let you move it: somebody else decides.")]
    consent = await app.push_screen_wait(Confirm(Question("Ask for this?", told, "Ask", asks_comment=True)))
    if consent is not None:
        user = await app.client.users.my_name()
        app.mutations.start(request(app.client, version, stage, user=user, comment=consent.comment))


def _told(version: ModelVersion, stage: Stage) -> str:
    return f"{visible(version.name)} version {version.version}, {version.current_stage} → {stage}"
