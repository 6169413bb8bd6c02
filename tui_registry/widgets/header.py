"""The first line: which registry, where in it, as whom, and whether what is shown is fresh."""

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.strip import Strip
from textual.widget import Widget

from tui_registry.terminal.sanitize import ELLIPSIS, clip, one_line, visible

SHORTEST = 3  # cells of a user's name
SHORTEST_STEP = 6  # cells of a step of the trail


class Header(Widget):
    """``trail`` is the way here, such as ("Models", "churn")."""

    COMPONENT_CLASSES = {"header--registry", "header--place", "header--state", "header--bad"}

    def __init__(self, trail: tuple[str, ...]) -> None:
        super().__init__()
        self._trail = trail
        self._state = ""
        self._bad = False
        self._registry = ""
        self._colour: str | None = None

    def tell(self, *, registry: str, state: str, bad: bool, colour: str | None = None) -> None:
        """``registry`` names it and its user, in front of ``colour`` if it has one; ``state`` says how fresh things
        are, ``bad`` if they are not."""
        self._registry, self._state, self._bad = one_line(registry), one_line(state), bad
        self._colour = colour
        self.refresh()

    def lead(self, *trail: str) -> None:
        self._trail = trail
        self.refresh()

    @property
    def _registry_style(self) -> Style:
        if self._colour is None:
            return self.get_component_rich_style("header--registry", partial=True)
        behind = Color.parse(self._colour)
        return Style(color=behind.get_contrast_text().rich_color, bgcolor=behind.rich_color, bold=True)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        base = self.rich_style
        right = f" {self._state} "
        left = f" {_named(self._registry, max(8, width // 3))} "
        room = max(0, width - cell_len(left) - cell_len(right))
        place = _fitting([visible(step) for step in self._trail], room - 1)
        return Strip(
            [
                Segment(left, base + self._registry_style),
                Segment(clip(" " + place, room), base + self.get_component_rich_style("header--place", partial=True)),
                Segment(
                    right,
                    base + self.get_component_rich_style("header--bad" if self._bad else "header--state", partial=True),
                ),
            ],
            width,
        ).adjust_cell_length(width, base)


def _named(registry: str, room: int) -> str:
    """Who is where, in at most so many cells: the name of the registry, and that it is read-only, is kept longest."""
    if cell_len(registry) <= room:
        return registry
    user, at, label = registry.rpartition(" @ ")
    user = user.partition("@")[0]
    left = room - cell_len(at + label)
    if left < min(SHORTEST, cell_len(user)):
        return clip(label, min(room, cell_len(label)))
    return clip(user, min(left, cell_len(user))).rstrip() + at + label


def _fitting(trail: list[str], room: int) -> str:
    """The trail in so many cells: its longest step is shortened, so that one can always see where it ends; where that
    would leave too little of it, the first steps are left out."""
    while (over := sum(cell_len(step) for step in trail) + 3 * (len(trail) - 1) - room) > 0:
        longest = max(range(len(trail)), key=lambda step: cell_len(trail[step]))
        left = cell_len(trail[longest]) - over
        steps = [step for step in trail if step != ELLIPSIS]
        if left >= SHORTEST_STEP or len(steps) == 1:
            trail[longest] = clip(trail[longest], left).rstrip()
            break
        trail = [ELLIPSIS, *steps[1:]]
    return " › ".join(trail)
