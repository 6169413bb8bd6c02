"""Text from elsewhere, as the console shows it: through the gate of wire.plain_text, and cut to the cells there are."""

from rich.cells import cell_len, set_cell_size

from tui_registry_server.wire.plain_text import ELLIPSIS, LONGEST, MARKS, STAND_IN, lines, message, one_line

__all__ = ["ELLIPSIS", "LONGEST", "MARKS", "STAND_IN", "clip", "lines", "message", "one_line"]


def clip(text: str, width: int) -> str:
    """Exactly ``width`` cells of a line: cut with an ellipsis, or filled with spaces."""
    if width <= 0:
        return ""
    text = text[: 4 * width + 4]  # a character is rarely narrower than a cell; the rest cannot be seen
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(set_cell_size(text, width - 1).rstrip() + ELLIPSIS, width)
