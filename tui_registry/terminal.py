"""What the terminal is, found out before Textual is imported: Textual reads some of it only then."""

import os
from collections.abc import MutableMapping

SSH_THEME = "ansi-dark"
SSH_FRAMES = "20"  # per second


def is_remote(environment: MutableMapping[str, str]) -> bool:
    """Whether every byte drawn crosses a network."""
    return "SSH_TTY" in environment or "SSH_CONNECTION" in environment


def prepare(environment: MutableMapping[str, str] | None = None) -> bool:
    """Set what Textual reads from the environment; whether to use the mouse.

    Over SSH: the terminal's own sixteen colours (half the bytes of others), no animation, fewer frames, and the mouse
    left to the terminal, so that text can be selected. What the user has set wins.
    """
    environment = os.environ if environment is None else environment
    if is_remote(environment):
        environment.setdefault("TEXTUAL_THEME", SSH_THEME)
        environment.setdefault("TEXTUAL_ANIMATIONS", "none")
        environment.setdefault("TEXTUAL_FPS", SSH_FRAMES)
    if environment.get("NO_COLOR"):
        environment.setdefault("TEXTUAL_THEME", SSH_THEME)
    return environment.get("TUI_REGISTRY_MOUSE", "0" if is_remote(environment) else "1") != "0"
