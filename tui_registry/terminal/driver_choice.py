"""Choosing the terminal driver. Drivers are imported only when chosen: our own need Unix."""

import os
import sys
from typing import TYPE_CHECKING, TypeGuard

from textual.driver import Driver

from tui_registry.terminal import environment

if TYPE_CHECKING:
    from tui_registry.terminal.driver import TerminalDriver


def driver_class() -> type[Driver] | None:
    """The driver to use; None for Textual's own."""
    if sys.platform == "win32":
        return None
    if environment.is_remote(os.environ):
        from tui_registry.terminal.diff_driver import DiffDriver

        return DiffDriver
    from tui_registry.terminal.driver import TerminalDriver

    return TerminalDriver


def can_suspend(driver: Driver | None) -> "TypeGuard[TerminalDriver]":
    return hasattr(driver, "suspend")
