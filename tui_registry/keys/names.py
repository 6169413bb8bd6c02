"""Keys: how Textual calls them, how people write them, and which of them every terminal sends.

A terminal without the Kitty protocol sends ctrl+i as Tab, ctrl+m as Enter, ctrl+h as Backspace, and nothing for most
keys with alt or two modifiers.
"""

import difflib
import re

from textual.binding import Binding
from textual.keys import REPLACED_KEYS, key_to_character

from tui_registry_server import charset

SHOWN = {
    "enter": "⏎",
    "space": "␣",
    "escape": "esc",
    "shift+tab": "⇧tab",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
    "insert": "Ins",
    "delete": "Del",
    "backspace": "⌫",
}
"""How keys without a character are written on the screen, if not by their names."""

NAMES = {"⏎": "enter", "␣": "space", "⇧tab": "shift+tab", "↓↑": "down/up", "⌫": "backspace"}
"""What those signs are called where only ASCII can be shown."""

ALIASES = {"esc": "escape", "return": "enter", "pgup": "pageup", "pgdn": "pagedown", "del": "delete", "ins": "insert"}

NAMED = {*SHOWN, "tab", *(f"f{number}" for number in range(1, 13))}
"""The keys without a character that every terminal sends."""

DEAD = {
    "ctrl+h": "most terminals send it as Backspace",
    "ctrl+i": "most terminals send it as Tab",
    "ctrl+j": "most terminals send it as a line feed",
    "ctrl+m": "most terminals send it as Enter",
    "ctrl+left_square_bracket": "every terminal sends it as Escape",
    "ctrl+c": "it is the terminal's own",
    "ctrl+q": "it leaves from everywhere, and cannot be given away",
}


def named(written: str) -> str:
    """Textual's name of a key as people write it: ``?`` is question_mark, ``Esc`` is escape, ``shift+g`` is G."""
    if len(written) == 1:
        if written == ",":
            return "comma"
        (binding,) = Binding.make_bindings([Binding(written, "")])
        return binding.key
    *modifiers, last = written.replace(" ", "").split("+")
    if len(last) == 1 and [each.lower() for each in modifiers] == ["shift"]:
        return last.upper()
    last = last.lower()
    if len(last) == 1:
        last = named(last)
    return "+".join([*(each.lower() for each in modifiers), ALIASES.get(last, last)])


def character(key: str) -> str | None:
    """What a key types, if it types anything."""
    typed = key_to_character(REPLACED_KEYS.get(key, key))
    return typed if typed is not None and typed.isprintable() else None


def is_character(key: str) -> bool:
    """Whether a key is one that is also typed in texts. Space is not counted: a line takes it before any action does,
    and nothing is typed so fast after it that it could be lost."""
    return key != "space" and character(key) is not None


def shown(key: str) -> str:
    """How a key is written for people; a function key as on the keyboard."""
    if key in SHOWN:
        return SHOWN[key]
    return key.upper() if re.fullmatch(r"f\d+", key) else character(key) or key


def legend(text: str) -> str:
    """A few words with keys in them, as the terminal can show them."""
    if not charset.is_utf8():
        for sign, name in NAMES.items():
            text = text.replace(sign, name)
    return text


def problem(key: str) -> str:
    """Why a key, by Textual's name, cannot be used, and what to do; empty if it can."""
    if key in DEAD:
        return f"{key} cannot be used: {DEAD[key]}. Take a letter, a digit or a function key"
    if key in NAMED or character(key) is not None or re.fullmatch(r"ctrl\+[a-z]", key):
        return ""
    if "+" in key or re.fullmatch(r"f\d+", key):
        return f"{key} is not sent by every terminal. Take a letter, a digit, F1 to F12 or ctrl with a letter"
    close = difflib.get_close_matches(key, [*NAMED, *ALIASES], n=1)
    return f"{key} is no key. {f'Do you mean {close[0]}?' if close else 'Write a letter, or a name such as f5 or tab'}"
