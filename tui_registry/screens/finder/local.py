"""The candidates that the console knows without asking: actions, places, profiles, searches of models or prompts."""

from collections.abc import Callable, Iterable
from functools import partial

from tui_registry.console import Navigation
from tui_registry.keys.action import Action
from tui_registry.keys.names import legend
from tui_registry.screens.finder.candidate import Candidate, Kind
from tui_registry.session import profiles
from tui_registry.session.profiles import ProfileError
from tui_registry.terminal.sanitize import one_line

PLACE_ALIASES = {
    "inbox": ("requests",),
    "models": ("registered models",),
    "activity": ("feed",),
    "access": ("permissions",),
    "overview": ("summary", "dashboard"),
    "prompts": ("prompt registry",),
    "users": ("people",),
    "service principals": ("sp", "programs"),
    "follows": ("following", "notifications", "subscriptions"),
    "workspaces": ("workspace", "ws"),
}
PLACE_DETAILS = {
    "users": "Accounts of people",
    "groups": "Groups of users and service principals",
    "service principals": "Accounts of programs",
    "tokens": "Access tokens",
    "webhooks": "Notifying other programs of changes",
    "follows": "What you follow",
    "workspaces": "Separate sets of models; :workspace NAME opens one",
}
"""Of the places that no key goes to."""
ACTION_ALIASES = {"quit": ("q", "q!", "exit"), "help": ("h", "keys"), "profiles": ("ctx", "context")}
"""As in k9s and vim."""
LIKELY = 4
"""Actions with a priority up to this number come before the places while nothing is typed, except the help."""
SEARCHES = {"model": "models", "models": "models", "prompt": "prompts", "prompts": "prompts"}
"""Words that say, before a filter, to search by it, and where."""


def beginning(live: Iterable[Action], do: Callable[[Action], None], others: Iterable[Candidate]) -> list[Candidate]:
    """What is offered while nothing is typed: the likely ones of the live actions, ``others``, the other actions;
    without those that only go to a place or open the finder itself."""
    here = sorted(
        (each for each in live if not each.id.startswith("go(") and each.id not in {"find_anything", "find", "back"}),
        key=lambda action: action.priority,
    )
    likely = [action for action in here if action.priority <= LIKELY and action.id != "help"]
    return [
        *(_action(action, do) for action in likely),
        *others,
        *(_action(action, do) for action in here if action not in likely),
    ]


def _action(action: Action, do: Callable[[Action], None]) -> Candidate:
    return Candidate(
        kind=Kind.ACTION,
        name=action.label,
        act=partial(do, action),
        id=action.id,
        aliases=(action.name.replace("_", " "), *ACTION_ALIASES.get(action.id, ())),
        detail=action.help,
        keys=legend(action.display_key),
        writes=action.writes,
    )


def places(navigation: Navigation, known: Iterable[Action]) -> list[Candidate]:
    """Every place. ``known``: the actions that go to some of them."""
    going = {action.id: action for action in known}
    found: list[Candidate] = []
    for name in navigation.places:
        action = going.get(f"go('{name}')")
        found.append(
            Candidate(
                kind=Kind.PLACE,
                name=name,
                act=partial(navigation.go, name),
                aliases=PLACE_ALIASES.get(name, ()),
                detail=action.help if action else PLACE_DETAILS.get(name, ""),
                keys=legend(action.display_key) if action else "",
            )
        )
    return found


def other_profiles(current: str, open_profile: Callable[[str], None]) -> list[Candidate]:
    """The profiles except the open one; none if their file is invalid, which the profiles' own dialog reports."""
    try:
        known = profiles.read().profiles
    except ProfileError:
        return []
    return [
        Candidate(kind=Kind.PROFILE, name=name, act=partial(open_profile, name), detail=one_line(profile.url))
        for name, profile in sorted(known.items())
        if name != current
    ]


def searches(typed: str, navigation: Navigation) -> list[Candidate]:
    """``model team=risk``: the models, or the prompts, searched by what follows."""
    verb, _, rest = typed.partition(" ")
    place, rest = SEARCHES.get(verb.casefold(), ""), rest.strip()
    if not place or not rest:
        return []
    search = partial(navigation.search, place, rest)
    return [Candidate(kind=Kind.SEARCH, name=rest, act=search, detail=f"Search the {place} by this", query=rest)]
