"""How well a name matches what is typed, and by which of its letters."""

import re
from dataclasses import dataclass, field
from enum import IntEnum

SEPARATORS = re.compile(r"[\s\-_./@:]+")
MAX_CHARACTERS = 500  # of a name, that are compared
MIN_FUZZY_CHARACTERS = 2  # typed, below which any name with that letter would match


class Rank(IntEnum):
    """The kinds of matches, the best first."""

    EXACT = 0
    PREFIX = 1
    WORDS = 2
    """Every typed word begins a word of the name, in any order."""
    CONTAINS = 3
    """Every typed word is in the name."""
    FUZZY = 4
    """The typed letters are in the name in this order, with others between them."""


@dataclass(frozen=True, slots=True, order=True)
class Match:
    """``spread``: how many letters are between the matched ones, if these are scattered. ``positions``: the indexes of
    the matched letters."""

    rank: Rank
    spread: int = 0
    positions: frozenset[int] = field(default=frozenset(), compare=False)


def match(typed: str, name: str) -> Match | None:
    """The best match, case-insensitive, or None. Blanks around what is typed do not count."""
    wanted, text = _folded(typed.strip()), _folded(name[:MAX_CHARACTERS])
    if not wanted:
        return None
    if wanted == text:
        return Match(Rank.EXACT, 0, frozenset(range(len(text))))
    if text.startswith(wanted) or _plain(text).startswith(_plain(wanted)):
        return Match(Rank.PREFIX, 0, frozenset(range(len(wanted))))
    return _words(wanted, text) or _contains(wanted, text) or _fuzzy(wanted, text)


def _folded(text: str) -> str:
    """In lower case, and of the same length."""
    return "".join(low if len(low := character.casefold()) == 1 else character for character in text)


def _plain(text: str) -> str:
    """With a blank for each separator."""
    return re.sub(SEPARATORS.pattern.removesuffix("+"), " ", text)


def _words(wanted: str, text: str) -> Match | None:
    starts = [0, *(found.end() for found in SEPARATORS.finditer(text))]
    positions: set[int] = set()
    for word in filter(None, SEPARATORS.split(wanted)):
        start = next((each for each in starts if text.startswith(word, each)), None)
        if start is None:
            return None
        starts.remove(start)  # two equal words match two words
        positions.update(range(start, start + len(word)))
    return Match(Rank.WORDS, 0, frozenset(positions)) if positions else None


def _contains(wanted: str, text: str) -> Match | None:
    positions: set[int] = set()
    for word in wanted.split():
        start = text.find(word)
        if start < 0:
            return None
        positions.update(range(start, start + len(word)))
    return Match(Rank.CONTAINS, 0, frozenset(positions))


def _fuzzy(wanted: str, text: str) -> Match | None:
    """The letters up to the place where they are all there for the first time, as close together as they end there."""
    letters = "".join(wanted.split())
    if len(letters) < MIN_FUZZY_CHARACTERS:
        return None
    end = 0
    for letter in letters:
        found = text.find(letter, end)
        if found < 0:
            return None
        end = found + 1
    positions: list[int] = []
    for letter in reversed(letters):
        end = text.rfind(letter, 0, end)
        positions.append(end)
    return Match(Rank.FUZZY, positions[0] - positions[-1] + 1 - len(letters), frozenset(positions))
