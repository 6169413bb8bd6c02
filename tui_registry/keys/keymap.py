"""Which keys do what: the defaults of the table of actions, or what a user's file makes of them.

    based_on = "default"    # or "vim"

    [keys]
    approve = "f6"
    page_down = ["pagedown", "ctrl+f"]

Textual has keymaps of its own (``App.set_keymap``), but drops an action whose key is taken without a word, decides by
the default keys which ones a line of text swallows, and leaves a letter without the priority that it needs here (see
actions.bindings). So a screen's bindings are made anew from the table, as the keymap has it, and a file is checked
first: one with a problem is not used at all.
"""

import difflib
import json
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

from textual.binding import BindingsMap

from tui_registry.keys import names as key_names
from tui_registry.keys.actions import ACTIONS, EVERYWHERE, Action, bindings, characters, of_place
from tui_registry.keys.movement import LISTS, MOVEMENT

Keys = Mapping[str, tuple[str, ...]]
"""Keys by Textual's names, of actions and movements by their own."""

SHIPPED = ("default", "vim")

KEPT = {"back": "escape", "down": "down", "up": "up"}
"""The keys that work in a line that is typed in, too, and cannot be taken from what they do."""


class KeymapError(Exception):
    """A keymap cannot be used. ``problems`` has everything that is wrong with it, each with what to do."""

    def __init__(self, source: str, problems: list[str]) -> None:
        super().__init__(
            "\n".join([f"{source}:", *(f"- {problem}{'' if problem.endswith('?') else '.'}" for problem in problems)])
        )
        self.problems = problems


@dataclass(frozen=True)
class Keymap:
    """The keys in force, of every action and movement."""

    name: str
    keys: Keys

    @cached_property
    def actions(self) -> tuple[Action, ...]:
        """The table, with these keys."""
        return tuple(_keyed(action, self.keys[action.name]) for action in ACTIONS)

    @cached_property
    def movements(self) -> dict[str, Action]:
        return {name: _keyed(action, self.keys[name]) for name, action in MOVEMENT.items()}

    @cached_property
    def characters(self) -> frozenset[str]:
        """The methods of the actions that are dead while text is typed."""
        return characters(self.actions)

    @cached_property
    def moving(self) -> str:
        """The keys that move in lists, in a few words."""
        told = (self.movements[name] for name in ("down", "up", "first", "last", "page_down", "page_up"))
        return " ".join("/".join(map(key_names.shown, _split(action.keys)[:2])) for action in told if action.keys)

    def of_place(self, place: str) -> list[Action]:
        return of_place(place, self.actions)

    def rebound(self, default: BindingsMap, place: str) -> BindingsMap:
        """The bindings of a screen, of the application (EVERYWHERE) or of a list (LISTS) with these keys: those of the
        table anew, the others as they are."""
        table = self.movements.values() if place == LISTS else self.actions
        ours = {action.id for action in table if place in action.places}
        kept = [binding for _, binding in default if binding.action not in ours]
        return BindingsMap([*kept, *bindings(place, table)])


def _keyed(action: Action, keys: tuple[str, ...]) -> Action:
    if ",".join(keys) == action.keys:
        return action
    return replace(action, keys=",".join(keys), shown=key_names.shown(keys[0]) if keys else "")


def named_actions() -> Iterator[tuple[str, Action]]:
    """Every action and movement with its name. A name may come again, for another place."""
    yield from ((action.name, action) for action in ACTIONS)
    yield from MOVEMENT.items()


def _split(keys: str) -> tuple[str, ...]:
    return tuple(key for key in keys.split(",") if key)


DEFAULT = Keymap("default", {name: _split(action.keys) for name, action in named_actions()})


def in_force(app: object) -> Keymap:
    """An application's keymap; the default one, if it has none."""
    keymap = getattr(app, "keymap", None)
    return keymap if isinstance(keymap, Keymap) else DEFAULT


def load(wanted: str, *, beside: Path) -> Keymap:
    """A keymap that is shipped, by its name, or a file's; a path that is not absolute begins at ``beside``. Raises
    KeymapError."""
    if wanted == "default":
        return DEFAULT
    if wanted in SHIPPED:
        text = resources.files("tui_registry.keys").joinpath("keymaps", f"{wanted}.toml").read_text(encoding="utf-8")
        return read(wanted, text)
    if "/" not in wanted and not wanted.endswith(".toml"):
        raise KeymapError("keymap", [f"there is no keymap '{wanted}': write {_either(SHIPPED)}, or a file's path"])
    file = beside / Path(wanted).expanduser()
    try:
        text = file.read_text(encoding="utf-8-sig")  # some editors begin it with a byte order mark
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        raise KeymapError(str(file), [f"the keymap cannot be read: {why}"]) from None
    return read(str(file), text)


def load_or_default(wanted: str, *, beside: Path) -> tuple[Keymap, list[str]]:
    """A keymap or, if it cannot be used, the default one and the problems."""
    try:
        return load(wanted, beside=beside), []
    except KeymapError as error:
        return DEFAULT, str(error).splitlines()


def read(name: str, text: str) -> Keymap:
    """The keymap that a file's text describes; ``name`` is how it is called. Raises KeymapError."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise KeymapError(name, [f"it is not valid TOML: {error}"]) from None
    problems = [
        f"there is no setting '{each}' in a keymap: only based_on and [keys]"
        for each in sorted(content.keys() - {"based_on", "keys"})
    ]
    based_on, given = content.get("based_on", "default"), content.get("keys", {})
    base = DEFAULT.keys
    if based_on not in SHIPPED:
        problems.append(f"based_on must be {_either(SHIPPED)}")
    elif based_on != name:
        base = load(based_on, beside=Path()).keys
    if not isinstance(given, dict):
        problems.append("keys must be a table: write [keys], and below it one action a line")
        given = {}
    changed = dict(_changed(given, problems))
    keymap = Keymap(name, {**base, **changed})
    problems += [*_misuses(keymap.keys), *_clashes(keymap.keys)]
    if problems:
        raise KeymapError(name, problems)
    return keymap


def _changed(given: Mapping[str, Any], problems: list[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What a file's ``[keys]`` change, as far as it can be understood; what cannot be is added to the problems."""
    for name, value in given.items():
        if name not in DEFAULT.keys:
            close = difflib.get_close_matches(name, DEFAULT.keys, n=1)
            means = f"do you mean {close[0]}?" if close else "'tui-registry keys' lists them"
            problems.append(f"there is no action {name}: {means}")
            continue
        written = value if isinstance(value, list) else [value]
        if not all(isinstance(each, str) and each.strip() for each in written):
            problems.append(f'{name} must be a key, such as "f6", or a list of keys')
            continue
        keys = dict.fromkeys(key_names.named(each.strip()) for each in written)
        bad = [problem for key in keys if (problem := key_names.problem(key))]
        problems += [f"{name}: {problem}" for problem in bad]
        if not bad:
            yield name, tuple(keys)


def _misuses(keys: Keys) -> Iterator[str]:
    """What is against the rules of the console, key by key."""
    for action, key in KEPT.items():
        if key not in keys[action]:
            yield f"{action} must keep {key}, which does the same while text is typed: add it to the list"
    if not keys["help"]:
        yield "help must have a key: it lists the others"
    for action in dict.fromkeys(action.name for action in ACTIONS if action.writes):
        for key in keys[action]:
            if key.startswith("ctrl+"):
                yield f"{action} changes the registry, and {key} is too easily pressed: take a letter or a function key"


def _clashes(keys: Keys) -> Iterator[str]:
    """The keys that would do two things in one place. Movements are in every place; ``open`` is only where there is an
    action of that name, as elsewhere a list's Enter does what the place has under it."""
    places = dict.fromkeys(place for action in ACTIONS for place in action.places if place != EVERYWHERE)
    clashes: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for place in places:
        users: dict[str, dict[str, None]] = defaultdict(dict)
        for name in [*(action.name for action in of_place(place)), *(name for name in MOVEMENT if name != "open")]:
            for key in keys[name]:
                users[key][name] = None
        for key, same in users.items():
            if len(same) > 1:
                clashes[key, tuple(same)].append(place)
    for (key, names), where in clashes.items():
        told = EVERYWHERE if len(where) == len(places) else f"in {', '.join(where)}"
        yield f"{key_names.shown(key)} would be {' and '.join(names)} {told}: give one of them another key"


def table(keymap: Keymap) -> Iterator[tuple[str, str, str, str]]:
    """The keymap for people: keys, name, what it does, where."""
    for action in (*keymap.actions, *keymap.movements.values()):
        name = next((name for name, each in keymap.movements.items() if each is action), action.name)
        keys = " ".join(key_names.shown(key) for key in _split(action.keys))
        yield keys, name, action.help, ", ".join(action.places)


def as_file(keymap: Keymap) -> str:
    """A file's text that describes this keymap, to be changed."""
    lines = [
        "# The keys of the console. A file of your own, named in console.toml, needs only the lines that it changes:",
        '# keymap = "mine.toml"',
        "",
        'based_on = "default"',
        "",
        "[keys]",
    ]
    told: set[str] = set()
    for name, action in named_actions():
        if name not in told:
            told.add(name)
            keys = [key_names.character(key) or key if key != "space" else key for key in keymap.keys[name]]
            value = json.dumps(keys[0] if len(keys) == 1 else keys, ensure_ascii=False)
            lines.append(f"{name} = {value}  # {action.help}")
    return "\n".join(lines) + "\n"


def _either(names: Iterable[str]) -> str:
    return " or ".join(f'"{name}"' for name in names)
