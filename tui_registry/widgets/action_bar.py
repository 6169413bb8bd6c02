"""The last line: the keys of the actions available now, by priority, always ending in ``?``."""

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from tui_registry.keys.action import Action
from tui_registry.keys.names import legend


class ActionBar(Widget):
    COMPONENT_CLASSES = {"bar--key", "bar--label"}

    def __init__(self) -> None:
        super().__init__()
        self._actions: list[Action] = []

    def show(self, actions: list[Action]) -> None:
        """Show the available actions, in the order of the table, without those that have no key."""
        actions = [action for action in actions if action.display_key]
        if actions != self._actions:
            self._actions = actions
            self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        chosen = _that_fit(self._actions, width)
        base = self.rich_style
        key_style = base + self.get_component_rich_style("bar--key", partial=True)
        label_style = base + self.get_component_rich_style("bar--label", partial=True)
        last = [action for action in chosen if action.id == "help"]
        segments: list[Segment] = []
        for action in [action for action in chosen if action.id != "help"] + last:
            segments.append(Segment(f" {legend(action.display_key)} ", key_style))
            segments.append(Segment(f"{action.label} ", label_style))
        used = sum(cell_len(segment.text) for segment in segments)
        segments.append(Segment(" " * max(0, width - used), base + Style()))
        return Strip(segments).crop(0, width)


def _that_fit(actions: list[Action], width: int) -> list[Action]:
    """The actions for which there is room, in order, at least one. Of one priority, the last ones are dropped first."""
    cells = [_cells(action) for action in actions]
    kept = sorted(range(len(actions)), key=lambda place: (actions[place].priority, place))
    while len(kept) > 1 and sum(cells[place] for place in kept) - 1 > width:  # no blank is needed behind the last one
        kept.pop()
    return [actions[place] for place in sorted(kept)]


def _cells(action: Action) -> int:
    return cell_len(legend(action.display_key)) + cell_len(action.label) + 3
