"""A text of at most so many lines: what has no room ends in an ellipsis."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.css.styles import RulesMap
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual

from tui_registry.terminal import sanitize

GAP = Content("  ")
ELLIPSIS = Content(sanitize.ELLIPSIS)


@dataclass(slots=True)
class _Line:
    """``begun``: how many items of the paragraph begin in this line or before. ``goes_on``: whether the last of them
    continues in the next line."""

    items: list[Content]
    begun: int
    goes_on: bool = False

    @property
    def text(self) -> Content:
        return GAP.join(self.items)


class LineClamp(Visual):
    """Paragraphs of items. An item is whole, unless it is longer than a line: an ellipsis stands for those that have no
    room, and shorter ones may be displayed before a longer one. Every paragraph has at least a line, and what the later
    ones do not need. ``more`` is behind the ellipsis of the last paragraph: how to read the rest."""

    def __init__(self, paragraphs: Sequence[Sequence[Content]], lines: int, more: str = "") -> None:
        self._paragraphs = [[item for item in paragraph if item] for paragraph in paragraphs]
        self._lines = lines
        self._more = ELLIPSIS + Content(f" {more}") if more else ELLIPSIS

    def __str__(self) -> str:
        return "\n".join(GAP.join(paragraph).plain for paragraph in self._paragraphs)

    def render_strips(self, width: int, height: int | None, style: Style, options: RenderOptions) -> list[Strip]:
        return self._drawn(width).render_strips(width, height, style, options)

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        return max((GAP.join(each).cell_length for each in self._paragraphs), default=0)

    def get_height(self, rules: RulesMap, width: int) -> int:
        return self._drawn(width).get_height(rules, width)

    def _drawn(self, width: int) -> Content:
        packed = [(items, _packed(items, width)) for items in self._paragraphs if items]
        left = self._lines
        found: list[Content] = []
        for number, (items, lines) in enumerate(packed, start=1):
            room = max(1, left - (len(packed) - number))  # each of the others has a line
            found += [line.text for line in lines[:room]]
            if len(lines) > room:
                ellipsis = self._more if number == len(packed) and 2 * self._more.cell_length < width else ELLIPSIS
                found[-1] = _with_ellipsis(lines[room - 1], items, width, ellipsis)
            left -= min(room, len(lines))
        return Content("\n").join(found)


def _packed(items: Sequence[Content], width: int) -> list[_Line]:
    """As many items in each line as fit."""
    found: list[_Line] = []
    for number, item in enumerate(items, start=1):
        if found and _fits([*found[-1].items, item], width):
            found[-1].items.append(item)
            found[-1].begun = number
        else:
            *parts, last = item.wrap(max(1, width))
            found += [_Line([part], number, goes_on=True) for part in parts]
            found.append(_Line([last], number))
    return found


def _with_ellipsis(line: _Line, items: Sequence[Content], width: int, ellipsis: Content) -> Content:
    """The last line that has room, of one of these items after the other."""
    whole = [] if line.goes_on else list(line.items)
    while whole and not _fits([*whole, ellipsis], width):
        whole.pop()
    if whole:
        for item in items[line.begun :]:
            if _fits([*whole, item, ellipsis], width):
                whole.append(item)
        return GAP.join([*whole, ellipsis])
    return line.text.rstrip().truncate(max(1, width - ellipsis.cell_length)).rstrip() + ellipsis


def _fits(items: Sequence[Content], width: int) -> bool:
    return GAP.join(items).cell_length <= width
