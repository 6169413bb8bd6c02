"""The registries that one can switch to."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from tui_registry.session import profiles
from tui_registry.session.connection import Connection, connect


@dataclass(frozen=True, slots=True)
class Choice:
    """One of them.

    label: how the connection will be named.
    about: its URL and what is particular about it, for people.
    colour: the profile's.
    open: makes the connection. Blocks; raises ConnectionProblem.
    """

    label: str
    about: str
    colour: str | None
    open: Callable[[], Connection]


def choices(environment: Mapping[str, str] | None = None) -> list[Choice]:
    """That of the environment, if it names one; every profile, the default one first; the one on this machine.

    Reads the file of profiles; raises ProfileError.
    """
    environment = os.environ if environment is None else environment
    known = profiles.read()
    names = sorted(known.profiles, key=lambda name: (name != known.default, name))
    url = environment.get("TUI_REGISTRY_URL", "").rstrip("/")
    of_environment = Choice(
        url.partition("://")[2], f"{url}, from TUI_REGISTRY_URL", None, partial(connect, environment=environment)
    )
    return [
        *([of_environment] if url else []),
        *(_of_profile(name, known.profiles[name], environment) for name in names),
        Choice(
            "local",
            "a registry of your own, on this machine",
            None,
            partial(connect, local=True, environment=environment),
        ),
    ]


def _of_profile(name: str, profile: profiles.Profile, environment: Mapping[str, str]) -> Choice:
    about = ", ".join([profile.url, *profile.marks])
    return Choice(name, about, profile.colour, partial(connect, profile=name, environment=environment))
