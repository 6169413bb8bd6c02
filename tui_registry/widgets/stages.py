"""How stages look, everywhere the same."""

from server.wire.stage import Stage

STAGE_STYLES = {
    Stage.NONE: "",
    Stage.STAGING: "yellow",
    Stage.PRODUCTION: "green",
    Stage.ARCHIVED: "dim",
}
