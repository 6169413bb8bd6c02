"""Descriptions and comments, truncated to what is displayed, as plain lines; and whether there is more of them."""

from rich.cells import cell_len
from textual.content import Content

from tui_registry.terminal.sanitize import ELLIPSIS, lines, plain

MAX_TEXT_LENGTH = 2_000  # characters of a description or comment; the server's review has one more of a description
MODEL_DETAILS, VERSION_DETAILS = "see the model's details", "see the version's details"  # where all of a text is


def is_truncated(text: str, longest: int = MAX_TEXT_LENGTH) -> bool:
    """Whether only the beginning of a text is shown: what counts is the text with the marks of Markdown."""
    return len(text) > longest


def there_is_more(text: str, where: str, longest: int = MAX_TEXT_LENGTH) -> list[Content]:
    """A line below the beginning of a text, unless that is all of it."""
    return [Content.styled(f"… there is more: {where}", "dim")] if is_truncated(text, longest) else []


def plain_lines(text: str, longest: int = MAX_TEXT_LENGTH) -> list[str]:
    """The beginning of a text without the marks of Markdown."""
    shown = plain(text[:longest]) + (ELLIPSIS if is_truncated(text, longest) else "")
    return lines(shown, len(shown)) if text else []


def wrapped_lines(text: str, width: int, longest: int = MAX_TEXT_LENGTH) -> list[str]:
    """The beginning of a text in lines of at most ``width`` cells, cut between words and lines."""
    return [part for line in plain_lines(text, longest) for part in cell_lines(line, width)]


def cell_lines(line: str, width: int) -> list[str]:
    """A line in lines of at most ``width`` cells, which a wide character has two of; long words, such as URIs, are
    broken."""
    if cell_len(line) <= width:
        return [line.rstrip()]
    return [part.plain.rstrip() for part in Content(line).wrap(max(20, width))]
