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
    Stage.STAGING: "ansi_yellow",
    Stage.PRODUCTION: "ansi_green",
    Stage.ARCHIVED: "dim",
}
"""The same as styles of Textual's Content, in the same colours."""

REQUEST_STYLE = "cyan"
REQUEST_CONTENT_STYLE = "ansi_cyan"
"""Of what is requested and not decided: in the colour of no stage, as the version is not there yet."""

BY_STAGE = Sorting("None to Archived", "Archived to None")
