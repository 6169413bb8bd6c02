"""What a key may do in a screen that its user had not seen when it was pressed."""

from textual.events import Key
from textual.screen import Screen

from tui_registry.keys.keymap import Keymap
from tui_registry.screens.base.place import Place


def may_act_unseen(key: Key, screen: Screen[object], keymap: Keymap) -> bool:
    """Typing goes on in what it opens, and moves on from place to place; but nothing is changed, nor agreed to in a
    dialog, by a key that was pressed before it could be seen what the key would do."""
    if key.key in {"escape", "ctrl+c", "ctrl+q"}:  # which mean the same everywhere
        return True
    if screen.focused is not None and screen.focused.check_consume_key(key.key, key.character):
        return True
    if isinstance(screen, Place):
        return not any(action.writes and key.key in action.keys.split(",") for action in keymap.of_place(screen.place))
    return bool(getattr(screen, "only_opens", False))
