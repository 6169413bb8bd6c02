"""What is in Production among versions that are about to be deleted, as a sentence: how many, and the first ones."""

from collections.abc import Sequence

from tui_registry.client.registry import RegistryClient
from tui_registry.terminal.sanitize import one_line, visible
from tui_registry_server.wire.model_version import ModelVersion
from tui_registry_server.wire.stage import Stage

MAX_COUNTED = 100  # versions
MAX_NAMED, MAX_SHOWN = 3, 30  # versions, and characters of a name


async def serving_in(client: RegistryClient, workspace: str) -> list[str]:
    """The sentence about all models of a workspace; none if nothing is in Production there."""
    page = await client.workspaces.in_production(workspace, MAX_COUNTED)
    return serving(page.model_versions, more=bool(page.next_page_token))


def serving(versions: Sequence[ModelVersion], *, more: bool = False) -> list[str]:
    """The sentence about these, and about ``more`` that are not read; none if nothing of these is in Production."""
    found = [each for each in versions if each.current_stage == Stage.PRODUCTION]
    if not found:
        return []
    number, or_more = len(found), "+" if more else ""
    named = ", ".join(f"{one_line(visible(each.name), MAX_SHOWN)} version {each.version}" for each in found[:MAX_NAMED])
    rest = f" and {number - MAX_NAMED}{or_more} more" if number > MAX_NAMED else ""
    return [f"{number}{or_more} of the versions {'is' if number == 1 else 'are'} in Production: {named}{rest}."]
