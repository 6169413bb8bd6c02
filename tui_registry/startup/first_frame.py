"""The console's start: one first frame, with something to see in it, and loading later what it can do without."""

import gc
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from textual.app import App

from tui_registry.styles import ELSEWHERE

HELD = 0.15  # seconds that the first frame waits for rows at the most
LEISURE = 1.0  # seconds until what the start can do without is loaded


class FirstFrame:
    """Of an application that has just been mounted. ``load`` gets ready what is not seen yet; it runs in a thread."""

    def __init__(self, app: App[Any], load: Callable[[], None]) -> None:
        self._app = app
        self._get_ready = load
        self._held: ExitStack | None = None

    def begin(self) -> None:
        """Hold back the first frame."""
        self._held = ExitStack()
        self._held.enter_context(self._app.batch_update())
        self._app.set_timer(HELD, self.draw)
        self._app.set_timer(LEISURE, self._load)

    def draw(self) -> None:
        """Draw the first frame, if that has not been done."""
        if self._held is not None:
            self._held.close()
            self._held = None
            self._app.refresh()

    def _load(self) -> None:
        """Have the places ready before they are asked for."""
        if not gc.isenabled():  # since the command began, see tui_registry.cli
            gc.freeze()  # what is there stays: it need not be looked at again and again
            gc.enable()
        if not self._app.stylesheet.has_source(str(ELSEWHERE), ""):
            self._app.stylesheet.read(ELSEWHERE)
        self._app.run_worker(self._get_ready, thread=True, exit_on_error=False)
