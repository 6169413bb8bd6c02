"""The one gate that text from elsewhere passes on its way to a terminal or a log, on both sides of the wire.

Names, tags, comments and error messages come from people and programs that nobody vetted. What leaves this module is
a plain string without control, formatting or half characters: no escape sequence reaches the terminal, nothing reverses
the reading direction, nothing hides. It is still not safe as markup: show it as Text, Content, or with markup off.

Terminals disagree about the width of emoji that are joined, coloured or flags, and a line that is a cell longer than
was thought shifts all that follows. So such pictures are taken apart into characters of which each has its own width.
"""

import re
import unicodedata

ELLIPSIS = "…"
STAND_IN = "�"
LONGEST = 10_000  # characters that are shown of one text; nobody reads on, and the terminal must not be drowned
MARKS = 2  # accents that may stand on one letter; more climb over the lines above

_PLAIN = re.compile(r"[ -~\n]*")
_UNSEEN = dict.fromkeys(map(ord, "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"), " ")  # letters without ink
_VARIATIONS = dict.fromkeys([*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0), *range(0x1F3FB, 0x1F400)])
_FLAGS = {0x1F1E6 + number: chr(ord("A") + number) for number in range(26)}
_BREAKS = {ord("\t"): " ", ord("\u2028"): "\n", ord("\u2029"): "\n"}
_UNDRAWN = _UNSEEN.keys() | _VARIATIONS.keys()
_REPLACED = _UNSEEN | _VARIATIONS | _FLAGS | _BREAKS


def one_line(value: str, limit: int = LONGEST) -> str:
    """The text in one line: breaks and tabs become spaces."""
    return " ".join(lines(value, limit)).strip()


def lines(value: str, limit: int = LONGEST) -> list[str]:
    """The text by lines."""
    shown = value[:limit]
    if not _PLAIN.fullmatch(shown):
        shown = _cleaned(shown)
    if len(value) > limit:
        shown += ELLIPSIS
    return shown.split("\n")


def message(value: str) -> str:
    """A text of several lines, of which all but the first are indented: none can pass for another message."""
    first, *others = lines(value.rstrip("\n"), len(value))
    return "\n  ".join([first, *others])


def is_invisible(character: str) -> bool:
    """Whether nothing is left of a character here, or only a blank that is not one."""
    return ord(character) in _UNDRAWN or unicodedata.category(character) == "Cf"


def _cleaned(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for character in unicodedata.normalize("NFC", text.replace("\r\n", "\n").translate(_REPLACED)):
        category = unicodedata.category(character)
        if category in {"Mn", "Me"}:
            marks += 1
            if marks <= MARKS and kept and kept[-1] != "\n":
                kept.append(character)
            continue
        if category == "Cf":  # joiners, direction marks, soft hyphens; marks on both sides are on the same letter
            continue
        marks = 0
        if character == "\n" or " " <= character <= "~":
            kept.append(character)
        elif category in {"Cc", "Cs", "Co", "Cn"}:
            kept.append(STAND_IN)
        elif category == "Zs":
            kept.append(" ")
        else:
            kept.append(character)
    return "".join(kept)
