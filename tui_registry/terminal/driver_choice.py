"""Which driver draws on the terminal. Each is imported when it is chosen: those of ours need a Unix."""

import os
import sys
from typing import TYPE_CHECKING, TypeGuard

from textual.driver import Driver

from tui_registry.terminal import environment

if TYPE_CHECKING:
    from tui_registry.terminal.driver import TerminalDriver


def driver_class() -> type[Driver] | None:
    """None: Textual's own."""
    if sys.platform == "win32":
        return None
    if environment.is_remote(os.environ):
        from tui_registry.terminal.diff_driver import DiffDriver

        return DiffDriver
    from tui_registry.terminal.driver import TerminalDriver

    return TerminalDriver


def can_suspend(driver: Driver | None) -> "TypeGuard[TerminalDriver]":
    return hasattr(driver, "suspend")
