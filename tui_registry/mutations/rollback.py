"""Rolling back Production: the version that was there before takes the place of the one that is there now.

Both moves are one transition, which the server makes in one transaction.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from tui_registry.client.registry import RegistryClient
from tui_registry.mutations.mutation import Mutation
from tui_registry.mutations.transition import closed_by, holders, transition
from tui_registry.terminal.sanitize import visible
from tui_registry_server.wire.activity import ActivityType
from tui_registry_server.wire.model_version import ModelVersion
from tui_registry_server.wire.permission_policy import GRANTS, Ability, rank
from tui_registry_server.wire.stage import Stage

REQUIRED_LEVEL = next(
    grant.at_least for grant in GRANTS if grant.ability is Ability.TRANSITION and Stage.PRODUCTION in grant.stages
)
MOVES = (ActivityType.APPLIED_TRANSITION, ActivityType.APPROVED_REQUEST, ActivityType.SYSTEM_TRANSITION)
"""The activities that move a version."""


class CannotRollBack(Exception):
    """The message is the reason, in a sentence. ``lacks_permission``: whether it is the caller's level."""

    def __init__(self, reason: str, *, lacks_permission: bool = False) -> None:
        super().__init__(reason)
        self.lacks_permission = lacks_permission


@dataclass(frozen=True, slots=True)
class Move:
    """A version's move from one stage to another."""

    version: str
    from_stage: Stage
    to_stage: Stage

    def __str__(self) -> str:
        return f"version {self.version}: {self.from_stage} → {self.to_stage}"


@dataclass(frozen=True, slots=True)
class Rollback:
    """``restored`` is moved to Production; ``displaced`` are all that are there now, which are archived.
    ``closes``: whose open requests it settles, in words; empty if nobody's."""

    restored: ModelVersion
    displaced: Sequence[str]
    closes: str = ""

    @property
    def moves(self) -> list[Move]:
        return [
            Move(self.restored.version, self.restored.current_stage, Stage.PRODUCTION),
            *(Move(version, Stage.PRODUCTION, Stage.ARCHIVED) for version in self.displaced),
        ]


async def plan(client: RegistryClient, name: str, *, to: str = "") -> Rollback:
    """What a rollback would do: to the predecessor, or to another version that was in Production before. Raises
    CannotRollBack, or CallError if something cannot be read."""
    model, history, held = await asyncio.gather(
        client.models.get(name),
        client.models.stage_history(name, stage=Stage.PRODUCTION, max_results=1),
        holders(client, name, Stage.PRODUCTION),
    )
    displaced = sorted((each.version for each in held), key=int)
    if rank(model.permission_level) < rank(REQUIRED_LEVEL):
        raise CannotRollBack(
            f"Rolling back Production requires {REQUIRED_LEVEL}; your level on {visible(name)} is "
            f"{model.permission_level}.",
            lacks_permission=True,
        )
    if not to and len(displaced) > 1:
        raise CannotRollBack(
            f"The versions {', '.join(displaced)} are in Production together, so that none of them is the one to "
            "replace. Move all but one of them out of Production first."
        )
    if not to and history.predecessor is None:
        raise CannotRollBack(
            f"No version was in Production before version {displaced[0]}."
            if displaced
            else f"No version of {visible(name)} was ever in Production."
        )
    restored = await client.versions.get(name, to or history.predecessor or "")
    if to:
        await _check_former(client, restored)
    return Rollback(restored, displaced, await closed_by(client, name, restored.version, Stage.PRODUCTION))


async def _check_former(client: RegistryClient, version: ModelVersion) -> None:
    if version.current_stage is Stage.PRODUCTION:
        raise CannotRollBack(f"Version {version.version} is in Production already.")
    moves = await client.activities.search(
        name=version.name, version=version.version, activity_type=[each.value for each in MOVES], max_results=1000
    )
    if not any(each.to_stage is Stage.PRODUCTION for each in moves.activities):
        raise CannotRollBack(f"Version {version.version} was never in Production.")


def roll_back(client: RegistryClient, rollback: Rollback, *, comment: str) -> Mutation:
    """Make a rollback. Its undo swaps the versions again."""
    return transition(
        client,
        rollback.restored,
        Stage.PRODUCTION,
        displaces=rollback.displaced,
        archive_existing_versions=True,
        comment=comment,
    )
