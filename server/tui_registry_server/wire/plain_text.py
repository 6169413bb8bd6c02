"""Sanitizing untrusted text for a terminal or a log, on both sides of the wire.

Names, tags, comments and error messages come from people and programs that are not trusted. The functions return plain
strings without control characters, format characters or lone surrogates: no escape sequence reaches the terminal,
nothing reverses the reading direction, nothing is invisible. They are not safe as markup: show them as Text, Content,
or with markup off.

Terminals disagree about the width of emoji that are joined, coloured or flags, and a wrong width shifts the rest of the
line. So such emoji are split into characters, each of which has a known width.
"""

import re
import unicodedata

ELLIPSIS = "…"
STAND_IN = "�"
LONGEST = 10_000  # characters that are printed of one text
MARKS = 2  # combining marks on one letter; more would cover the lines above

_PLAIN = re.compile(r"[ -~\n]*")
_INVISIBLE = dict.fromkeys(map(ord, "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"), " ")  # letters without ink
_VARIATIONS = dict.fromkeys([*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0), *range(0x1F3FB, 0x1F400)])
_FLAGS = {0x1F1E6 + number: chr(ord("A") + number) for number in range(26)}
_BREAKS = {ord("\t"): " ", ord("\u2028"): "\n", ord("\u2029"): "\n"}
_NOT_DRAWN = _INVISIBLE.keys() | _VARIATIONS.keys()
_REPLACEMENTS = _INVISIBLE | _VARIATIONS | _FLAGS | _BREAKS


def one_line(value: str, limit: int = LONGEST) -> str:
    """The text as one line: line breaks and tabs become spaces."""
    return " ".join(lines(value, limit)).strip()


def lines(value: str, limit: int = LONGEST) -> list[str]:
    """The lines of the text, cut to ``limit`` characters in total."""
    text = value[:limit]
    if not _PLAIN.fullmatch(text):
        text = _sanitize(text)
    if len(value) > limit:
        text += ELLIPSIS
    return text.split("\n")


def message(value: str) -> str:
    """A text whose lines after the first are indented, so that none can be mistaken for another message."""
    first, *others = lines(value.rstrip("\n"), len(value))
    return "\n  ".join([first, *others])


def is_invisible(character: str) -> bool:
    """Whether a character is removed here, or is a letter that is replaced by a space."""
    return ord(character) in _NOT_DRAWN or unicodedata.category(character) == "Cf"


def _sanitize(text: str) -> str:
    result: list[str] = []
    marks = 0
    for character in unicodedata.normalize("NFC", text.replace("\r\n", "\n").translate(_REPLACEMENTS)):
        category = unicodedata.category(character)
        if category in {"Mn", "Me"}:
            marks += 1
            if marks <= MARKS and result and result[-1] != "\n":
                result.append(character)
            continue
        if category == "Cf":  # joiners, direction marks, soft hyphens; marks before and after are on the same letter
            continue
        marks = 0
        if character == "\n" or " " <= character <= "~":
            result.append(character)
        elif category in {"Cc", "Cs", "Co", "Cn"}:
            result.append(STAND_IN)
        elif category == "Zs":
            result.append(" ")
        else:
            result.append(character)
    return "".join(result)
