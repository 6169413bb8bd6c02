"""How stages are displayed."""

from collections.abc import Iterable

from tui_registry.widgets.columns import Sorting
from tui_registry_server.wire.stage import Stage
from tui_registry_server.wire.transition_request import TransitionRequest

STAGE_RANKS = {stage: rank for rank, stage in enumerate(Stage)}
"""By which they are sorted."""

STAGE_STYLES = {
    Stage.NONE: "",
    Stage.STAGING: "yellow",
    Stage.PRODUCTION: "green",
    Stage.ARCHIVED: "dim",
}

REQUEST_STYLE = "cyan"
REQUEST_CONTENT_STYLE = "ansi_cyan"
"""Of what is requested and not decided: in the colour of no stage, as the version is not there yet."""


def requested(requests: Iterable[TransitionRequest]) -> str:
    """The stages that are requested for a version: ``→ Production?``."""
    return f"→ {', '.join(dict.fromkeys(each.to_stage for each in requests))}?"


BY_STAGE = Sorting("None to Archived", "Archived to None")
