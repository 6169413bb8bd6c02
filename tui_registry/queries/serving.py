"""What is in Production among versions that are about to be deleted, as a sentence: how many, and the first ones."""

from tui_registry.client.registry import RegistryClient
from tui_registry.queries.version_page import version_page
from tui_registry.terminal.sanitize import one_line, visible
from tui_registry_server.wire.model_version import ModelVersionPage
from tui_registry_server.wire.stage import Stage

MAX_COUNTED = 100  # versions
MAX_NAMED, MAX_SHOWN = 3, 30  # versions, and characters of a name


async def serving_in(client: RegistryClient, workspace: str) -> list[str]:
    """The sentence about all models of a workspace; none if nothing is in Production there."""
    return _sentence(await client.workspaces.in_production(workspace, MAX_COUNTED))


async def serving_of(client: RegistryClient, model: str) -> list[str]:
    """The sentence about one model; none if no version of it is in Production."""
    return _sentence(await version_page(client, model, stage=Stage.PRODUCTION, max_results=MAX_COUNTED))


def _sentence(page: ModelVersionPage) -> list[str]:
    found = page.model_versions
    if not found:
        return []
    number, or_more = len(found), "+" if page.next_page_token else ""
    named = ", ".join(f"{one_line(visible(each.name), MAX_SHOWN)} version {each.version}" for each in found[:MAX_NAMED])
    rest = f" and {number - MAX_NAMED}{or_more} more" if number > MAX_NAMED else ""
    return [f"{number}{or_more} of the versions {'is' if number == 1 else 'are'} in Production: {named}{rest}."]
