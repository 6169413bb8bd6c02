"""A text whose wrapped lines are indented as the line that they continue."""

import re

from textual.content import Content
from textual.css.styles import RulesMap
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual

MIN_CELLS = 8  # of text beside an indentation; where there are fewer, nothing is indented
BAR = "│ "
_START = re.compile(rf" *(?:{BAR})?(?:[•!] |[-+] (?:[-*] )?|“)?")
_NO_BAR = re.compile("[^│]")


def quoted(line: str, indentation: str = "  ") -> Content:
    """A line that somebody wrote, behind a bar in every line that it is wrapped to, so that it is distinguished from
    what the console says."""
    return Content.assemble((f"{indentation}{BAR}", "dim"), line)


class HangingIndent(Visual):
    """Its lines are wrapped to any width. What begins with ``• ``, ``! ``, the ``+ `` or ``- `` of a comparison or a
    quotation mark continues behind that; a bar is repeated."""

    def __init__(self, content: Content) -> None:
        self._content = content

    def __str__(self) -> str:
        return self._content.plain

    def render_strips(self, width: int, height: int | None, style: Style, options: RenderOptions) -> list[Strip]:
        return self._wrapped(width).render_strips(width, height, style, options)

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        return self._content.get_optimal_width(rules, container_width)

    def get_height(self, rules: RulesMap, width: int) -> int:
        return self._wrapped(width).get_height(rules, width)

    def _wrapped(self, width: int) -> Content:
        return Content("\n").join(
            part for line in self._content.split(allow_blank=True) for part in hanging(line, width)
        )


def hanging(line: Content, width: int) -> list[Content]:
    """A line, wrapped to a width, as Hanging does; as it is, where it fits or nothing is to be indented."""
    found = _START.match(line.plain)
    start = found[0] if found else ""
    if line.cell_length <= width or not start or width - len(start) < MIN_CELLS:
        return [line]
    first, rest = line.divide([len(start)])
    blank = Content(_NO_BAR.sub(" ", start), spans=list(first.spans))
    parts = rest.wrap(width - len(start))
    return [first + parts[0], *(blank + part for part in parts[1:])]
