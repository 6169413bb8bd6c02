"""The user's saved views as actions, with the keys that they were given."""

from collections.abc import Mapping
from dataclasses import replace

from tui_registry.keys import names as key_names
from tui_registry.keys.action import EVERYWHERE, Action
from tui_registry.keys.actions import VIEW_PLACES
from tui_registry.keys.keymap import Keymap
from tui_registry.session.saved_view import SavedView

FREE_KEYS = (*(f"f{number}" for number in range(1, 13)), *"67890dfmzBFLMOQUWXZ")
"""Keys that are offered for views, if nothing uses them."""


def with_views(keymap: Keymap, views: Mapping[str, SavedView]) -> tuple[Keymap, list[str]]:
    """The keymap with the actions of these views, and why some of them have no action, or no key."""
    problems: list[str] = []
    for name, view in views.items():
        if view.place not in VIEW_PLACES:
            problems.append(f"views.{name}: there is no place '{view.place}': use {', '.join(VIEW_PLACES)}")
            continue
        key = key_names.named(view.key) if view.key else ""
        if problem := key_problem(keymap, key):
            problems.append(f"views.{name}: {problem}")
            key = ""
        keymap = replace(keymap, custom=(*keymap.custom, _action(name, view, key)))
    return keymap, problems


def key_problem(keymap: Keymap, key: str) -> str:
    """Why a key, by Textual's name, cannot be that of a view; empty if it can, or is empty."""
    if not key:
        return ""
    if problem := key_names.problem(key):
        return problem
    users = _users(keymap)
    if key not in users:
        return ""
    free = " ".join(key_names.display_name(each) for each in FREE_KEYS if each not in users)
    return f"{key_names.display_name(key)} already is {users[key]}: use another key, such as {free}"


def _users(keymap: Keymap) -> dict[str, str]:
    """What uses each key, anywhere."""
    used = [*keymap.actions, *keymap.movements.values()]
    return {key: action.label for action in used for key in action.keys.split(",") if key}


def _action(name: str, view: SavedView, key: str) -> Action:
    shown = key_names.display_name(key) if key else ""
    return Action(f"view('{name}')", key, shown, name, f"Open the view {name}: {view.description}", (EVERYWHERE,), 10)
