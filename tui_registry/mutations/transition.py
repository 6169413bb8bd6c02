"""Transitions: moving a version to another stage, or requesting it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from tui_registry.client.registry import RegistryClient
from tui_registry.mutations.effect import archives, left_empty, numbered, requests_by
from tui_registry.mutations.mutation import Mutation
from tui_registry_server.wire.stage import EXCLUSIVE_STAGES, Stage

if TYPE_CHECKING:
    from tui_registry_server.wire.model_version import ModelVersion


async def holders(client: RegistryClient, name: str, stage: Stage) -> "list[ModelVersion]":
    """The versions of a model that are at a stage, at most 1,000."""
    from tui_registry.queries.version_page import version_page  # not needed for the first row

    return (await version_page(client, name, stage=stage)).model_versions


async def exclusive_holders(client: RegistryClient, name: str) -> dict[Stage, list[str]]:
    """The versions of a model in each stage where one version belongs, in order; at most the 1,000 newest of all."""
    from tui_registry.queries.version_page import version_page

    page = await version_page(client, name, not_in=[each for each in Stage if each not in EXCLUSIVE_STAGES])
    found = sorted(page.model_versions, key=lambda each: int(each.version))
    return {stage: [each.version for each in found if each.current_stage is stage] for stage in EXCLUSIVE_STAGES}


async def others_in(client: RegistryClient, name: str, version: str, stage: Stage) -> list[str]:
    """The other versions of a model that are at a stage, in order."""
    found = {each.version for each in await holders(client, name, stage)} - {version}
    return sorted(found, key=int)


async def displaced_by(client: RegistryClient, version: "ModelVersion", stage: Stage) -> list[str]:
    """The versions that a transition to a stage displaces, in order: the others there, where one version belongs."""
    return await others_in(client, version.name, version.version, stage) if stage in EXCLUSIVE_STAGES else []


async def emptied_by(client: RegistryClient, version: "ModelVersion", target: Stage | None) -> str:
    """What is left empty by moving a version to a stage or, with None, by deleting it: see ``left_empty``."""
    if version.current_stage is not Stage.PRODUCTION:
        return ""
    remaining = await others_in(client, version.name, version.version, Stage.PRODUCTION)
    return left_empty(version.current_stage, target, remaining)


async def closed_by(client: RegistryClient, name: str, version: str, stage: Stage) -> str:
    """Whose open requests moving a version to a stage closes, as it is what they ask for; empty if none."""
    requests = [each for each in await client.requests.of_version(name, version) if each.to_stage is stage]
    return requests_by(requests) if requests else ""


def not_as_shown(stage: Stage, others: Sequence[str], shown: Sequence[str]) -> str:
    """Why the versions at a stage are not to be archived: they are not those that were shown when the user was asked.
    Empty if they are: nobody has agreed to archive another one, and an undo puts back all that were shown."""
    if set(others) == set(shown):
        return ""
    return f"{stage} now holds {numbered(others) if others else 'no version'}. Review it again."


class VersionStage(NamedTuple):
    """A version and the stage that it is in."""

    name: str
    version: str
    current_stage: Stage


def transition(
    client: RegistryClient,
    version: "ModelVersion | VersionStage",
    stage: Stage,
    *,
    displaces: Sequence[str],
    archive_existing_versions: bool,
    comment: str,
    undoable: bool = True,
    rest: Mutation | None = None,
) -> Mutation:
    """Move a version at once. ``displaces`` are the other versions that were at the stage when the user was asked:
    they are archived if that was said, and it is refused if these are no longer exactly those there."""
    name, number, origin = version.name, version.version, version.current_stage
    archive_existing_versions = archives(stage, wanted=archive_existing_versions)

    async def send() -> object:
        return await client.versions.transition(
            name, number, stage, archive_existing_versions=archive_existing_versions, comment=comment
        )

    async def happened() -> bool:
        return (await client.versions.get(name, number)).current_stage is stage

    async def check() -> str:
        now = (await client.versions.get(name, number)).current_stage
        if now is not origin:
            return f"version {number} was moved to {now} by someone else. Review it again."
        if archive_existing_versions:
            return not_as_shown(stage, await others_in(client, name, number, stage), displaces)
        return ""

    archived = tuple(displaces) if archive_existing_versions else ()
    others = numbered(archived)
    inverse, undo_note = back(client, version, stage, archived) if undoable else (None, "")
    return Mutation(
        title=f"{name} version {number}",
        action=f"move {name} version {number} → {stage}",
        progress=f"moving it to {stage}{f', archiving {others}' if archived else ''}",
        done=f"Moved from {origin} to {stage}.{f' Archived {others}.' if archived else ''}",
        send=send,
        happened=happened,
        check=check,
        inverse=inverse,
        rest=rest,
        undo_note=undo_note,
        touches_production=Stage.PRODUCTION in {origin, stage},
    )


def back(
    client: RegistryClient, version: "ModelVersion | VersionStage", stage: Stage, archived: Sequence[str]
) -> tuple[Mutation | None, str]:
    """What undoes the move of a version to a stage, for which others were archived; or None, and why it cannot be.

    The server puts one archived version back in the place of the version in one transaction, which archives that. Where
    it was not in Archived before, it is then moved back to where it was.
    """
    name, number, origin = version.name, version.version, version.current_stage
    if len(archived) > 1:
        return None, f"It archived the versions {', '.join(archived)}: move each of them back to {stage}."

    def move(moved: str, of: Stage, to: Stage, displaces: Sequence[str], rest: Mutation | None = None) -> Mutation:
        return transition(
            client,
            VersionStage(name, moved, of),
            to,
            displaces=displaces,
            archive_existing_versions=bool(displaces),
            comment="",
            undoable=False,
            rest=rest,
        )

    if not archived:
        return move(number, stage, origin, ()), ""
    rest = None if origin is Stage.ARCHIVED else move(number, Stage.ARCHIVED, origin, ())
    return move(archived[0], Stage.ARCHIVED, stage, (number,), rest), ""


def request(client: RegistryClient, version: "ModelVersion", stage: Stage, *, user: str, comment: str) -> Mutation:
    """Request a transition. ``user`` is the requester, the caller."""
    name, number, origin = version.name, version.version, version.current_stage

    async def is_open() -> bool:
        requests = await client.requests.of_version(name, number)
        return any(each.to_stage is stage and each.user_id == user for each in requests)

    async def send() -> None:
        await client.requests.create(name, number, stage, comment)

    async def check() -> str:
        now = (await client.versions.get(name, number)).current_stage
        if now is not origin:
            return f"version {number} was moved to {now} by someone else. Review it again."
        return f"you have already requested {stage}." if await is_open() else ""

    async def withdraw() -> object:
        return await client.requests.cancel(name, number, stage, creator=user, comment="")

    async def is_withdrawn() -> bool:
        return not await is_open()

    return Mutation(
        title=f"{name} version {number}",
        action=f"request {name} version {number} → {stage}",
        progress=f"requesting {stage}",
        done=f"Requested {stage}. It is in the inbox of everyone who may decide it.",
        send=send,
        happened=is_open,
        check=check,
        inverse=Mutation(
            title=f"{name} version {number}",
            action=f"cancel {name} version {number} → {stage}",
            progress=f"cancelling the request for {stage}",
            done="Request cancelled.",
            send=withdraw,
            happened=is_withdrawn,
        ),
    )
