"""Copying, over SSH and inside tmux.

OSC 52 asks the terminal itself to copy, wherever it runs; tmux drops it unless asked in its own way. Neither says
whether it worked.
"""

import os
import subprocess

LONGEST = 74_994  # bytes that terminals take


def copy_in_tmux(text: str) -> bool:
    """Hand the text to tmux, which passes it on to the terminal; whether there was a tmux that took it."""
    if "TMUX" not in os.environ:
        return False
    try:
        done = subprocess.run(
            ["tmux", "load-buffer", "-w", "-"],  # noqa: S607  # the user's own tmux
            input=text.encode(),
            capture_output=True,
            timeout=2.0,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
