"""Profiles: the registries that a user connects to, by name, in ``profiles.toml`` under the user's config directory.

    default = "production"

    [profiles.production]
    url = "https://registry.example.com"
    read_only = true                               # nothing is written there
    colour = "red"                                 # behind its name in the console: a name, or #rrggbb
    tracking_uri = "https://mlflow.example.com"    # the MLflow server whose runs are registered there
    ca = "/etc/ssl/our-authority.pem"              # whom its certificate must be signed by, if not by the system's
    insecure_http = true                           # the token may go to an http:// URL, for all on the way to read

Only the URL must be there. There are no secrets in it: a profile's token is in the keyring, under the profile's name
and URL.
"""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from tui_registry.client.trust import can_be_overheard
from tui_registry.session import config
from tui_registry.session.config import ConfigError


class ProfileError(Exception):
    """A profile is missing, or the file cannot be understood. Its text says what to do."""


def _address_problem(url: str) -> str:
    """What keeps a URL from being called; empty if nothing does."""
    if re.search(r"[\s\x00-\x1f\x7f\ud800-\udfff]", url):
        return "must be without blanks and characters that cannot be seen"
    where = urlsplit(url)
    try:
        _ = where.port
    except ValueError:
        return "must have a port from 0 to 65535, or none"
    try:
        host = (where.hostname or "").encode("idna")
        host.decode("idna")
    except UnicodeError:
        host = b""
    return "" if host else "must name a host, as in https://registry.example.com"


class Profile(BaseModel):
    """One registry."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    url: str
    read_only: bool = False
    colour: str | None = None
    tracking_uri: str | None = None
    ca: str | None = None
    insecure_http: bool = False

    @field_validator("url", "tracking_uri")
    @classmethod
    def _is_http(cls, url: str | None) -> str | None:
        if url is None:
            return None
        if not url.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        try:
            where = urlsplit(url)
            if not where.hostname or where.port == 0 or not url.isprintable() or " " in url:
                raise ValueError
        except ValueError:
            raise ValueError("must be the URL of a host, with a port from 1 to 65535 if any") from None
        if where.password is not None:
            raise ValueError("must not hold a password: the file is not a place for secrets")
        if problem := _address_problem(url):
            raise ValueError(problem)
        return url.rstrip("/")

    @field_validator("ca")
    @classmethod
    def _is_absolute(cls, ca: str | None) -> str | None:
        """Wherever the console is started from."""
        return None if ca is None else str(Path(ca).expanduser().absolute())

    @field_validator("colour")
    @classmethod
    def _can_be_shown(cls, colour: str | None) -> str | None:
        if colour is None or re.fullmatch("#[0-9a-fA-F]{6}", colour):
            return colour
        if not re.fullmatch("[a-z_]+", colour) or not _is_solid(colour):
            raise ValueError(f"'{colour}' must be the name of a colour, such as red, or #rrggbb")
        return colour

    @property
    def marks(self) -> list[str]:
        """What is particular about it, for people."""
        read_only = ["read-only"] if self.read_only else []
        colour = [self.colour] if self.colour else []
        runs = [f"runs at {self.tracking_uri}"] if self.tracking_uri else []
        checked_by = [f"checked by {self.ca}"] if self.ca else []
        insecure = ["token sent in the open"] if self.insecure_http and can_be_overheard(self.url) else []
        return [*read_only, *colour, *runs, *checked_by, *insecure]


def _is_solid(name: str) -> bool:
    """Whether Textual has a colour of that name which hides what is behind it."""
    from textual.color import Color, ColorParseError  # takes a while: only who names a colour waits for it

    try:
        return Color.parse(name).a == 1
    except ColorParseError:
        return False


def checked(content: dict[str, Any]) -> Profile:
    """A profile of these fields. Raises ProfileError, which names the field that cannot be."""
    try:
        return Profile.model_validate(content)
    except ValidationError as error:
        raise ProfileError("; ".join(f"{key}: {told}" for key, told in config.problems(error).items())) from None


class Profiles(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid")

    default: str | None = None
    profiles: dict[str, Profile] = {}

    def get(self, name: str) -> Profile:
        if name not in self.profiles:
            known = ", ".join(sorted(self.profiles)) or "none"
            raise ProfileError(f"There is no profile '{name}' (known: {known}). Make it with: tui-registry login URL")
        return self.profiles[name]

    def having(self, name: str, profile: Profile) -> "Profiles":
        """With this profile besides, or in place of the one of that name; the first one becomes the default."""
        return Profiles(default=self.default or name, profiles=self.profiles | {name: profile})


def config_file() -> Path:
    return config.folder() / "profiles.toml"


def read() -> Profiles:
    """Every profile; none if there is no file."""
    try:
        return config.read(config_file(), Profiles)
    except ConfigError as error:
        raise ProfileError(str(error)) from None


def write(profiles: Profiles) -> None:
    """Replace the file, whole or not at all, readable by its owner only. Raises ProfileError."""
    file = config_file()
    try:
        config.write(file, profiles.model_dump(exclude_none=True, exclude_defaults=True))
    except OSError as error:
        raise ProfileError(f"{file} cannot be written: {error.strerror}.") from None


def account(name: str, profile: Profile) -> str:
    """What a profile's token is kept under. The URL is part of it: a changed URL does not get the old one's token."""
    return f"{name} {profile.url}"
