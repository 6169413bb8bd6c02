"""The user's settings of the console, in ``console.toml`` next to the profiles:

theme = "nord"
keymap = "vim"      # or "default", or the path of a file, relative to this one
mouse = false

[views.risk]        # opened by its key, from the help or the finder
place = "models"
filter = "tag:team=risk"
sort = "updated desc"
columns = ["model", "prod", "updated"]
key = "f6"

[commands.deploy]                                   # a custom command: see tui_registry.session.custom_command
key = "f7"
places = ["model", "board"]
run = ["jenkins-trigger", "{name}", "{version}"]
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from tui_registry.session import config
from tui_registry.session.config import ConfigError
from tui_registry.session.custom_command import CustomCommand
from tui_registry.session.saved_view import SavedView, ViewName
from tui_registry.session.toml_text import with_table, with_value
from tui_registry_server.wire.overview_defaults import LONGEST, OLD_DAYS

REMEDIES: Mapping[str, str] = {
    "theme": 'use the name of a theme, such as theme = "nord"; the console\'s theme dialog lists all themes',
    "keymap": 'use keymap = "default", "vim", or the path of a file in quotes',
    "mouse": "use mouse = true or mouse = false",
    "views": 'write [views.NAME], a name of letters, digits, - and _, and below it place = "models" and, if wanted, '
    'filter = "…", sort = "updated desc", columns = ["model", "updated"], key = "f6"',
    "commands": 'write [commands.NAME], a name of letters, digits, - and _, and below it run = ["PROGRAM", "{name}"], '
    'places = ["model"], and, if wanted, key = "f7", description = "…", confirm, background or writes = true',
    "old_days": "use a number of days from 1 to 36500, such as old_days = 90",
}
"""How to fix an invalid setting, by its name. These are all the settings."""


class SettingsError(Exception):
    """The file is invalid or cannot be written. Its text names the file and the key, and says what to do."""


CommandName = ViewName  # by the same rule


class Settings(BaseModel):
    """The whole file. None depends on the terminal: see tui_registry.terminal.environment."""

    model_config = ConfigDict(defer_build=True, extra="forbid", strict=True)

    theme: str | None = Field(None, min_length=1)
    keymap: str = Field("default", min_length=1)
    mouse: bool | None = None
    old_days: int = Field(OLD_DAYS, ge=1, le=LONGEST)
    """The age from which on the overview counts versions in Production as old."""
    views: dict[ViewName, SavedView] = {}
    commands: dict[CommandName, CustomCommand] = {}


def config_file() -> Path:
    return config.folder() / "console.toml"


def read() -> Settings:
    """The settings; the defaults if there is no file. Raises SettingsError."""
    try:
        return config.read(config_file(), Settings)
    except ConfigError as error:
        known = f"the settings are {', '.join(REMEDIES)}"
        remedies = dict.fromkeys(REMEDIES.get(key.partition(".")[0], known) for key in error.keys)
        raise SettingsError(". ".join([str(error), *(f"{each[0].upper()}{each[1:]}" for each in remedies)])) from None


def keep_theme(theme: str) -> None:
    """Save the theme in the file. Raises SettingsError."""
    _change(lambda text: with_value(text, "theme", theme), lambda content: content.update(theme=theme))


def keep_view(name: str, view: SavedView) -> None:
    """Save a view in the file, in place of one of this name. Raises SettingsError."""
    values = view.model_dump(exclude_defaults=True)
    _change(
        lambda text: with_table(text, ("views", name), values),
        lambda content: content.setdefault("views", {}).update({name: values}),
    )


def _change(written: Callable[[str], str], meant: Callable[[dict[str, Any]], None]) -> None:
    """Change the file's text, and check that what it says is ``meant``. Its comments stay. Raises SettingsError."""
    file = config_file().resolve()  # which a link may lead to
    try:
        with config.locked(file.parent):
            config.replace_private(file, _changed(file, written, meant))
    except OSError as error:
        raise SettingsError(f"{config_file()} cannot be written: {error.strerror}.") from None


def _changed(file: Path, written: Callable[[str], str], meant: Callable[[dict[str, Any]], None]) -> str:
    """The file's changed text. Raises SettingsError."""
    read()  # what is invalid is left as it is
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        text = ""
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"{file} cannot be read.") from None
    import tomllib

    wanted = tomllib.loads(text)
    meant(wanted)
    changed = written(text)
    if _parsed(changed) != wanted:
        raise SettingsError(f"{file} is written in a way that the console cannot change: change it in an editor.")
    return changed


def _parsed(text: str) -> dict[str, Any] | None:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None
