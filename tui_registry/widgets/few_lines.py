"""A text of at most so many lines: what has no room ends in an ellipsis."""

from collections.abc import Sequence

from textual.content import Content
from textual.css.styles import RulesMap
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual

from tui_registry.terminal.sanitize import ELLIPSIS

GAP = Content("  ")


class FewLines(Visual):
    """Paragraphs of items. An item is broken only if it is longer than a line; every paragraph has at least a line, and
    what the later ones do not need."""

    def __init__(self, paragraphs: Sequence[Sequence[Content]], lines: int) -> None:
        self._paragraphs = [[item for item in paragraph if item] for paragraph in paragraphs]
        self._lines = lines

    def __str__(self) -> str:
        return "\n".join(GAP.join(paragraph).plain for paragraph in self._paragraphs)

    def render_strips(self, width: int, height: int | None, style: Style, options: RenderOptions) -> list[Strip]:
        return self._drawn(width).render_strips(width, height, style, options)

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        return max((GAP.join(each).cell_length for each in self._paragraphs), default=0)

    def get_height(self, rules: RulesMap, width: int) -> int:
        return self._drawn(width).get_height(rules, width)

    def _drawn(self, width: int) -> Content:
        packed = [lines for paragraph in self._paragraphs if (lines := _packed(paragraph, width))]
        left = self._lines
        found: list[Content] = []
        for number, lines in enumerate(packed, start=1):
            room = max(1, left - (len(packed) - number))  # each of the others has a line
            found += _cut(lines, room, width)
            left -= min(room, len(lines))
        return Content("\n").join(found)


def _packed(items: Sequence[Content], width: int) -> list[Content]:
    """As many items in each line as fit."""
    found: list[Content] = []
    for item in items:
        if found and found[-1].cell_length + len(GAP) + item.cell_length <= width:
            found[-1] = GAP.join([found[-1], item])
        else:
            found += item.wrap(max(1, width))
    return found


def _cut(lines: Sequence[Content], room: int, width: int) -> list[Content]:
    if len(lines) <= room:
        return list(lines)
    *before, last = lines[:room]
    return [*before, last.rstrip().truncate(max(1, width - 1)).rstrip() + ELLIPSIS]
