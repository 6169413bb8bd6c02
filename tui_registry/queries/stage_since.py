"""Since when a version is in its stage, and who moved it there."""

from collections.abc import Sequence

from tui_registry_server.wire.model_version import ModelVersion
from tui_registry_server.wire.stage import Stage
from tui_registry_server.wire.stage_history import StagePeriod


def stage_since(version: ModelVersion, periods: Sequence[StagePeriod], *, is_complete: bool) -> tuple[int | None, str]:
    """When and by whom it was moved to its stage or, if it never was moved, created; (None, "") if not known.
    ``periods``: in stages, those that began last first, of this version or of all; ``is_complete``: whether these are
    all there are."""
    own = [each for each in periods if each.version == version.version]
    if own and own[0].stage is version.current_stage and own[0].ended_timestamp is None:
        return own[0].started_timestamp, own[0].started_by
    if not own and version.current_stage is Stage.NONE and is_complete:
        return version.creation_timestamp, version.user_id or ""
    return None, ""
