"""Moving a version to another stage, or asking for it."""

from collections.abc import Sequence

from tui_registry.client.registry import RegistryClient
from tui_registry.mutations.mutation import Write
from tui_registry.queries.filters import named
from tui_registry_server.wire.model_version import ModelVersion
from tui_registry_server.wire.stage import Stage


async def holders(client: RegistryClient, name: str, stage: Stage) -> list[ModelVersion]:
    """The versions of a model that are at a stage, at most 1,000."""
    page = await client.versions.search(filter_text=f"{named(name)} AND stage = '{stage}'", max_results=1000)
    return page.model_versions


def transition(
    client: RegistryClient,
    version: ModelVersion,
    stage: Stage,
    *,
    displaces: Sequence[str],
    archive_existing_versions: bool,
    comment: str,
    undoable: bool = True,
) -> Write:
    """Move a version at once. ``displaces`` are the other versions that were at the stage when the question was asked:
    they are archived if that was said, and nobody has agreed to lose another."""
    name, number, origin = version.name, version.version, version.current_stage

    async def send() -> object:
        return await client.versions.transition(
            name, number, stage, archive_existing_versions=archive_existing_versions, comment=comment
        )

    async def happened() -> bool:
        return (await client.versions.get(name, number)).current_stage is stage

    async def changed_meanwhile() -> str:
        now = (await client.versions.get(name, number)).current_stage
        if now is not origin:
            return f"version {number} has moved to {now} meanwhile. Look again."
        if archive_existing_versions:
            others = {each.version for each in await holders(client, name, stage)} - {number}
            if not others <= set(displaces):
                return f"{stage} holds version {', '.join(sorted(others))} meanwhile. Look again."
        return ""

    archived = f" Archived version {', '.join(displaces)}." if archive_existing_versions and displaces else ""
    moved = version.model_copy(update={"current_stage": stage})
    back = (
        transition(
            client,
            moved,
            origin,
            displaces=(),
            archive_existing_versions=False,
            comment="",
            undoable=False,
        )
        if undoable and not archived  # archived versions would have to move back too, in writes of their own
        else None
    )
    return Write(
        title=f"{name} version {number}",
        doing=f"moving it to {stage}",
        done=f"Moved from {origin} to {stage}.{archived}",
        send=send,
        happened=happened,
        changed_meanwhile=changed_meanwhile,
        inverse=back,
    )


def request(client: RegistryClient, version: ModelVersion, stage: Stage, *, user: str, comment: str) -> Write:
    """Ask that a version be moved. ``user`` is the one who asks."""
    name, number, origin = version.name, version.version, version.current_stage

    async def is_open() -> bool:
        requests = await client.requests.of_version(name, number)
        return any(each.to_stage is stage and each.user_id == user for each in requests)

    async def send() -> None:
        await client.requests.create(name, number, stage, comment)

    async def changed_meanwhile() -> str:
        now = (await client.versions.get(name, number)).current_stage
        if now is not origin:
            return f"version {number} has moved to {now} meanwhile. Look again."
        return f"you have asked for {stage} already." if await is_open() else ""

    async def withdraw() -> object:
        return await client.requests.cancel(name, number, stage, creator=user, comment="")

    async def is_withdrawn() -> bool:
        return not await is_open()

    return Write(
        title=f"{name} version {number}",
        doing=f"asking for {stage}",
        done=f"Asked for {stage}. Whoever may decide it sees it in the inbox.",
        send=send,
        happened=is_open,
        changed_meanwhile=changed_meanwhile,
        inverse=Write(
            title=f"{name} version {number}",
            doing=f"taking back the request for {stage}",
            done="Request taken back.",
            send=withdraw,
            happened=is_withdrawn,
        ),
    )
