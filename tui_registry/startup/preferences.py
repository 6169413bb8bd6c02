"""What is the user's own in the console: the keys, the theme, and what is wrong with the settings that name them."""

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeGuard

from textual import on
from textual.app import App
from textual.driver import Driver

from tui_registry.keys.actions import EVERYWHERE
from tui_registry.keys.keymap import load_or_default
from tui_registry.keys.names import shown
from tui_registry.session.settings import Settings, SettingsError, config_file, keep_theme
from tui_registry.terminal import environment
from tui_registry.terminal.sanitize import one_line

if TYPE_CHECKING:
    from tui_registry.terminal.driver import TerminalDriver

COMPLAINTS = 8  # lines about the settings that are told at once


def can_suspend(driver: Driver | None) -> "TypeGuard[TerminalDriver]":
    return hasattr(driver, "suspend")


class PersonalApp(App[str]):
    """An application with the user's settings. ``complaints`` are told: why the file of settings is not used."""

    def __init__(self, settings: Settings, complaints: Sequence[str]) -> None:
        super().__init__()
        self.keymap, problems = load_or_default(settings.keymap, beside=config_file().parent)
        self._bindings = self.keymap.rebound(self._bindings, EVERYWHERE)
        self._complaints = [*complaints, *problems, *self._use_theme(settings.theme)]
        self.stylesheet.set_variables(self.get_css_variables())
        self._is_styled = False

    def get_driver_class(self) -> type[Driver]:
        if sys.platform == "win32":
            return super().get_driver_class()
        if environment.is_remote(os.environ):
            from tui_registry.terminal.diff_driver import SparingDriver

            return SparingDriver
        from tui_registry.terminal.driver import TerminalDriver

        return TerminalDriver

    def refresh_css(self, animate: bool = True) -> None:
        """Textual does this for the first screen too, when every rule has just been read, with the theme of above."""
        if self._is_styled:
            super().refresh_css(animate)
        self._is_styled = True

    def redraw(self) -> None:
        """Draw everything anew: something else may have written on the terminal."""
        if self._driver is not None and hasattr(self._driver, "forget"):
            self._driver.forget()
        self.refresh(layout=True)

    def action_suspend(self) -> None:
        if can_suspend(self._driver):
            self._driver.suspend()

    @on(Driver.SignalResume)
    def _is_back(self) -> None:
        self.redraw()

    def on_mount(self) -> None:
        if not self._complaints:
            return
        told = [one_line(each, 300) for each in self._complaints[:COMPLAINTS]]
        if len(self._complaints) > COMPLAINTS:
            told.append(f"… and {len(self._complaints) - COMPLAINTS} more: see tui-registry keys")
        title = "Not all of your settings are used"
        self.notify("\n".join(told), title=title, severity="warning", markup=False, timeout=60)

    def _use_theme(self, theme: str | None) -> list[str]:
        """Begin with a theme, unless TEXTUAL_THEME names another; what is wrong with either."""
        wanted = os.environ.get("TEXTUAL_THEME") or theme
        if wanted is None or wanted in self.available_themes:
            self.theme = wanted or self.theme
            return []
        self.theme = "textual-dark"
        keys = shown(next(iter(self.keymap.keys["theme"]), ""))
        return [f"There is no theme '{one_line(wanted)}'. {keys or 'The action theme'} lists those there are."]

    def action_theme(self) -> None:
        """Choose among the themes; without colours, among those that need none."""
        from tui_registry.screens.dialogs.themes import Themes

        themes = [
            (name, "the terminal's own colours" if theme.ansi else "dark" if theme.dark else "light")
            for name, theme in sorted(self.available_themes.items(), key=lambda each: (not each[1].ansi, each[0]))
            if theme.ansi or not self.no_color
        ]
        self.push_screen(Themes(themes, self.theme), self._keep_theme)

    def _keep_theme(self, theme: str | None) -> None:
        if theme is None:
            return
        try:
            keep_theme(theme)
        except SettingsError as error:
            self.notify(one_line(str(error)), title="Not kept", severity="error", markup=False, timeout=30)
            return
        told, wins = f"Kept in {config_file()}.", os.environ.get("TEXTUAL_THEME", theme)
        if wins != theme:
            told += f" At the next start here TEXTUAL_THEME={wins} comes first: set it to {theme} to overrule."
        self.notify(one_line(told), title=f"Theme {theme}", markup=False)
