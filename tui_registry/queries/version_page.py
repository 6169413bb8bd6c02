"""The versions of one model or prompt."""

from collections.abc import Iterable

from tui_registry.client.registry import RegistryClient
from tui_registry.queries.search_syntax import named
from tui_registry_server.wire.model_version import ModelVersion, ModelVersionPage
from tui_registry_server.wire.stage import Stage

MAX_VERSIONS = 1000


async def version_page(
    client: RegistryClient,
    name: str,
    *,
    stage: Stage | str | None = None,
    not_in: Iterable[Stage] = (),
    max_results: int = MAX_VERSIONS,
    page_token: str = "",
) -> ModelVersionPage:
    """A page of them, the newest first; with ``stage`` those in it, with ``not_in`` those in none of these stages. Like
    MLflow, a search leaves out prompts, and models of which any version has the tag of a prompt: here, nothing may hide
    a version."""
    conditions = [named(name), *([f"stage = '{stage}'"] if stage else []), *(f"stage != '{each}'" for each in not_in)]
    return await client.versions.search(
        filter_text=" AND ".join(conditions),
        order_by="version_number DESC",
        max_results=max_results,
        page_token=page_token,
        include_prompts=True,
    )


async def newest_versions(client: RegistryClient, name: str, number: int) -> list[ModelVersion]:
    """At most ``number`` of them, the newest first."""
    return (await version_page(client, name, max_results=number)).model_versions
