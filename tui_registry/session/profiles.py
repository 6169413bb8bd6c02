"""Profiles: the registries that a user connects to, by name, in ``profiles.toml`` under the user's config directory.

    default = "production"

    [profiles.production]
    url = "https://registry.example.com"
    read_only = true                               # no writes there
    colour = "red"                                 # behind its name in the console: a name or #rrggbb
    tracking_uri = "https://mlflow.example.com"    # the MLflow server whose runs are registered there
    workspace = "risk"                             # whose models are shown, instead of the default workspace's
    ca = "/etc/ssl/our-authority.pem"              # the CA that must sign its certificate, instead of the system's
    insecure_http = true                           # allow sending the token unencrypted to an http:// URL
    ask_token = true                               # its token is in no keyring: ask for it
    sign_in = true                                 # by the company's OpenID provider, instead of an access token

Only the URL is required. The file holds no secrets: a profile's token is in the keyring, under the profile's name and
URL, or nowhere.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from tui_registry.client.trust import is_plaintext
from tui_registry.session import config
from tui_registry.session.config import ConfigError
from tui_registry_server.wire.workspace_name import is_workspace_name


class ProfileError(Exception):
    """A profile is missing, or the file is invalid. Its text says what to do."""


def _address_problem(url: str) -> str:
    """Why a URL is invalid; empty if it is valid."""
    if re.search(r"[\s\x00-\x1f\x7f\ud800-\udfff]", url):
        return "must not contain whitespace or invisible characters"
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

    model_config = ConfigDict(defer_build=True, extra="forbid", hide_input_in_errors=True)

    url: str
    read_only: bool = False
    colour: str | None = None
    tracking_uri: str | None = None
    workspace: str | None = None
    ca: str | None = None
    insecure_http: bool = False
    ask_token: bool = False
    sign_in: bool = False

    @field_validator("workspace")
    @classmethod
    def _is_workspace(cls, workspace: str | None) -> str | None:
        if workspace is not None and not is_workspace_name(workspace):
            raise ValueError("must be the name of a workspace: 2 to 63 of a to z, 0 to 9 and -")
        return workspace

    @field_validator("url", "tracking_uri")
    @classmethod
    def _is_http(cls, url: str | None) -> str | None:
        if url is None:
            return None
        if not url.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        try:
            where = urlsplit(url)
            if not where.hostname or where.port == 0 or not url.isprintable() or " " in url:
                raise ValueError
        except ValueError:
            raise ValueError("must be the URL of a host, with a port from 1 to 65535 if any") from None
        if where.password is not None:
            raise ValueError("must not contain a password: the file is no place for secrets")
        if problem := _address_problem(url):
            raise ValueError(problem)
        return url.rstrip("/")

    @field_validator("ca")
    @classmethod
    def _is_absolute(cls, ca: str | None) -> str | None:
        """Independent of the current folder."""
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
        """Its settings other than the URL, for display."""
        read_only = ["read-only"] if self.read_only else []
        colour = [f"{self.colour} header"] if self.colour else []
        return [*read_only, *colour, *self.details]

    @property
    def details(self) -> list[str]:
        """Those that matter less than whether it can be changed, and how it looks."""
        runs = [f"runs at {self.tracking_uri}"] if self.tracking_uri else []
        ca = [f"CA {self.ca}"] if self.ca else []
        insecure = ["token sent unencrypted"] if self.insecure_http and is_plaintext(self.url) else []
        asks = ["asks for token"] if self.ask_token and not self.sign_in else []
        signs_in = ["single sign-on"] if self.sign_in else []
        workspace = [f"workspace {self.workspace}"] if self.workspace else []
        return [*runs, *workspace, *ca, *insecure, *asks, *signs_in]


def _is_solid(name: str) -> bool:
    """Whether Textual has an opaque colour of that name."""
    from textual.color import Color, ColorParseError  # a slow import, only needed for named colours

    try:
        return Color.parse(name).a == 1
    except ColorParseError:
        return False


def checked(content: dict[str, Any]) -> Profile:
    """A profile of these fields. Raises ProfileError, which names the invalid fields."""
    try:
        return Profile.model_validate(content)
    except ValidationError as error:
        raise ProfileError("; ".join(f"{key}: {problem}" for key, problem in config.problems(error).items())) from None


class Profiles(BaseModel):
    """The whole file."""

    model_config = ConfigDict(defer_build=True, extra="forbid")

    default: str | None = None
    profiles: dict[str, Profile] = {}

    def get(self, name: str) -> Profile:
        if name not in self.profiles:
            known = ", ".join(sorted(self.profiles)) or "none"
            raise ProfileError(f"There is no profile '{name}' (known: {known}). Create it with: tui-registry login URL")
        return self.profiles[name]

    def with_profile(self, name: str, profile: Profile) -> "Profiles":
        """The profiles with this one added or replaced; the first one becomes the default."""
        return Profiles(default=self.default or name, profiles=self.profiles | {name: profile})

    def without_profile(self, name: str) -> "Profiles":
        """The profiles without this one; if it was the default, the first of the others is."""
        rest = {each: kept for each, kept in self.profiles.items() if each != name}
        return Profiles(default=self.default if self.default != name else next(iter(sorted(rest)), None), profiles=rest)


def config_file() -> Path:
    return config.folder() / "profiles.toml"


def read() -> Profiles:
    """Every profile; none if there is no file."""
    try:
        return config.read(config_file(), Profiles)
    except ConfigError as error:
        raise ProfileError(str(error)) from None


def change(changed: Callable[[Profiles], Profiles]) -> None:
    """Replace the file by what it has, ``changed``, readable by its owner only. Raises ProfileError."""
    file = config_file()
    try:
        with config.locked(file.parent):
            config.write(file, changed(read()).model_dump(exclude_none=True, exclude_defaults=True))
    except OSError as error:
        raise ProfileError(f"{file} cannot be written: {error.strerror}.") from None


def account(name: str, profile: Profile) -> str:
    """The keyring account of a profile's token. It includes the URL: a changed URL does not get the old one's token."""
    return f"{name} {profile.url}"
