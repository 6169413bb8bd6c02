"""Custom commands as actions: their keys work, and are listed, like all others. Those with a problem are left out."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from tui_registry.keys import names as key_names
from tui_registry.keys.action import Action
from tui_registry.keys.keymap import Keymap
from tui_registry.session.custom_command import CODE_OPTIONS, INTERPRETERS, CustomCommand, placeholders

METHOD = "run_command"

OF_MODEL = frozenset({"name", "url"})
OF_VERSION = OF_MODEL | {"version"}
OF_REQUEST = OF_VERSION | {"stage", "to_stage", "request_id"}
OF_RUN = frozenset({"run_id", "url"})
PLACEHOLDERS: Mapping[str, frozenset[str]] = {
    "inbox": OF_REQUEST,
    "models": OF_MODEL,
    "prompts": OF_MODEL,
    "model": OF_REQUEST | OF_RUN,
    "board": OF_REQUEST | OF_RUN,
    "version": OF_VERSION | OF_RUN | {"stage"},
    "model details": OF_MODEL,
    "activity": OF_VERSION,
    "runs": OF_RUN,
    "run": OF_RUN,
}
"""The places that can have custom commands, and the values that a row there may have.

name: of the registered model. version: its number. stage: in which it is now. to_stage, request_id: of the open
request. run_id: of the MLflow run that produced it. url: of the registry.
"""


def with_commands(keymap: Keymap, commands: Mapping[str, CustomCommand]) -> tuple[Keymap, list[str]]:
    """The keymap with the commands as actions, and what is wrong with those that are left out."""
    problems: list[str] = []
    for name, command in commands.items():
        found = list(_problems(keymap, command))
        problems += [f"commands.{name}: {problem}{'' if problem.endswith('?') else '.'}" for problem in found]
        if not found:
            keymap = replace(keymap, custom=(*keymap.custom, _action(name, command)))
    return keymap, problems


def command_of(action: Action) -> str | None:
    """The name of the custom command that an action runs, if it runs one."""
    return action.id[len(METHOD) + 2 : -2] if action.id.startswith(f"{METHOD}(") else None


def _action(name: str, command: CustomCommand) -> Action:
    key = key_names.named(command.key) if command.key else ""
    return Action(
        id=f"{METHOD}('{name}')",
        keys=key,
        display_key=key_names.display_name(key) if key else "",
        label=name.replace("_", " "),
        help=command.description or f"Run {' '.join(command.run)}",
        places=tuple(dict.fromkeys(command.places)),
        priority=3,
        writes=command.writes,
    )


def _problems(keymap: Keymap, command: CustomCommand) -> Iterator[str]:
    program, *_ = command.run
    if not program or placeholders(program):
        yield "run must begin with a program, whose name has no placeholder"
    if Path(program).name in INTERPRETERS:
        for option, code in pairwise(command.run[1:]):
            if option in CODE_OPTIONS and placeholders(code):
                yield (
                    f"what {program} gets after {option} is code, and a name may be code, too: write $1 there, and the "
                    """placeholder behind it, as in ["sh", "-c", 'echo "$1"', "sh", "{name}"]"""
                )
    known = frozenset().union(*PLACEHOLDERS.values())
    for unknown in sorted(command.placeholders - known):
        yield f"there is no {{{unknown}}}: {_meant(unknown, known, 'use')}"
    for place in dict.fromkeys(command.places):
        if place not in PLACEHOLDERS:
            yield f"there is no place {place} for commands: {_meant(place, PLACEHOLDERS, 'use')}"
        else:
            for lacking in sorted((command.placeholders & known) - PLACEHOLDERS[place]):
                yield f"{place} has no {{{lacking}}}: leave out the one or the other"
    if command.key:
        yield from _key_problems(keymap, command, key_names.named(command.key.strip()))


def _key_problems(keymap: Keymap, command: CustomCommand, key: str) -> Iterator[str]:
    if problem := key_names.problem(key):
        yield problem
        return
    if key.startswith("ctrl+") and command.writes and not command.must_confirm:
        yield f"{key} is too easy to press to change the registry: use a letter or a function key, or confirm = true"
    movements = [action for name, action in keymap.movements.items() if name != "open"]
    users: dict[str, list[str]] = {}
    for place in dict.fromkeys(command.places):
        for action in (*keymap.of_place(place), *movements):
            if key in action.keys.split(","):
                users.setdefault(action.label, []).append(place)
    for label, places in users.items():
        yield f"{key_names.display_name(key)} is {label} in {', '.join(places)}: use another key"


def _meant(name: str, known: Iterable[str], instead: str) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"did you mean {close[0]}?" if close else f"{instead} {', '.join(sorted(known))}"
