"""Where a confirmation stands: in the middle of what the details of the place below leave free.

What was read there stays on the screen while it is decided. The place is known before the first frame, so that nothing
is drawn twice.
"""

from textual.geometry import Region, Size
from textual.screen import Screen
from textual.widget import Widget

DETAILS = "#details, #full-text, #answer, #about"
"""The panels of places that say more about the row under the cursor."""
AROUND = 1  # lines of the header, and of the action bar


def free_area(below: Screen[object]) -> Region:
    """The part of a screen without its header, its last line and its details."""
    width, height = below.size
    free = Region(0, AROUND, width, max(1, height - 2 * AROUND))
    for panel in below.query(DETAILS).results(Widget):
        taken = panel.region
        if not (panel.display and taken):
            continue
        if taken.x > 0:
            free = Region(free.x, free.y, min(free.width, taken.x), free.height)
        else:
            free = Region(free.x, free.y, free.width, max(1, min(free.bottom, taken.y) - free.y))
    return free


def before(below: Screen[object], size: Size) -> tuple[int, int]:
    """The columns and lines before a dialog of this size on top of a screen. What does not fit beside the details is
    over them, not cut."""
    free = free_area(below)
    return free.x + max(0, (free.width - size.width) // 2), free.y + max(0, (free.height - size.height) // 2)
