"""The user's own settings of the console, in ``console.toml`` beside the profiles:

theme = "nord"
keymap = "vim"      # or "default", or the path of a file, from this one's folder
mouse = false
"""

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from tui_registry.session import config
from tui_registry.session.config import ConfigError

REMEDIES: Mapping[str, str] = {
    "theme": 'write the name of a theme, such as theme = "nord"; the list of themes in the console has them all',
    "keymap": 'write keymap = "default", "vim", or the path of a file in quotes',
    "mouse": "write mouse = true or mouse = false",
}
"""What to do about a setting that is wrong. These are all that there are."""


class SettingsError(Exception):
    """The file cannot be understood or written. Its text names the file and the key, and says what to do."""


class Settings(BaseModel):
    """The whole file. What is None is decided by the terminal: see tui_registry.terminal.environment."""

    model_config = ConfigDict(extra="forbid", strict=True)

    theme: str | None = Field(None, min_length=1)
    keymap: str = Field("default", min_length=1)
    mouse: bool | None = None


def config_file() -> Path:
    return config.folder() / "console.toml"


def read() -> Settings:
    """The settings; the default ones, if there is no file. Raises SettingsError."""
    try:
        return config.read(config_file(), Settings)
    except ConfigError as error:
        known = f"there are only {', '.join(REMEDIES)}"
        remedies = dict.fromkeys(REMEDIES.get(key, known) for key in error.keys)
        raise SettingsError(". ".join([str(error), *(f"{each[0].upper()}{each[1:]}" for each in remedies)])) from None


def keep_theme(theme: str) -> None:
    """Write a theme into the file, and leave the other settings as they are. Raises SettingsError."""
    settings = read().model_copy(update={"theme": theme})
    try:
        config.write(config_file(), settings.model_dump(exclude_none=True, exclude_defaults=True))
    except OSError as error:
        raise SettingsError(f"{config_file()} cannot be written: {error.strerror}") from None
