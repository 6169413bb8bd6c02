"""Keymaps: the default keys of the table of actions, or those of a user's keymap file.

    based_on = "default"    # or "vim"

    [keys]
    approve = "f6"
    page_down = ["pagedown", "ctrl+f"]

Textual has keymaps of its own (``App.set_keymap``), but silently drops an action whose key is taken, decides by the
default keys which ones a text input consumes, and gives a letter no priority, which it needs here (see
actions.bindings). So a screen's bindings are rebuilt from the table with the keymap's keys, and a file is validated
first: one with a problem is not used at all. A key that a file gives to one action is taken from those that have it by
default and are not in the file, and the keymap's notes say so: a file that was written for an earlier version can be
used although new actions have come with keys.
"""

import difflib
import json
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from textual.binding import BindingsMap

from tui_registry.keys import names as key_names
from tui_registry.keys.action import EVERYWHERE, Action
from tui_registry.keys.actions import ACTIONS, bindings, characters, of_place
from tui_registry.keys.movement import LISTS, MOVEMENT

Keys = Mapping[str, tuple[str, ...]]
"""Keys by Textual's names, of actions and movements by their own."""

BUILT_IN = ("default", "vim")

RENAMED = {"command_palette": "find_anything", "delete_model": "delete", "remove": "delete"}
"""Actions that files may still call by their former names. All lines of an action count: it may have been several."""

REQUIRED_KEYS = {"back": "escape", "down": "down", "up": "up"}
"""Keys that work in a text input, too, and so cannot be taken from their actions."""

Places = Mapping[tuple[str, tuple[str, ...]], list[str]]
"""The places where a key is bound to several actions, by both."""


class KeymapError(Exception):
    """A keymap cannot be used. ``problems`` lists all that is wrong with it, each with a remedy."""

    def __init__(self, source: str, problems: list[str]) -> None:
        super().__init__("\n".join(_listed(source, problems)))
        self.problems = problems


@dataclass(frozen=True)
class Keymap:
    """The active keys of every action and movement, and the user's own actions. ``notes``: which actions lost default
    keys to others in the file, and what to do."""

    name: str
    keys: Keys
    custom: tuple[Action, ...] = ()
    notes: tuple[str, ...] = ()

    @cached_property
    def actions(self) -> tuple[Action, ...]:
        """The table of actions with these keys, and after them the user's own."""
        return (*(_with_keys(action, self.keys[action.name]) for action in ACTIONS), *self.custom)

    @cached_property
    def movements(self) -> dict[str, Action]:
        return {name: _with_keys(action, self.keys[name]) for name, action in MOVEMENT.items()}

    @cached_property
    def characters(self) -> frozenset[str]:
        """The methods of the actions that are not available in a text input."""
        return characters(self.actions)

    @cached_property
    def moving(self) -> tuple[Action, ...]:
        """The movements in lists that have keys, each displayed with two of them; not ``open``, which places have."""
        return tuple(
            replace(action, display_key="/".join(map(key_names.display_name, _split(action.keys)[:2])))
            for name, action in self.movements.items()
            if action.keys and name != "open"
        )

    @cached_property
    def _of_places(self) -> dict[str, tuple[Action, ...]]:
        return {}

    def of_place(self, place: str) -> tuple[Action, ...]:
        """The actions of a screen, which asks for them at every move of its cursor."""
        if place not in self._of_places:
            self._of_places[place] = tuple(of_place(place, self.actions))
        return self._of_places[place]

    def rebound(self, default: BindingsMap, place: str) -> BindingsMap:
        """The bindings of a screen, of the application (EVERYWHERE) or of a list (LISTS) with these keys: those of the
        table are rebuilt, the others are kept."""
        table = self.movements.values() if place == LISTS else self.actions
        ours = {action.id for action in table if place in action.places}
        kept = [binding for _, binding in default if binding.action not in ours]
        return BindingsMap([*kept, *bindings(place, table)])


def _with_keys(action: Action, keys: tuple[str, ...]) -> Action:
    if ",".join(keys) == action.keys:
        return action
    return replace(action, keys=",".join(keys), display_key=key_names.display_name(keys[0]) if keys else "")


def named_actions() -> Iterator[tuple[str, Action]]:
    """Every action and movement with its name. A name may occur twice, for different places."""
    yield from ((action.name, action) for action in ACTIONS)
    yield from MOVEMENT.items()


def _split(keys: str) -> tuple[str, ...]:
    return tuple(key for key in keys.split(",") if key)


DEFAULT = Keymap("default", {name: _split(action.keys) for name, action in named_actions()})


def in_force(app: object) -> Keymap:
    """An application's active keymap; the default one, if it has none."""
    keymap = getattr(app, "keymap", None)
    return keymap if isinstance(keymap, Keymap) else DEFAULT


def load(wanted: str, *, folder: Path) -> Keymap:
    """A built-in keymap, by its name, or one from a file; a relative path starts at ``folder``. Raises
    KeymapError."""
    if wanted == "default":
        return DEFAULT
    if wanted in BUILT_IN:
        return read(wanted, Path(__file__).with_name("keymaps").joinpath(f"{wanted}.toml").read_text(encoding="utf-8"))
    if "/" not in wanted and not wanted.endswith(".toml"):
        raise KeymapError("keymap", [f"there is no keymap '{wanted}': use {_either(BUILT_IN)}, or the path of a file"])
    file = folder / Path(wanted).expanduser()
    try:
        text = file.read_text(encoding="utf-8-sig")  # some editors begin it with a byte order mark
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        raise KeymapError(str(file), [f"the keymap cannot be read: {why}"]) from None
    return read(str(file), text)


def load_or_default(wanted: str, *, folder: Path) -> tuple[Keymap, list[str]]:
    """A keymap or, if it cannot be used, the default one and the problems."""
    try:
        return load(wanted, folder=folder), []
    except KeymapError as error:
        return DEFAULT, str(error).splitlines()


def read(name: str, text: str) -> Keymap:
    """Parse a keymap file's text; ``name`` is used in errors. Raises KeymapError."""
    import tomllib

    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise KeymapError(name, [f"it is not valid TOML: {error}"]) from None
    problems = [
        f"unknown setting '{each}': a keymap has only based_on and [keys]"
        for each in sorted(content.keys() - {"based_on", "keys"})
    ]
    based_on, given = content.get("based_on", "default"), content.get("keys", {})
    base = DEFAULT.keys
    if based_on not in BUILT_IN:
        problems.append(f"based_on must be {_either(BUILT_IN)}")
    elif based_on != name:
        base = load(based_on, folder=Path()).keys
    if not isinstance(given, dict):
        problems.append("keys must be a table: write [keys], and below it one action per line")
        given = {}
    changed: dict[str, tuple[str, ...]] = {}
    for line, keys in _changed(given, problems):
        action = RENAMED.get(line, line)
        changed[action] = tuple(dict.fromkeys((*changed.get(action, ()), *keys)))
    merged, names = {**base, **changed}, _names_in(given)
    taken = _taken(_shared(merged), changed)
    for action, lost in taken.items():
        merged[action] = tuple(key for key in merged[action] if key not in lost)
    problems += [*_rule_violations(merged, names), *_clashes(_shared(merged), names)]
    if problems:
        raise KeymapError(name, problems)
    return Keymap(name, merged, notes=tuple(_listed(name, _losses(taken, merged, names))))


def _changed(given: Mapping[str, Any], problems: list[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The valid lines of a file's ``[keys]``, those with the present names first; what is invalid there is added to the
    problems."""
    for name, value in sorted(given.items(), key=lambda line: line[0] in RENAMED):
        if RENAMED.get(name, name) not in DEFAULT.keys:
            close = difflib.get_close_matches(name, DEFAULT.keys, n=1)
            means = f"did you mean {close[0]}?" if close else "'tui-registry keys' lists them"
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


def _names_in(given: Mapping[str, Any]) -> dict[str, str]:
    """What problems call the actions that a file gives keys under former names, so that its lines are found."""
    former: dict[str, list[str]] = defaultdict(list)
    for line in given:
        if line in RENAMED:
            former[RENAMED[line]].append(line)
    return {
        action: f"{action} (written as {' and '.join([action] * (action in given) + lines)})"
        for action, lines in former.items()
    }


def _rule_violations(keys: Keys, names: Mapping[str, str]) -> Iterator[str]:
    """Bindings that break the rules of the console, key by key. ``names``: what the file calls the actions."""
    for action, key in REQUIRED_KEYS.items():
        if key not in keys[action]:
            yield f"{action} must keep {key}, which does the same in text inputs: add it to the list"
    if not keys["help"]:
        yield "help must have a key, since it lists the others"
    for action in dict.fromkeys(action.name for action in ACTIONS if action.writes):
        called = names.get(action, action)
        for key in keys[action]:
            if key.startswith("ctrl+"):
                yield f"{called} changes the registry, and {key} is too easy to press: use a letter or a function key"


def _shared(keys: Keys) -> Places:
    """The keys bound to several actions in one place. Movements are in every place; ``open`` only where there is an
    action of that name, as elsewhere Enter in a list runs the action that the place binds to it."""
    shared: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for place in _places():
        users: dict[str, dict[str, None]] = defaultdict(dict)
        for name in [*(action.name for action in of_place(place)), *(name for name in MOVEMENT if name != "open")]:
            for key in keys[name]:
                users[key][name] = None
        for key, same in users.items():
            if len(same) > 1:
                shared[key, tuple(same)].append(place)
    return shared


def _places() -> list[str]:
    return list(dict.fromkeys(place for action in ACTIONS for place in action.places if place != EVERYWHERE))


def _taken(shared: Places, given: Container[str]) -> dict[str, dict[str, dict[str, None]]]:
    """The keys that actions lose to those that the file gives them, by both. None is taken from ``help``, nor one that
    its action requires."""
    taken: dict[str, dict[str, dict[str, None]]] = defaultdict(lambda: defaultdict(dict))
    for key, actions in shared:
        by = [action for action in actions if action in given]
        for action in actions:
            if by and action not in given and action != "help" and REQUIRED_KEYS.get(action) != key:
                taken[action][key].update(dict.fromkeys(by))
    return taken


def _losses(taken: Mapping[str, Mapping[str, Iterable[str]]], keys: Keys, names: Mapping[str, str]) -> Iterator[str]:
    """What the actions that lost keys have left, and what to do; one text for those that are in the same position."""
    alike: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for action, lost in taken.items():
        users = [
            f"{key_names.display_name(key)} is {_all(names.get(each, each) for each in lost[key])}" for key in lost
        ]
        alike[_all(users), keys[action]].append(action)
    finder = key_names.display_name([*keys["help"], *keys["find_anything"]][-1])
    listed = {action.name for action in ACTIONS}
    for (now, left), actions in alike.items():
        have, it = ("has", "it") if len(actions) == 1 else ("have", "each")
        only = f"only {_all(map(key_names.display_name, left))}" if left else "no key"
        so = "to leave it so" if left or listed.isdisjoint(actions) else f"to reach it only by {finder}"
        yield f"{now} in this file, so {_all(actions)} {have} {only}: give {it} another there, or {_written(left)} {so}"


def _clashes(shared: Places, names: Mapping[str, str]) -> Iterator[str]:
    """``names``: what the file calls the actions."""
    for (key, actions), where in shared.items():
        scope = EVERYWHERE if len(where) == len(_places()) else f"in {', '.join(where)}"
        both = " and ".join(names.get(action, action) for action in actions)
        yield f"{key_names.display_name(key)} would be {both} {scope}: give one of them another key"


def table(keymap: Keymap) -> Iterator[tuple[str, str, str, str]]:
    """The keymap as rows: keys, name, help text, places."""
    for action in (*keymap.actions, *keymap.movements.values()):
        name = next((name for name, each in keymap.movements.items() if each is action), action.name)
        keys = " ".join(key_names.display_name(key) for key in _split(action.keys))
        yield keys, name, action.help, ", ".join(action.places)


def as_file(keymap: Keymap) -> str:
    """This keymap as the text of a keymap file."""
    lines = [
        "# The keys of the console. A file of your own, named in console.toml, needs only the lines that change:",
        '# keymap = "mine.toml"',
        "",
        'based_on = "default"',
        "",
        "[keys]",
    ]
    written: set[str] = set()
    for name, action in named_actions():
        if name not in written:
            written.add(name)
            lines.append(f"{name} = {_written(keymap.keys[name])}  # {action.help}")
    return "\n".join(lines) + "\n"


def _written(keys: Iterable[str]) -> str:
    """Keys as they are written in a file."""
    written = [key_names.character(key) or key if key != "space" else key for key in keys]
    return json.dumps(written[0] if len(written) == 1 else written, ensure_ascii=False)


def _listed(source: str, lines: Iterable[str]) -> list[str]:
    """Messages about a file, below its name."""
    listed = [f"- {line}{'' if line.endswith('?') else '.'}" for line in lines]
    return [f"{source}:", *listed] if listed else []


def _all(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _either(names: Iterable[str]) -> str:
    return " or ".join(f'"{name}"' for name in names)
