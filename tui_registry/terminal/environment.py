"""Settings for the terminal, made before Textual is imported: it reads some environment variables only then."""

import os
from collections.abc import MutableMapping

from tui_registry.session.settings import Settings

SSH_THEME = "ansi-dark"
PLAIN_THEMES = {"ansi-dark", "ansi-light"}
"""The themes in the terminal's own colours."""
SSH_FPS = "20"  # frames per second


def is_remote(environment: MutableMapping[str, str]) -> bool:
    """Whether the terminal is connected over a network."""
    return "SSH_TTY" in environment or "SSH_CONNECTION" in environment


def prepare(environment: MutableMapping[str, str] | None = None, settings: Settings | None = None) -> bool:
    """Set the variables that Textual reads; returns whether to use the mouse.

    Over SSH: the terminal's own sixteen colours (half the bytes of others), no animation, fewer frames, and the mouse
    left to the terminal, so that text can be selected. With NO_COLOR: always such a theme, as only those are
    drawn without colours. Otherwise the user's environment takes precedence, then this, then the settings.
    """
    environment = os.environ if environment is None else environment
    settings = settings or Settings()
    theme = settings.theme if settings.theme in PLAIN_THEMES else SSH_THEME
    remote = is_remote(environment)
    if remote:
        environment.setdefault("TEXTUAL_THEME", theme)
        environment.setdefault("TEXTUAL_ANIMATIONS", "none")
        environment.setdefault("TEXTUAL_FPS", SSH_FPS)
    if environment.get("NO_COLOR"):
        if environment.get("TEXTUAL_THEME") not in PLAIN_THEMES:
            environment["TEXTUAL_THEME"] = theme
    else:
        environment.pop("NO_COLOR", None)  # empty means unset; Textual takes it as set
    mouse = settings.mouse if settings.mouse is not None else not remote
    return environment.get("TUI_REGISTRY_MOUSE", str(int(mouse))) != "0"
