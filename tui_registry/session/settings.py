"""The user's settings of the console, in ``console.toml`` next to the profiles:

theme = "nord"
keymap = "vim"      # or "default", or the path of a file, relative to this one
mouse = false
"""

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from tui_registry.session import config
from tui_registry.session.config import ConfigError

REMEDIES: Mapping[str, str] = {
    "theme": 'use the name of a theme, such as theme = "nord"; the console\'s theme dialog lists all themes',
    "keymap": 'use keymap = "default", "vim", or the path of a file in quotes',
    "mouse": "use mouse = true or mouse = false",
}
"""How to fix an invalid setting, by its name. These are all the settings."""


class SettingsError(Exception):
    """The file is invalid or cannot be written. Its text names the file and the key, and says what to do."""


class Settings(BaseModel):
    """The whole file. None depends on the terminal: see tui_registry.terminal.environment."""

    model_config = ConfigDict(extra="forbid", strict=True)

    theme: str | None = Field(None, min_length=1)
    keymap: str = Field("default", min_length=1)
    mouse: bool | None = None


def config_file() -> Path:
    return config.folder() / "console.toml"


def read() -> Settings:
    """The settings; the defaults if there is no file. Raises SettingsError."""
    try:
        return config.read(config_file(), Settings)
    except ConfigError as error:
        known = f"the settings are {', '.join(REMEDIES)}"
        remedies = dict.fromkeys(REMEDIES.get(key, known) for key in error.keys)
        raise SettingsError(". ".join([str(error), *(f"{each[0].upper()}{each[1:]}" for each in remedies)])) from None


def keep_theme(theme: str) -> None:
    """Save the theme in the file, and keep the other settings. Raises SettingsError."""
    settings = read().model_copy(update={"theme": theme})
    try:
        config.write(config_file(), settings.model_dump(exclude_none=True, exclude_defaults=True))
    except OSError as error:
        raise SettingsError(f"{config_file()} cannot be written: {error.strerror}") from None
