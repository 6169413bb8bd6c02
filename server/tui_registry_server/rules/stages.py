"""Stages: parsing, and archiving the versions that a transition displaces."""

from tui_registry_server.rules.errors import InvalidParameterValue
from tui_registry_server.wire.stage import EXCLUSIVE_STAGES, Stage

_CANONICAL = {stage.value.lower(): stage for stage in Stage}


def parse_stage(text: str) -> Stage:
    """The stage of this name, in any letter case."""
    try:
        return _CANONICAL[text.lower()]
    except KeyError:
        raise InvalidParameterValue(
            f"Invalid Model Version stage: {text}. Value must be one of {', '.join(Stage)}."
        ) from None


def check_archiving(stage: Stage, *, archive_existing_versions: bool) -> None:
    """Raises InvalidParameterValue if other versions are to be archived on a transition to None or Archived."""
    if archive_existing_versions and stage not in EXCLUSIVE_STAGES:
        raise InvalidParameterValue(
            f"Model version transition cannot archive existing model versions because '{stage}' is not an active "
            f"stage. Leave archive_existing_versions out, or choose one of {', '.join(EXCLUSIVE_STAGES)}."
        )
