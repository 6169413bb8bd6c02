"""The one table of actions holds together: keys do not clash, and every action can be done."""

import importlib
import pkgutil
import re
from collections import Counter

import pytest
from textual.binding import Binding

from tui_registry import screens
from tui_registry.app import ConsoleApp
from tui_registry.keys.action import EVERYWHERE, Action
from tui_registry.keys.actions import ACTIONS, of_place
from tui_registry.keys.sections import in_sections
from tui_registry.mutations.decision import Decision
from tui_registry.screens.base.marks import OF_MARKED
from tui_registry.screens.base.place import Place
from tui_registry.screens.dialogs.help import Help
from tui_registry.widgets.table import Table


def _screens(screen: type[Place] = Place) -> dict[str, type[Place]]:
    """Every screen that has a place's name, wherever it is defined."""
    own = {screen.place: screen} if "place" in vars(screen) else {}
    return own | {name: each for kind in screen.__subclasses__() for name, each in _screens(kind).items()}


for module in pkgutil.walk_packages(screens.__path__, f"{screens.__name__}."):
    importlib.import_module(module.name)
PLACES = _screens()
KEY = re.compile(
    r"[a-zA-Z0-9]|f[1-9]|f1[0-2]|tab|shift\+tab|enter|escape|space|slash|colon|question_mark|equals_sign|at|asterisk"
)
MAX_HELP = 63  # cells for the text of an action in the help at 80 columns
HARMLESS = {"find_anything", "suspend"}  # which arrive as they are from every terminal, and change nothing
"""Actions that may be under ctrl: they change nothing."""


def test_no_text_is_cut_in_the_help() -> None:
    """At 80 columns."""
    assert not [action.help for action in ACTIONS if len(action.help) > MAX_HELP]


def test_every_place_of_the_table_is_a_screen() -> None:
    named = {place for action in ACTIONS for place in action.places} - {EVERYWHERE}
    assert named == PLACES.keys()
    assert all(screen.place == place for place, screen in PLACES.items())


@pytest.mark.parametrize("place", PLACES)
def test_a_key_does_one_thing_in_a_place(place: str) -> None:
    keys = Counter(key for action in of_place(place) for key in action.keys.split(","))
    assert [key for key, times in keys.items() if times > 1] == []
    labels = Counter(action.label for action in of_place(place))
    assert [label for label, times in labels.items() if times > 1] == [], "each says something else"


def test_what_is_called_the_same_has_the_same_key_everywhere() -> None:
    labels: dict[str, set[str]] = {}
    names: dict[str, set[str]] = {}
    for action in ACTIONS:
        labels.setdefault(action.label, set()).add(action.keys)
        names.setdefault(action.name, set()).add(action.keys)
    assert [name for each in (labels, names) for name, keys in each.items() if len(keys) > 1] == []


SECOND_MEANINGS = {
    "A": {"alias", "reactivate", "resume"},
    "c": {"comment", "credentials"},
    "p": {"permissions", "pause"},
    "r": {"reject", "send again"},
    "t": {"move", "test"},
    "v": {"range", "every model", "all calls", "timeline"},
}
"""The letters that mean something else where the first meaning does not exist; tui_registry/README.md says why."""
ONE_MEANING = (
    {"open", "members"},
    {"filter", "find"},
    {"new", "grant", "register", "add", "new secret"},
    {"from a run", "new rule"},
    {"edit", "change", "describe"},
    {"delete", "revoke", "deactivate", "remove", "unfollow"},
)
"""What is called by the word that fits the place, and is the same."""


def test_no_letter_gets_a_second_meaning_unnoticed() -> None:
    labels: dict[str, set[str]] = {}
    for action in ACTIONS:
        for key in action.keys.split(","):
            labels.setdefault(key, set()).add(action.label)
    several = {
        key: found
        for key, found in labels.items()
        if len(found) > 1 and len(key) == 1 and not any(found <= each for each in ONE_MEANING)
    }
    assert several == SECOND_MEANINGS


@pytest.mark.parametrize("place", PLACES)
def test_lists_leave_the_keys_of_actions_alone(place: str) -> None:
    """Enter apart, by which the list itself says which row was meant."""
    moving = {key for each in Table.BINDINGS if isinstance(each, Binding) for key in each.key.split(",")}
    assert {"j", "k", "g", "G"} <= moving
    keys = {key for action in of_place(place) for key in action.keys.split(",")}
    assert moving & keys <= {"enter"}


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_every_action_can_be_done(action: Action) -> None:
    method = f"action_{action.id.partition('(')[0]}"
    for place in action.places:
        owner: type[ConsoleApp | Place] = ConsoleApp if place == EVERYWHERE else PLACES[place]
        assert callable(getattr(owner, method, None)), f"{owner.__name__} has no {method}"


def test_keys_arrive_from_every_terminal() -> None:
    """ctrl+letter arrives as Tab, Enter, Backspace or not at all on some; and no action is bound to it."""
    for action in ACTIONS:
        for key in action.keys.split(","):
            assert KEY.fullmatch(key) or action.id in HARMLESS, f"{action.id} is under {key}"


def test_the_help_lists_every_action_of_a_place() -> None:
    for place in PLACES:
        shown = Help(in_sections(place, of_place(place)))
        assert set(shown._actions) == {action.id for action in of_place(place)}


def test_every_action_is_explained() -> None:
    for action in ACTIONS:
        assert action.label
        assert action.help[0].isupper()
        assert action.display_key


def test_what_is_done_to_marked_rows_says_so() -> None:
    assert {action.id for action in ACTIONS if "all marked" in action.help} == OF_MARKED | set(Decision)
