"""Moving in lists: the same keys in every list, rebound like the actions."""

from tui_registry.keys.action import Action

LISTS = "lists"
SIDEWAYS = "sideways"
"""To another list beside it: how the names of such movements begin."""


def _move(id_: str, keys: str, display_key: str, label: str, help_: str) -> Action:
    return Action(id_, keys, display_key, label, help_, (LISTS,))


MOVEMENT = {
    "down": _move("move(1)", "down,j", "↓", "down", "Go to the next row"),
    "up": _move("move(-1)", "up,k", "↑", "up", "Go to the previous row"),
    "page_down": _move("page(1)", "pagedown", "PgDn", "page down", "Go down one page"),
    "page_up": _move("page(-1)", "pageup", "PgUp", "page up", "Go up one page"),
    "half_page_down": _move("half_page(1)", "", "", "half a page down", "Go down half a page"),
    "half_page_up": _move("half_page(-1)", "", "", "half a page up", "Go up half a page"),
    "first": _move("first", "home,g", "Home", "first", "Go to the first row"),
    "last": _move("last", "end,G", "End", "last", "Go to the last row"),
    "left": _move("sideways(-1)", "left,h", "←", "left", "Go to the list on the left"),
    "right": _move("sideways(1)", "right,l", "→", "right", "Go to the list on the right"),
    "open": _move("open", "enter", "⏎", "open", "Open the row under the cursor"),
}
"""By their names in keymaps: ``open`` is the action of that name, too."""
