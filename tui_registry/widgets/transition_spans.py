"""Where the stages are in what is said about an activity, each in its colour."""

from tui_registry.queries.activity_labels import TRANSITIONS, is_transition
from tui_registry.terminal.excerpt import Part
from tui_registry.widgets.row import Span
from tui_registry.widgets.stages import REQUEST_STYLE, STAGE_STYLES
from tui_registry_server.wire.activity import Activity, ActivityType
from tui_registry_server.wire.stage import Stage

MOVING = frozenset({*TRANSITIONS, ActivityType.SYSTEM_TRANSITION})


def transition_spans(activity: Activity, start: int = 0) -> tuple[Span, ...]:
    """Those in ``describe``, which begins with them, at ``start``. What was only requested has the colour of requests:
    the version is not there."""
    origin, target = activity.from_stage or Stage.NONE, activity.to_stage
    if target is None or not is_transition(activity):
        return ()
    second = start + len(f"{origin} → ")
    end = second + len(target)
    if activity.activity_type is ActivityType.REQUESTED_TRANSITION:
        return ((Part(start, end), REQUEST_STYLE),)
    if activity.activity_type not in MOVING:
        return ()
    styled = ((Part(start, start + len(origin)), origin), (Part(second, end), target))
    return tuple((part, STAGE_STYLES[stage]) for part, stage in styled)
