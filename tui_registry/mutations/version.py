"""Adding and deleting versions."""

from tui_registry.client.errors import Refused
from tui_registry.client.registry import RegistryClient
from tui_registry.mutations.mutation import Mutation
from tui_registry.queries.version_page import newest_versions
from tui_registry_server.wire.model_version import ModelVersion


async def newest_of(client: RegistryClient, name: str) -> int:
    """The highest version number there is; 0 without versions."""
    return max((int(version.version) for version in await newest_versions(client, name, 1)), default=0)


def add(
    client: RegistryClient,
    name: str,
    source: str,
    *,
    newest: int,
    description: str = "",
    run_id: str = "",
    run_link: str = "",
) -> Mutation:
    """Add the artifacts at a URI as the next version of a model whose newest one was ``newest``."""

    async def send() -> object:
        return await client.versions.create(name, source, description=description, run_id=run_id, run_link=run_link)

    async def happened() -> bool:
        return any(_is_it(version) for version in await newest_versions(client, name, 5))

    def _is_it(version: ModelVersion) -> bool:
        return int(version.version) > newest and version.source == source

    return Mutation(
        title=name,
        action=f"add a version to {name}",
        progress="adding a version",
        done="Version added.",
        send=send,
        happened=happened,
    )


def delete(client: RegistryClient, version: ModelVersion) -> Mutation:
    name, number = version.name, version.version

    async def send() -> None:
        await client.versions.delete(name, number)

    async def happened() -> bool:
        try:
            await client.versions.get(name, number)
        except Refused as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return True
            raise
        return False

    async def check() -> str:
        now = await client.versions.get(name, number)
        same = (now.current_stage, now.creation_timestamp) == (version.current_stage, version.creation_timestamp)
        return "" if same else f"it is now in {now.current_stage}. Review it again."

    return Mutation(
        title=f"{name} version {number}",
        action=f"delete {name} version {number}",
        progress="deleting the version",
        done="Version deleted.",
        send=send,
        happened=happened,
        check=check,
    )
