"""Since when a version is in its stage, and who moved it there."""

import asyncio
from collections.abc import Sequence

from tui_registry.client.registry import RegistryClient
from tui_registry_server.wire.model_version import ModelVersion
from tui_registry_server.wire.stage import Stage
from tui_registry_server.wire.stage_history import StageHistoryPage, StagePeriod

MAX_PERIODS = 1000  # in the stage, the newest ones

Since = tuple[int | None, str]
"""When, in milliseconds, and by whom; (None, "") if not known."""


async def read_since(client: RegistryClient, *versions: ModelVersion) -> list[Since]:
    """Since when each is in its stage. Only the times in that stage are read, so that one that is there for long is
    found however many versions came and went in others; once for those of a model that are in the same stage."""

    async def read(name: str, stage: Stage) -> StageHistoryPage:
        return await client.models.stage_history(name, stage=stage, max_results=MAX_PERIODS)

    wanted = list(dict.fromkeys((each.name, each.current_stage) for each in versions))
    pages = dict(zip(wanted, await asyncio.gather(*(read(*each) for each in wanted)), strict=True))
    found = ((each, pages[each.name, each.current_stage]) for each in versions)
    return [stage_since(each, page.stage_periods, is_complete=not page.next_page_token) for each, page in found]


def stage_since(version: ModelVersion, periods: Sequence[StagePeriod], *, is_complete: bool) -> Since:
    """If it never was moved, since it was created. ``periods``: in its stage or in all, those that began last first, of
    this version or of all; ``is_complete``: whether these are all there are."""
    own = [each for each in periods if each.version == version.version]
    if own and own[0].stage is version.current_stage and own[0].ended_timestamp is None:
        return own[0].started_timestamp, own[0].started_by
    if not own and version.current_stage is Stage.NONE and is_complete:
        return version.creation_timestamp, version.user_id or ""
    return None, ""
