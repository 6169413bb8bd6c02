"""Profiles: the registries that a user connects to, by name, in ``profiles.toml`` under the user's config directory.

    default = "production"

    [profiles.production]
    url = "https://registry.example.com"

There are no secrets in it: a profile's token is in the keyring, under the profile's name and URL.
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, field_validator

from tui_registry.session import config
from tui_registry.session.config import ConfigError


class ProfileError(Exception):
    """A profile is missing, or the file cannot be understood. Its text says what to do."""


class Profile(BaseModel):
    """One registry."""

    model_config = ConfigDict(extra="forbid")

    url: str

    @field_validator("url")
    @classmethod
    def _is_http(cls, url: str) -> str:
        if not url.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return url.rstrip("/")


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


def config_file() -> Path:
    return config.folder() / "profiles.toml"


def read() -> Profiles:
    """Every profile; none if there is no file."""
    try:
        return config.read(config_file(), Profiles)
    except ConfigError as error:
        raise ProfileError(str(error)) from None


def write(profiles: Profiles) -> None:
    """Replace the file, whole or not at all, readable by its owner only."""
    config.write(config_file(), profiles.model_dump(exclude_none=True))


def account(name: str, profile: Profile) -> str:
    """What a profile's token is kept under. The URL is part of it: a changed URL does not get the old one's token."""
    return f"{name} {profile.url}"
