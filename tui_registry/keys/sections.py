"""The sections of the help: which actions belong together."""

from collections.abc import Iterable, Sequence

from tui_registry.keys.action import EVERYWHERE, Action
from tui_registry.keys.movement import LISTS

MARKS = "Marks"
LIST = "List"
MOVING = "Moving"
COMMANDS = "Your commands"
VIEWS = "Your views"
PLACES = "Places"
ANYWHERE = "Everywhere"
ORDER = (MARKS, LIST, MOVING, COMMANDS, VIEWS, PLACES, ANYWHERE)
"""Below the section of the place itself."""

TITLES = {"access": "Permissions"}
"""Of places whose own section does not have their name: a tab of Access has that of Access itself."""
OF_VERBS = {
    "mark": MARKS,
    "mark_range": MARKS,
    "mark_all": MARKS,
    "invert_marks": MARKS,
    "filter": LIST,
    "search": LIST,
    "sort": LIST,
    "columns": LIST,
    "show_row": LIST,
    "save_view": LIST,
    "export": LIST,
    "refresh": ANYWHERE,
    "back": MOVING,
    "next_section": MOVING,
    "previous_section": MOVING,
    "next_stage": MOVING,
    "previous_stage": MOVING,
    "next_panel": MOVING,
    "previous_panel": MOVING,
    "read_on": MOVING,
    "go": PLACES,
    "run_command": COMMANDS,
    "view": VIEWS,
}
"""By the names of methods; all others belong to the place, or are available everywhere."""


def in_sections(place: str, actions: Iterable[Action]) -> list[tuple[str, Sequence[Action]]]:
    """The titles of sections, each with its actions; those of the place first, which has its name."""
    own = TITLES.get(place, place[:1].upper() + place[1:])
    found: dict[str, list[Action]] = {title: [] for title in (own, *ORDER)}
    for action in actions:
        found[_section_of(action) or own].append(action)
    return [(title, of_section) for title, of_section in found.items() if of_section]


def _section_of(action: Action) -> str:
    if LISTS in action.places:
        return MOVING
    section = OF_VERBS.get(action.id.partition("(")[0])
    return section or (ANYWHERE if EVERYWHERE in action.places else "")
