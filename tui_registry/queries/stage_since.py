"""Since when a version is in its stage, and who moved it there."""

import asyncio
from collections.abc import Sequence

from tui_registry.client.registry import RegistryClient
from tui_registry_server.wire.model_version import ModelVersion
from tui_registry_server.wire.stage import Stage
from tui_registry_server.wire.stage_history import StagePeriod

MAX_PERIODS = 1000  # of the version in its stage; from older servers, those of all versions

Since = tuple[int | None, str]
"""When, in milliseconds, and by whom; (None, "") if not known."""


async def read_since(client: RegistryClient, *versions: ModelVersion) -> list[Since]:
    """Since when each is in its stage."""

    async def read(version: ModelVersion) -> Since:
        page = await client.models.stage_history(
            version.name, stage=version.current_stage, version=version.version, max_results=MAX_PERIODS
        )
        return stage_since(version, page.stage_periods, is_complete=not page.next_page_token)

    return list(await asyncio.gather(*map(read, versions)))


def stage_since(version: ModelVersion, periods: Sequence[StagePeriod], *, is_complete: bool) -> Since:
    """If it never was moved, since it was created. ``periods``: in its stage or in all, those that began last first, of
    this version or of all; ``is_complete``: whether these are all there are."""
    own = [each for each in periods if each.version == version.version]
    if own and own[0].stage is version.current_stage and own[0].ended_timestamp is None:
        return own[0].started_timestamp, own[0].started_by
    if not own and version.current_stage is Stage.NONE and is_complete:
        return version.creation_timestamp, version.user_id or ""
    return None, ""
