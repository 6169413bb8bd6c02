"""The effect of a transition in words: what is left empty, which versions are archived, whose requests are settled."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from tui_registry_server.wire.stage import EXCLUSIVE_STAGES, Stage

if TYPE_CHECKING:
    from tui_registry_server.wire.transition_request import TransitionRequest

MAX_NAMED = 3  # requesters
PRODUCTION_LEFT_EMPTY = "Production is left EMPTY: no other version is there."


def left_empty(origin: Stage, target: Stage | None, remaining: Collection[str]) -> str:
    """What moving a version from one stage to another leaves without any version; empty if nothing is.

    target: None if it is deleted. remaining: the other versions in the stage that it leaves. Only Production counts:
    clients load from it.
    """
    if origin is not Stage.PRODUCTION or target is Stage.PRODUCTION or remaining:
        return ""
    return PRODUCTION_LEFT_EMPTY


def archives(stage: Stage, *, wanted: bool) -> bool:
    """Whether a transition to a stage archives the other versions there, if that is wanted: only where one version
    belongs."""
    return wanted and stage in EXCLUSIVE_STAGES


def numbered(versions: Sequence[str]) -> str:
    """``version 1``, or ``versions 1, 2``."""
    return f"version{'s' if len(versions) > 1 else ''} {', '.join(versions)}"


def requests_by(requests: "Sequence[TransitionRequest]") -> str:
    """``the request by ada``, or ``the requests by ada, lena``."""
    from tui_registry.terminal.sanitize import one_line  # most commands need neither it nor Rich

    more = f" and {len(requests) - MAX_NAMED} more" if len(requests) > MAX_NAMED else ""
    names = ", ".join(one_line(each.user_id, 60) for each in requests[:MAX_NAMED])
    return f"the request{'s' if len(requests) > 1 else ''} by {names}{more}"
