"""The one gate that text from elsewhere passes on its way to the screen.

Names, tags, comments and error messages come from people and programs that nobody vetted. What leaves this module is
a plain string without control, formatting or half characters: no escape sequence reaches the terminal, nothing reverses
the reading direction, nothing hides. It is still not safe as markup: show it as Text, Content, or with markup off.

Terminals disagree about the width of emoji that are joined, coloured or flags, and a line that is a cell longer than
was thought shifts all that follows. So such pictures are taken apart into characters of which each has its own width.
"""

import re
import unicodedata

from rich.cells import cell_len, set_cell_size

ELLIPSIS = "…"
BLANK = "␣"
STAND_IN = "�"
LONGEST = 10_000  # characters that are shown of one text; nobody reads on, and the terminal must not be drowned
MARKS = 2  # accents that may stand on one letter; more climb over the lines above

_PLAIN = re.compile(r"[ -~\n]*")
_UNSEEN = dict.fromkeys(map(ord, "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"), " ")  # letters without ink
_VARIATIONS = dict.fromkeys([*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0), *range(0x1F3FB, 0x1F400)])
_FLAGS = {0x1F1E6 + number: chr(ord("A") + number) for number in range(26)}
_BREAKS = {ord("\t"): " ", ord("\u2028"): "\n", ord("\u2029"): "\n"}
_ODD_BLANKS = re.compile(
    r"^ +| +$| {2,}|[\t\n\r\v\f\u0085\u00a0\u1680\u180e\u2000-\u200b\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
    r"\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0]"
)
_REPLACED = _UNSEEN | _VARIATIONS | _FLAGS | _BREAKS


def one_line(value: str, limit: int = LONGEST) -> str:
    """The text in one line: breaks and tabs become spaces."""
    return " ".join(lines(value, limit)).strip()


def visible(name: str) -> str:
    """A name in one line, with a sign for every blank that could not be seen, or be taken for another: at its ends,
    beside another one, or not the usual one. So that names that are not the same do not look it."""
    return one_line(_ODD_BLANKS.sub(lambda blanks: BLANK * len(blanks[0]), name))


def lines(value: str, limit: int = LONGEST) -> list[str]:
    """The text by lines."""
    shown = value[:limit]
    if not _PLAIN.fullmatch(shown):
        shown = _cleaned(shown)
    if len(value) > limit:
        shown += ELLIPSIS
    return shown.split("\n")


def clip(text: str, width: int) -> str:
    """Exactly ``width`` cells of a line: cut with an ellipsis, or filled with spaces."""
    if width <= 0:
        return ""
    text = text[: 4 * width + 4]  # a character is rarely narrower than a cell; the rest cannot be seen
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(set_cell_size(text, width - 1).rstrip() + ELLIPSIS, width)


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
