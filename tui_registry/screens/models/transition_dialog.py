"""The dialog that moves a version to another stage, or requests it: choose the stage, confirm, send."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from textual.content import Content

from tui_registry.client.errors import CallError
from tui_registry.console import Console
from tui_registry.mutations.decision import subject_of
from tui_registry.mutations.effect import left_empty, numbered
from tui_registry.mutations.transition import (
    closed_by,
    displaced_by,
    emptied_by,
    exclusive_holders,
    request,
    transition,
)
from tui_registry.screens.dialogs.choose import Choice, Choose
from tui_registry.screens.dialogs.confirm import Confirm, Question, word_for
from tui_registry.screens.models.decision_dialog import archive_label, displacing, leaving
from tui_registry.terminal.sanitize import visible
from tui_registry_server.wire.model_version import ModelVersion
from tui_registry_server.wire.permission import PermissionLevel
from tui_registry_server.wire.permission_policy import Ability, allows
from tui_registry_server.wire.stage import EXCLUSIVE_STAGES, Stage
from tui_registry_server.wire.transition_request import InboxRequest

KEYS = {Stage.NONE: "0", Stage.STAGING: "s", Stage.PRODUCTION: "p", Stage.ARCHIVED: "z"}
"""What chooses a stage: for None and Archived not the first letter, which is No in every dialog, and approves a request
wherever a version can be moved."""


UNREAD = "…"
UNREADABLE = "cannot read what this displaces"
MAX_NAMED = 3  # versions, in a choice

Requests = Mapping[str, Sequence[InboxRequest]]
"""Open requests by what one decision settles."""


@dataclass(frozen=True, slots=True)
class Stages:
    """What a version can be moved to. Each stage says what that changes and what it takes, as far as it is known.

    requests: the open ones that are loaded. level: the caller's on the model. holders: the model's versions in the
    stages where one belongs. unknown: what stands in place of what they decide.
    """

    version: ModelVersion
    requests: Requests
    level: PermissionLevel | None
    holders: Mapping[Stage, Sequence[str]] | None = None
    unknown: str = UNREAD

    def choices(self) -> list[Choice]:
        """No key chooses the stage that it is in."""
        return [
            Choice(stage.value, stage.value, "where it is now")
            if stage is self.version.current_stage
            else Choice(stage.value, stage.value, self._help(stage), KEYS[stage], self._style(stage))
            for stage in Stage
        ]

    def _help(self, stage: Stage) -> str:
        origin, effects = self.version.current_stage, self._effects(stage)
        if self.level is not None and not _moves_at_once(self.level, origin, stage):
            return ", then ".join(["requires approval", *([", ".join(effects)] if effects else [])])
        is_typed = self.level is not None and Stage.PRODUCTION in {origin, stage}
        return ", ".join(effects) or ("asks you to type the name" if is_typed else "")

    def _effects(self, stage: Stage) -> list[str]:
        version, displaced = self.version, self._displaced(stage)
        if self.holders is None and (stage in EXCLUSIVE_STAGES or version.current_stage is Stage.PRODUCTION):
            return [self.unknown]
        several = f"{len(displaced)} versions" if len(displaced) > MAX_NAMED else numbered(displaced)
        closed = len(self.requests.get(subject_of(version.name, version.version, stage), ()))
        return [
            *(["Production is left EMPTY"] if self._leaves_empty(stage) else []),
            *([f"displaces {several}"] if displaced else []),
            *([f"closes {closed} request{'' if closed == 1 else 's'}"] if closed else []),
        ]

    def _displaced(self, stage: Stage) -> list[str]:
        """The other versions in a stage where one belongs."""
        held = (self.holders or {}).get(stage, ())
        return [each for each in held if each != self.version.version]

    def _leaves_empty(self, stage: Stage) -> bool:
        origin, remaining = self.version.current_stage, self._displaced(Stage.PRODUCTION)
        return self.holders is not None and bool(left_empty(origin, stage, remaining))

    def _style(self, stage: Stage) -> str:
        return "bold red" if self._leaves_empty(stage) else "yellow" if self._displaced(stage) else "dim"


def _moves_at_once(level: PermissionLevel, origin: Stage, stage: Stage) -> bool:
    """Whether a level lets one move a version, rather than request it."""
    return allows(Ability.TRANSITION, level, stages=frozenset((origin, stage)))


async def transition_version(
    app: Console, version: ModelVersion, level: PermissionLevel | None, requests: Requests
) -> None:
    """Ask for the stage, confirm the effect, then send. The cursor begins where the version is: Enter alone moves
    nothing. ``requests``: the open ones that are loaded. Raises CallError before anything is sent."""
    stages = Stages(version, requests, level)

    async def read() -> list[Choice]:
        nonlocal level
        try:
            if level is None:
                holders, model = await asyncio.gather(
                    exclusive_holders(app.client, version.name), app.client.models.get(version.name)
                )
                level = model.permission_level
            else:
                holders = await exclusive_holders(app.client, version.name)
        except CallError:
            return replace(stages, unknown=UNREADABLE).choices()
        return replace(stages, level=level, holders=holders).choices()

    title = f"Move {visible(version.name)} version {version.version} from {version.current_stage} to"
    current = version.current_stage.value
    chosen = await app.push_screen_wait(Choose(title, stages.choices(), current=current, read=read))
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
