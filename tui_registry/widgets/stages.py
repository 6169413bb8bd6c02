"""How stages are displayed."""

from tui_registry.widgets.columns import Sorting
from tui_registry_server.wire.stage import Stage

STAGE_STYLES = {
    Stage.NONE: "",
    Stage.STAGING: "yellow",
    Stage.PRODUCTION: "green",
    Stage.ARCHIVED: "dim",
}

STAGE_CONTENT_STYLES = {
    Stage.NONE: "",
    Stage.STAGING: "$text-warning",
    Stage.PRODUCTION: "$text-success",
    Stage.ARCHIVED: "dim",
}
"""The same as styles of Textual's Content."""

BY_STAGE = Sorting("None to Archived", "Archived to None")
