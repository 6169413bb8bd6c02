"""The lines of two texts beside each other in one list: which are in both, and which in one."""

from difflib import SequenceMatcher
from enum import StrEnum
from typing import NamedTuple

MAX_LINES = 1_000  # of either text: no key acts while they are compared


class Side(StrEnum):
    """Where a line is, by the sign before it."""

    BOTH = " "
    ONE = "-"
    OTHER = "+"


class Line(NamedTuple):
    side: Side
    text: str


def diff(one: str, other: str) -> list[Line] | None:
    """All lines of both, in order, with what is only in ``one`` before what is there in ``other`` instead. None if they
    have too many lines."""
    before, after = one.split("\n"), other.split("\n")
    if max(len(before), len(after)) > MAX_LINES:
        return None
    found: list[Line] = []
    for tag, start, end, other_start, other_end in SequenceMatcher(None, before, after).get_opcodes():
        if tag == "equal":
            found += [Line(Side.BOTH, text) for text in before[start:end]]
        else:
            found += [Line(Side.ONE, text) for text in before[start:end]]
            found += [Line(Side.OTHER, text) for text in after[other_start:other_end]]
    return found
