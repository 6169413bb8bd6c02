"""Key names: those of Textual, those that people write, and which keys every terminal sends.

A terminal without the Kitty protocol sends ctrl+i as Tab, ctrl+m as Enter, ctrl+h as Backspace, and nothing for most
keys with alt or two modifiers.
"""

import difflib
import re

from textual.binding import Binding
from textual.keys import REPLACED_KEYS, key_to_character

from tui_registry_server import charset

DISPLAY_NAMES = {
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
"""How keys without a character are displayed, if not by their names."""

ASCII_NAMES = {"⏎": "enter", "␣": "space", "⇧tab": "shift+tab", "↓↑": "down/up", "⌫": "backspace"}
"""The replacements for those signs on terminals that display only ASCII."""

ALIASES = {"esc": "escape", "return": "enter", "pgup": "pageup", "pgdn": "pagedown", "del": "delete", "ins": "insert"}

NAMED = {*DISPLAY_NAMES, "tab", *(f"f{number}" for number in range(1, 13))}
"""The keys without a character that every terminal sends."""

UNUSABLE = {
    "ctrl+h": "most terminals send it as Backspace",
    "ctrl+i": "most terminals send it as Tab",
    "ctrl+j": "most terminals send it as a line feed",
    "ctrl+m": "most terminals send it as Enter",
    "ctrl+left_square_bracket": "every terminal sends it as Escape",
    "ctrl+c": "the terminal itself uses it",
    "ctrl+q": "it always quits, and cannot be rebound",
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
    """The character that a key types, or None."""
    typed = key_to_character(REPLACED_KEYS.get(key, key))
    return typed if typed is not None and typed.isprintable() else None


def is_character(key: str) -> bool:
    """Whether a key types a character. Space does not count: a text input takes it before any action does, and nothing
    is typed so fast after it that it could be lost."""
    return key != "space" and character(key) is not None


def display_name(key: str) -> str:
    """A key as displayed; a function key as on the keyboard."""
    if key in DISPLAY_NAMES:
        return DISPLAY_NAMES[key]
    return key.upper() if re.fullmatch(r"f\d+", key) else character(key) or key


def legend(text: str) -> str:
    """A hint with keys in it, as the terminal can display it."""
    if not text.isascii() and not charset.is_utf8():
        for sign, name in ASCII_NAMES.items():
            text = text.replace(sign, name)
    return text


def problem(key: str) -> str:
    """Why a key, by Textual's name, cannot be bound, and what to do; empty if it can."""
    if key in UNUSABLE:
        return f"{key} cannot be used: {UNUSABLE[key]}. Use a letter, a digit or a function key"
    if key in NAMED or character(key) is not None or re.fullmatch(r"ctrl\+[a-z]", key):
        return ""
    if "+" in key or re.fullmatch(r"f\d+", key):
        return f"{key} is not sent by every terminal. Use a letter, a digit, F1 to F12 or ctrl with a letter"
    close = difflib.get_close_matches(key, [*NAMED, *ALIASES], n=1)
    return (
        f"{key} is not a key. {f'Did you mean {close[0]}?' if close else 'Write a letter, or a name such as f5 or tab'}"
    )
