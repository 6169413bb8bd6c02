"""Cutting a line to a width in cells so that what distinguishes it from another one is still seen."""

from collections.abc import Iterable
from itertools import takewhile
from typing import NamedTuple

from rich.cells import cell_len, get_character_cell_size, set_cell_size

from tui_registry.terminal.sanitize import ELLIPSIS, clip

MIN_MIDDLE_CELLS = 8  # with fewer, a line is cut at its end
WORD = 16  # characters of a word before and behind a difference that are shown with it


class Part(NamedTuple):
    """Characters of a line, from ``start`` to before ``end``."""

    start: int
    end: int


def clip_middle(text: str, width: int) -> str:
    """Exactly ``width`` cells of a line: cut in the middle, so that both ends are seen, or filled with spaces."""
    if width < MIN_MIDDLE_CELLS or cell_len(text) <= width:
        return clip(text, width)
    tail = (width - 1) * 2 // 5
    return set_cell_size(f"{_head(text, width - 1 - tail)}{ELLIPSIS}{_tail(text, tail)}", width)


def clip_around(text: str, width: int, part: Part) -> str:
    """Exactly ``width`` cells of a line, cut so that ``part`` is seen, or its beginning, if there is no more room."""
    start, end = part
    if width < 3 or start == 0 or cell_len(text) <= width or cell_len(text[:end]) < width:
        return clip(text, width)
    if cell_len(text[start:]) < width:
        begin = _word_start(text, len(text) - len(_tail(text, width - 1)), start)
    else:
        before = _tail(text[:start], max(0, width - 2 - cell_len(text[start:end])))
        begin = _word_start(text, start - len(before), start)
    return clip(f"{ELLIPSIS}{text[begin:]}", width)


def differing(one: str, other: str) -> tuple[Part, Part]:
    """The part of each of two lines that is not in the other one, with the words that it begins and ends in."""
    start = _count(zip(one, other, strict=False))
    same_end = _count(zip(reversed(one[start:]), reversed(other[start:]), strict=False))
    start -= _word(reversed(one[max(0, start - WORD) : start]))
    same_end -= _word(one[len(one) - same_end :][:WORD]) if same_end else 0
    return Part(start, len(one) - same_end), Part(start, len(other) - same_end)


def _word_start(text: str, at: int, latest: int) -> int:
    """Where the next word begins, if ``at`` is in the middle of one, but not behind ``latest``."""
    if not (0 < at < len(text) and text[at - 1].isalnum()):
        return at
    return min(at + _word(text[at:latest]), latest)


def _count(pairs: Iterable[tuple[str, str]]) -> int:
    """How many pairs at the beginning are of equal characters."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _word(characters: Iterable[str]) -> int:
    """How many characters at the beginning belong to a word."""
    return sum(1 for _ in takewhile(str.isalnum, characters))


def _head(text: str, cells: int) -> str:
    """The beginning of a line, at most so many cells."""
    return text[: _fitting(text, cells)]


def _tail(text: str, cells: int) -> str:
    """The end of a line, at most so many cells."""
    return text[len(text) - _fitting(reversed(text), cells) :]


def _fitting(characters: Iterable[str], cells: int) -> int:
    """How many characters fit into so many cells."""
    fitting = 0
    for character in characters:
        cells -= get_character_cell_size(character)
        if cells < 0:
            break
        fitting += 1
    return fitting
