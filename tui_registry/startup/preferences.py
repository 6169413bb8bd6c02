"""The user's preferences: the keymap, the theme, and warnings about invalid settings."""

import os
from collections.abc import Sequence
from typing import Any

from textual.app import App

from tui_registry.keys.custom_commands import with_commands
from tui_registry.keys.keymap import load_or_default
from tui_registry.keys.names import display_name
from tui_registry.keys.view_actions import with_views
from tui_registry.session.kept_arrangements import KeptArrangements
from tui_registry.session.saved_view import SavedView
from tui_registry.session.settings import Settings, SettingsError, config_file, keep_theme
from tui_registry.terminal.sanitize import one_line

MAX_WARNINGS = 8  # lines displayed at once


class Preferences:
    """The user's settings applied to an application: their ``keymap``, theme and saved ``views``, and
    ``old_days``, from which on a version in Production is old; and the ``arrangements`` of places."""

    def __init__(self, app: App[Any], settings: Settings, warnings: Sequence[str]) -> None:
        """``warnings`` are displayed: why the settings file is not used."""
        self._app = app
        keymap, problems = load_or_default(settings.keymap, folder=config_file().parent)
        self._own_keymap, bad_commands = with_commands(keymap, settings.commands)
        self.views = dict(settings.views)
        self.old_days = settings.old_days
        self.keymap, bad_views = with_views(self._own_keymap, self.views)
        problems = [*problems, *bad_commands, *bad_views]
        self.arrangements = KeptArrangements()
        unread = [self.arrangements.problem] if self.arrangements.problem else []
        self._warnings = [*warnings, *keymap.notes, *problems, *unread, *self._use_theme(settings.theme)]

    def add_view(self, name: str, view: SavedView) -> None:
        """Put a view, and its key, in the keymap."""
        self.views[name] = view
        self.keymap, _ = with_views(self._own_keymap, self.views)

    def warn(self, warnings: Sequence[str]) -> None:
        """Show further warnings."""
        self._warnings = list(warnings)
        self.show_warnings()

    def show_warnings(self) -> None:
        if not self._warnings:
            return
        lines = [one_line(each, 300) for each in self._warnings[:MAX_WARNINGS]]
        if len(self._warnings) > MAX_WARNINGS:
            lines.append(f"… and {len(self._warnings) - MAX_WARNINGS} more: see tui-registry keys")
        has_only_notes = tuple(self._warnings) == self.keymap.notes
        title = "Some actions have lost keys" if has_only_notes else "Some settings are not used"
        self._app.notify("\n".join(lines), title=title, severity="warning", markup=False, timeout=60)

    def _use_theme(self, theme: str | None) -> list[str]:
        """Start with a theme, unless TEXTUAL_THEME names another; returns the warnings."""
        wanted = os.environ.get("TEXTUAL_THEME") or theme
        if wanted is None or wanted in self._app.available_themes:
            self._app.theme = wanted or self._app.theme
            return []
        self._app.theme = "textual-dark"
        keys = display_name(next(iter(self.keymap.keys["theme"]), ""))
        return [f"There is no theme '{one_line(wanted)}'. {keys or 'The theme action'} lists the themes."]

    @property
    def themes(self) -> list[tuple[str, str]]:
        """The themes to choose from, each with a description; with NO_COLOR only those that need no colours."""
        return [
            (name, "the terminal's own colours" if theme.ansi else "dark" if theme.dark else "light")
            for name, theme in sorted(self._app.available_themes.items(), key=lambda each: (not each[1].ansi, each[0]))
            if theme.ansi or not self._app.no_color
        ]

    def keep_theme(self, theme: str | None) -> None:
        """Save a theme for the next start."""
        if theme is None:
            return
        try:
            keep_theme(theme)
        except SettingsError as error:
            self._app.notify(one_line(str(error)), title="Not saved", severity="error", markup=False, timeout=30)
            return
        message, active = f"Saved in {config_file()}.", os.environ.get("TEXTUAL_THEME", theme)
        if active != theme:
            message += f" At the next start TEXTUAL_THEME={active} takes precedence: set it to {theme} to change that."
        self._app.notify(one_line(message), title=f"Theme {theme}", markup=False)
