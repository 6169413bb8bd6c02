"""Profiles: the registries that a user connects to, by name, in ``profiles.toml`` under the user's config directory.

    default = "production"

    [profiles.production]
    url = "https://registry.example.com"

There are no secrets in it: a profile's token is in the keyring, under the profile's name and URL.
"""

import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator


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
    import platformdirs

    return Path(platformdirs.user_config_dir("tui-registry", appauthor=False)) / "profiles.toml"


def read() -> Profiles:
    """Every profile; none if there is no file."""
    file = config_file()
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
        return Profiles.model_validate(content)
    except FileNotFoundError:
        return Profiles()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProfileError(f"{file} is not valid TOML: {error}") from None
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(part) for part in problem["loc"])
        raise ProfileError(f"{file}: {where}: {problem['msg']}") from None


def write(profiles: Profiles) -> None:
    """Replace the file, whole or not at all, readable by its owner only."""
    import tomli_w

    content: dict[str, Any] = profiles.model_dump(exclude_none=True)
    file = config_file()
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        tomli_w.dump(content, stream)
    draft.replace(file)


def account(name: str, profile: Profile) -> str:
    """What a profile's token is kept under. The URL is part of it: a changed URL does not get the old one's token."""
    return f"{name} {profile.url}"
