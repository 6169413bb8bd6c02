"""Sanitizing text from the server for display, by wire.plain_text, and cutting it to a width in cells."""

import re

from rich.cells import cell_len, set_cell_size

from tui_registry_server.wire.plain_text import (
    ELLIPSIS,
    LONGEST,
    MARKS,
    STAND_IN,
    is_invisible,
    lines,
    message,
    one_line,
)

__all__ = [
    "ELLIPSIS",
    "LONGEST",
    "MARKS",
    "STAND_IN",
    "clip",
    "lines",
    "message",
    "one_line",
    "plain",
    "program_output",
    "summary",
    "visible",
]

BLANK = "␣"
_NAME = re.compile(f"[!-~]{{0,{LONGEST}}}")  # as most names are: shown as it is
_MARKUP = re.compile(r"[#|`~>\[*]|---")  # without any of these, a text is plain
_HEADING = re.compile(r"^ {0,3}#{1,6}(?:[ \t]+|$)", re.MULTILINE)
_RULE = re.compile(r"^(?=.*---)[|: \t-]+$", re.MULTILINE)  # below the titles of a table, or a line
_TABLE_ROW = re.compile(r"^[ \t]*\|(.*)$", re.MULTILINE)  # the last one may be cut
_FENCE = re.compile(r"^ {0,3}(?:```|~~~)[^`\n]*$\n?", re.MULTILINE)  # around code
_QUOTE = re.compile(r"^ {0,3}>[ \t]?", re.MULTILINE)
_LINK = re.compile(r"!?\[([^\[\]\n]+)\]\([^()\s]*(?: +\"[^\"\n]*\")?\)")  # in linear time, whatever the text is
_EMPHASIS = re.compile(
    r"\*\*(?=\S)([^*\n]+)(?<=\S)\*\*|`([^`\n]+)`|(?<![\w*])\*(?=[^\s*])([^*\n]+)(?<=[^\s*])\*(?![\w*])"
    r"|~~(?=\S)([^~\n]+)(?<=\S)~~"
)  # but not __: it is in names such as __init__.py
_UNUSUAL_SPACES = re.compile(r"^ +| +$| {2,}|[\t\n\r\v\f\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")

_ESCAPE_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])")


def visible(name: str) -> str:
    """A name in one line, with invisible characters made visible, so that different names look different: whitespace at
    its ends, repeated, or other than a plain space; and zero-width characters such as joiners and direction marks."""
    if _NAME.fullmatch(name):
        return name
    if not name.isascii():
        name = "".join(BLANK if is_invisible(character) else character for character in name)
    return one_line(_UNUSUAL_SPACES.sub(lambda match: BLANK * len(match[0]), name))


def plain(markdown: str) -> str:
    """A description or comment without the marks of headings, tables, quotations, links, code and emphasis, where it is
    not drawn as Markdown; its lines stay lines."""
    if not _MARKUP.search(markdown):
        return markdown
    text = _RULE.sub("", _QUOTE.sub("", _HEADING.sub("", _FENCE.sub("", markdown))))
    text = _TABLE_ROW.sub(lambda row: " · ".join(cell for each in row[1].split("|") if (cell := each.strip())), text)
    return _EMPHASIS.sub(lambda found: next(filter(None, found.groups())), _LINK.sub(r"\1", text))


def summary(markdown: str, longest: int) -> str:
    """A description or comment as plain text in one line of at most ``longest`` characters. It is cut between words:
    half of a number is another one."""
    line = one_line(plain(markdown[: 2 * longest]).lstrip(), longest)
    whole, space, _ = line.rpartition(" ")
    return f"{whole} {ELLIPSIS}" if space and line.endswith(ELLIPSIS) else line


def program_output(text: str) -> list[str]:
    """The lines of a program's output, without its colours and other escape sequences, and of what it wrote over, such
    as a progress bar, the last."""
    text = _ESCAPE_SEQUENCE.sub("", text.replace("\r\n", "\n")).rstrip()
    written = [line.rstrip("\r").rpartition("\r")[2].expandtabs() for line in text.split("\n")]
    return lines("\n".join(written), len(text) + 8 * text.count("\t"))


def clip(text: str, width: int) -> str:
    """Exactly ``width`` cells of a line: cut with an ellipsis, or filled with spaces."""
    if width <= 0:
        return ""
    text = text[: 4 * width + 4]  # a character is rarely narrower than a cell; the rest cannot be seen
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(set_cell_size(text, width - 1).rstrip() + ELLIPSIS, width)
