"""Which registry to open, and with which token."""

import getpass
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from tui_registry.session import credentials, profiles
from tui_registry.session.embedded import EmbeddedError, EmbeddedRegistry, default_database


@dataclass(frozen=True, slots=True)
class Connection:
    """A registry that can be talked to. ``label`` is how the console names it; never show ``token``.

    read_only: nothing may be changed over it. colour: of its name in the header. tracking_uri: the MLflow tracking
    server whose runs can be registered.
    """

    url: str
    token: str
    label: str
    embedded: EmbeddedRegistry | None = None
    read_only: bool = False
    colour: str | None = None
    tracking_uri: str | None = None

    def __repr__(self) -> str:
        return f"Connection({self.label!r}, {self.url!r})"


class ConnectionProblem(Exception):
    """There is no registry to open, or no token for it. Its text says what to do.

    ``lacking`` is the connection that a token would make whole, if a token is all that is missing.
    """

    def __init__(self, told: str, *, lacking: Connection | None = None) -> None:
        super().__init__(told)
        self.lacking = lacking


def connect(
    *, profile: str | None = None, ask_token: bool = False, environment: Mapping[str, str] | None = None
) -> Connection:
    """The registry of the profile named, of TUI_REGISTRY_URL and TUI_REGISTRY_TOKEN, of the default profile, or, if
    there is none of these, the embedded one, started if need be. Blocks."""
    try:
        return _connect(profile, ask_token=ask_token, environment=os.environ if environment is None else environment)
    except profiles.ProfileError as error:
        raise ConnectionProblem(str(error)) from None
    except EmbeddedError as error:
        raise ConnectionProblem(f"The registry on this machine could not be started.\n\n{error}") from None


def _connect(profile: str | None, *, ask_token: bool, environment: Mapping[str, str]) -> Connection:
    url = environment.get("TUI_REGISTRY_URL")
    token = environment.get("TUI_REGISTRY_TOKEN")
    if profile is None and url:
        url = url.rstrip("/")
        if not url.startswith(("http://", "https://")):
            raise ConnectionProblem(f"TUI_REGISTRY_URL is '{url}': it must begin with http:// or https://.")
        label = url.partition("://")[2]
        if ask_token:
            token = _ask(url)
        if not token:
            raise ConnectionProblem(
                "TUI_REGISTRY_URL is set but TUI_REGISTRY_TOKEN is not.", lacking=Connection(url, "", label)
            )
        return Connection(url, token, label)
    known = profiles.read()
    name = profile or known.default
    if name is None:
        return _embedded()
    chosen = known.get(name)
    return Connection(chosen.url, _ask(chosen.url) if ask_token else _kept(name, chosen), name)


def _embedded() -> Connection:
    registry = EmbeddedRegistry(default_database())
    try:
        token = registry.open()
        return Connection(registry.url, token, "local", registry)
    except BaseException:
        registry.close()
        raise


def _kept(name: str, profile: profiles.Profile) -> str:
    lacking = Connection(profile.url, "", name)
    try:
        token = credentials.load(profiles.account(name, profile))
    except credentials.NoKeyringError as error:
        remedies = "\n".join(f"  - {remedy}" for remedy in credentials.REMEDIES)
        raise ConnectionProblem(
            f"The token of profile '{name}' is in the keyring, but {error}.\n\nWhat you can do:\n{remedies}",
            lacking=lacking,
        ) from None
    if token is None:
        raise ConnectionProblem(
            f"There is no token for profile '{name}'. To keep one, leave and run:\n  tui-registry login {profile.url}",
            lacking=lacking,
        )
    return token


def _ask(url: str) -> str:
    if not sys.stdin.isatty():
        raise ConnectionProblem("A token can be asked for only in a terminal. Set TUI_REGISTRY_TOKEN instead.")
    return getpass.getpass(f"Token for {url} (not shown, not kept): ").strip()
