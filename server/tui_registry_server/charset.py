"""Which characters a terminal can show, by its locale, and the replacements for the rest: an ASCII sign of the same
width for each of our own signs, a question mark per cell for other characters.
"""

import codecs
import locale
import os
from collections.abc import Mapping
from encodings import ascii as ascii_codec
from pathlib import Path
from typing import Any

ERRORS = "tui-registry"
"""The name of the codec error handler of our output streams."""

PLAIN = "tui_registry_plain"
"""The name of an encoding that is ASCII: for a stream in "ascii" itself, click assumes a misconfiguration and writes
UTF-8."""

SIGNS: Mapping[str, str] = {
    "…": "~",
    "⋯": "~",
    "→": ">",
    "←": "<",
    "↑": "^",
    "↓": "v",
    "▲": "^",
    "▼": "v",
    "›": ">",
    "⇧": "^",
    "⌫": "<",
    "⏎": "<",
    "␣": "?",
    "●": "*",
    "•": "*",
    "◌": "o",
    "✗": "x",
    "≠": "!",
    "–": "-",
    "—": "-",
    "·": "-",
    "━": "=",
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "▎": ">",
    "▔": "-",
    "▁": "_",
    "\N{NO-BREAK SPACE}": " ",
    **dict.fromkeys("─═╌╍┄┅┈┉╴╶╸╺╼╾", "-"),
    **dict.fromkeys("│┃║╎╏┆┇┊┋╵╷╹╻╽╿▏▍▌▋▊▉▐▕", "|"),
}
"""Our own signs, and those of borders, bars and plots; see also _box_drawing."""

COERCED = {"C.UTF-8", "C.utf8", "UTF-8"}
"""What Python sets LC_CTYPE to where the locale is C (PEP 538)."""
UNSET = {"", "C", "POSIX"}


def is_utf8(environment: Mapping[str, str] | None = None) -> bool:
    """Whether the terminal shows every letter, as far as the locale says."""
    environment = os.environ if environment is None else environment
    name = _locale(environment)
    if name in UNSET:
        return environment.get("PYTHONUTF8") == "1"
    codeset = name.partition(".")[2].partition("@")[0] or (name if "_" not in name else locale.getencoding())
    return codeset.lower().replace("-", "") == "utf8"


def has_locale(environment: Mapping[str, str] | None = None) -> bool:
    """Whether a locale is set at all: without one, as in many containers, files are in UTF-8."""
    return bool(_locale(os.environ if environment is None else environment))


def plain(text: str) -> str:
    """The text in ASCII, of the same width in cells."""
    if text.isascii():
        return text
    return "".join(character if character.isascii() else _sign(character) for character in text)


def replace_unencodable(error: UnicodeError) -> tuple[str, int]:
    """A codec error handler: replaces what the encoding of a stream does not have."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return plain(error.object[error.start : error.end]), error.end


def _plain_ascii(name: str) -> codecs.CodecInfo | None:
    return (
        codecs.CodecInfo(encode=_ASCII.encode, decode=_ASCII.decode, name=PLAIN, **_STREAMS) if name == PLAIN else None
    )


_ASCII = ascii_codec.getregentry()
_STREAMS: dict[str, Any] = {
    name: getattr(_ASCII, name) for name in ("incrementalencoder", "incrementaldecoder", "streamwriter", "streamreader")
}
codecs.register_error(ERRORS, replace_unencodable)
codecs.register(_plain_ascii)


def _sign(character: str) -> str:
    if sign := SIGNS.get(character) or _box_drawing(ord(character)):
        return sign
    from rich.cells import get_character_cell_size

    return "?" * get_character_cell_size(character)


def _box_drawing(code: int) -> str:
    if 0x2500 <= code < 0x2580:  # lines
        return "+"
    if 0x2580 <= code < 0x25A0:  # blocks
        return "#"
    if 0x2800 <= code < 0x2900:  # dots: 1 to 8 of them
        dots = (code - 0x2800).bit_count()
        return " " if not dots else "." if dots < 4 else ":"
    return ""


def _locale(environment: Mapping[str, str]) -> str:
    ctype = environment.get("LC_CTYPE", "")
    if environment is os.environ and ctype in COERCED and not _was_inherited("LC_CTYPE"):
        ctype = ""
    return environment.get("LC_ALL") or ctype or environment.get("LANG", "")


def _was_inherited(variable: str) -> bool:
    """Whether a variable was set when the process started; True where that cannot be determined."""
    try:
        initial = Path("/proc/self/environ").read_bytes()
    except OSError:
        return True
    return any(each.startswith(f"{variable}=".encode()) for each in initial.split(b"\0"))
