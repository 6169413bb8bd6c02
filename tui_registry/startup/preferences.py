"""What is the user's own in the console: the keys, the theme, and what is wrong with the settings that name them."""

import os
from collections.abc import Sequence
from typing import Any

from textual.app import App

from tui_registry.keys.keymap import load_or_default
from tui_registry.keys.names import display_name
from tui_registry.session.settings import Settings, SettingsError, config_file, keep_theme
from tui_registry.terminal.sanitize import one_line

MAX_COMPLAINTS = 8  # lines about the settings that are told at once


class Preferences:
    """The user's settings in an application: their ``keymap``, and their theme, which it begins with."""

    def __init__(self, app: App[Any], settings: Settings, complaints: Sequence[str]) -> None:
        """``complaints`` are told: why the file of settings is not used."""
        self._app = app
        self.keymap, problems = load_or_default(settings.keymap, beside=config_file().parent)
        self._complaints = [*complaints, *problems, *self._use_theme(settings.theme)]

    def tell_complaints(self) -> None:
        if not self._complaints:
            return
        told = [one_line(each, 300) for each in self._complaints[:MAX_COMPLAINTS]]
        if len(self._complaints) > MAX_COMPLAINTS:
            told.append(f"… and {len(self._complaints) - MAX_COMPLAINTS} more: see tui-registry keys")
        title = "Not all of your settings are used"
        self._app.notify("\n".join(told), title=title, severity="warning", markup=False, timeout=60)

    def _use_theme(self, theme: str | None) -> list[str]:
        """Begin with a theme, unless TEXTUAL_THEME names another; what is wrong with either."""
        wanted = os.environ.get("TEXTUAL_THEME") or theme
        if wanted is None or wanted in self._app.available_themes:
            self._app.theme = wanted or self._app.theme
            return []
        self._app.theme = "textual-dark"
        keys = display_name(next(iter(self.keymap.keys["theme"]), ""))
        return [f"There is no theme '{one_line(wanted)}'. {keys or 'The action theme'} lists those there are."]

    @property
    def themes(self) -> list[tuple[str, str]]:
        """Those that can be chosen, each with what to say about it; without colours, those that need none."""
        return [
            (name, "the terminal's own colours" if theme.ansi else "dark" if theme.dark else "light")
            for name, theme in sorted(self._app.available_themes.items(), key=lambda each: (not each[1].ansi, each[0]))
            if theme.ansi or not self._app.no_color
        ]

    def keep_theme(self, theme: str | None) -> None:
        """Begin with it from now on."""
        if theme is None:
            return
        try:
            keep_theme(theme)
        except SettingsError as error:
            self._app.notify(one_line(str(error)), title="Not kept", severity="error", markup=False, timeout=30)
            return
        told, wins = f"Kept in {config_file()}.", os.environ.get("TEXTUAL_THEME", theme)
        if wins != theme:
            told += f" At the next start here TEXTUAL_THEME={wins} comes first: set it to {theme} to overrule."
        self._app.notify(one_line(told), title=f"Theme {theme}", markup=False)
