"""The first line: the registry and user, breadcrumbs, and how fresh the data on the screen is."""

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.strip import Strip
from textual.widget import Widget

from tui_registry.terminal.sanitize import ELLIPSIS, clip, one_line, visible

MIN_USER_CELLS = 3
MIN_BREADCRUMB_CELLS = 6
MIN_NAME_CELLS = 12  # that the longest breadcrumb keeps beside those before it


class Header(Widget):
    """``breadcrumbs`` is the path to this screen, such as ("Models", "churn")."""

    COMPONENT_CLASSES = {"header--registry", "header--place", "header--state", "header--error"}

    def __init__(self, breadcrumbs: tuple[str, ...]) -> None:
        super().__init__()
        self._breadcrumbs = breadcrumbs
        self._count = ""
        self._state = ""
        self._is_error = False
        self._registry = ""
        self._colour: str | None = None

    def show_state(self, *, registry: str, state: str, is_error: bool, colour: str | None = None) -> None:
        """``registry`` names the registry and its user, ``colour`` is its background, if any. ``state`` says how fresh
        the data is; ``is_error`` highlights it as a problem."""
        self._registry, self._state, self._is_error = one_line(registry), one_line(state), is_error
        self._colour = colour
        self.refresh()

    def show_breadcrumbs(self, *breadcrumbs: str, count: str = "") -> None:
        """``count`` is what stands behind the last one: how many rows there are, how many are marked. Where there is no
        room, the names are cut first."""
        self._breadcrumbs, self._count = breadcrumbs, count
        self.refresh()

    @property
    def _registry_style(self) -> Style:
        if self._colour is None:
            return self.get_component_rich_style("header--registry", partial=True)
        background = Color.parse(self._colour)
        return Style(color=background.get_contrast_text().rich_color, bgcolor=background.rich_color, bold=True)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        base = self.rich_style
        right = f" {self._state} "
        left = f" {_shorten_registry(self._registry, max(8, width // 3))} "
        room = max(0, width - cell_len(left) - cell_len(right))
        count = clip(self._count, min(cell_len(self._count), max(0, room - 1 - MIN_BREADCRUMB_CELLS)))
        place = _shorten_breadcrumbs([visible(step) for step in self._breadcrumbs], room - 1 - cell_len(count)) + count
        return Strip(
            [
                Segment(left, base + self._registry_style),
                Segment(clip(" " + place, room), base + self.get_component_rich_style("header--place", partial=True)),
                Segment(
                    right,
                    base
                    + self.get_component_rich_style(
                        "header--error" if self._is_error else "header--state", partial=True
                    ),
                ),
            ],
            width,
        ).adjust_cell_length(width, base)


def _shorten_registry(registry: str, room: int) -> str:
    """``user @ registry/workspace`` in at most ``room`` cells: the user is shortened first, then the registry."""
    if cell_len(registry) <= room:
        return registry
    user, at, label = registry.rpartition(" @ ")
    user = user.partition("@")[0]
    left = room - cell_len(at + label)
    if left < min(MIN_USER_CELLS, cell_len(user)):
        return _shorten_label(label, room)
    return clip(user, min(left, cell_len(user))).rstrip() + at + label


def _shorten_label(label: str, room: int) -> str:
    """``registry/workspace`` in at most ``room`` cells: of the workspace as much as possible stays."""
    if cell_len(label) <= room:
        return label
    registry, slash, workspace = label.rpartition("/")
    left = room - cell_len(slash + workspace)
    if left < MIN_USER_CELLS:
        return clip(workspace, min(room, cell_len(workspace)))
    return clip(registry, left).rstrip() + slash + workspace


def _shorten_breadcrumbs(steps: list[str], room: int) -> str:
    """The breadcrumbs in at most ``room`` cells: the longest step is shortened; where too little of it would be left,
    the first steps are dropped, so that the last one is always visible."""
    while (over := sum(cell_len(step) for step in steps) + 3 * (len(steps) - 1) - room) > 0:
        longest = max(range(len(steps)), key=lambda step: cell_len(steps[step]))
        left = cell_len(steps[longest]) - over
        kept = [step for step in steps if step != ELLIPSIS]
        least = MIN_BREADCRUMB_CELLS if kept[0] == steps[longest] else MIN_NAME_CELLS
        if left >= least or len(kept) == 1:
            steps[longest] = clip(steps[longest], left).rstrip()
            break
        steps = [ELLIPSIS, *kept[1:]]
    return " › ".join(steps)
