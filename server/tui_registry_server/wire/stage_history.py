"""The stages that a model's versions were in: from when to when, and who moved them."""

from pydantic import Field

from tui_registry_server.wire.fields import Entity, Integer, Milliseconds, RequestBody, Text, Version
from tui_registry_server.wire.stage import Stage


class ListStageHistory(RequestBody):
    """A model's stage history, newest first; with ``stage``, only the periods in that stage; with ``version``, only
    those of that version, which may have been deleted."""

    name: Text
    stage: Text | None = None
    version: Version | None = None
    max_results: Integer = Field(default=100, ge=1, le=1000)
    page_token: Text = ""


class StagePeriod(Entity):
    """A version in a stage that it was moved to, until it was moved on or deleted; without ``ended_timestamp``, it is
    there now. ``next_stage`` is where it was moved on to; a version that was deleted has none. The time in None
    between a version's creation and its first move is no period."""

    version: str
    stage: Stage
    started_timestamp: Milliseconds
    started_by: str
    ended_timestamp: Milliseconds | None = None
    ended_by: str | None = None
    next_stage: Stage | None = None


class StageHistoryPage(Entity):
    """``predecessor``: the version that was in Production most recently before the one that is there now or, if none
    is, the one that was there last. It exists, and is not in Production now. Only the first page has it."""

    stage_periods: list[StagePeriod] = []
    predecessor: str | None = None
    next_page_token: str | None = None
