"""What the terminal is, found out before Textual is imported: Textual reads some of it only then."""

import os
from collections.abc import MutableMapping

from tui_registry.session.settings import Settings

SSH_THEME = "ansi-dark"
PLAIN_THEMES = {"ansi-dark", "ansi-light"}
"""The themes in the terminal's own colours."""
SSH_FRAMES = "20"  # per second


def is_remote(environment: MutableMapping[str, str]) -> bool:
    """Whether every byte drawn crosses a network."""
    return "SSH_TTY" in environment or "SSH_CONNECTION" in environment


def prepare(environment: MutableMapping[str, str] | None = None, settings: Settings | None = None) -> bool:
    """Set what Textual reads from the environment; whether to use the mouse.

    Over SSH: the terminal's own sixteen colours (half the bytes of others), no animation, fewer frames, and the mouse
    left to the terminal, so that text can be selected. Without colours: always such a theme, as only those are
    drawn without any. Apart from that, what the user has set in the environment wins, then this, then the settings.
    """
    environment = os.environ if environment is None else environment
    settings = settings or Settings()
    theme = settings.theme if settings.theme in PLAIN_THEMES else SSH_THEME
    remote = is_remote(environment)
    if remote:
        environment.setdefault("TEXTUAL_THEME", theme)
        environment.setdefault("TEXTUAL_ANIMATIONS", "none")
        environment.setdefault("TEXTUAL_FPS", SSH_FRAMES)
    if environment.get("NO_COLOR"):
        if environment.get("TEXTUAL_THEME") not in PLAIN_THEMES:
            environment["TEXTUAL_THEME"] = theme
    else:
        environment.pop("NO_COLOR", None)  # empty, it means nothing; Textual takes it for a yes
    mouse = settings.mouse if settings.mouse is not None else not remote
    return environment.get("TUI_REGISTRY_MOUSE", str(int(mouse))) != "0"
