"""The console's start: a first frame that already has rows, and deferred loading of everything else."""

import gc
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from textual.app import App

from tui_registry.styles import DEFERRED_STYLES

MAX_HOLD_SECONDS = 0.15  # that the first frame waits for rows
DEFERRED_LOAD_SECONDS = 1.0  # after the start


class FirstFrame:
    """The first frame of an application that has just been mounted. ``load`` runs in a thread afterwards: it imports
    what the first frame does not need."""

    def __init__(self, app: App[Any], load: Callable[[], None]) -> None:
        self._app = app
        self._load_deferred = load
        self._held: ExitStack | None = None

    def begin(self) -> None:
        """Delay the first frame."""
        self._held = ExitStack()
        self._held.enter_context(self._app.batch_update())
        self._app.set_timer(MAX_HOLD_SECONDS, self.draw)
        self._app.set_timer(DEFERRED_LOAD_SECONDS, self._load)

    def draw(self) -> None:
        """Draw the first frame, unless that has been done."""
        if self._held is not None:
            self._held.close()
            self._held = None
            self._app.refresh()
            for screen in self._app.screen_stack[-1:]:  # there is none as the console ends
                # At once: Textual draws with the next tick, a sixtieth of a second later, over SSH a twentieth.
                screen.call_later(screen._on_timer_update)  # noqa: SLF001  # nothing public does it

    def _load(self) -> None:
        """Load the other places before they are opened."""
        if not gc.isenabled():  # disabled by tui_registry.cli
            gc.freeze()  # what is imported stays; do not scan it again and again
            gc.enable()
        if not self._app.stylesheet.has_source(str(DEFERRED_STYLES), ""):
            self._app.stylesheet.read(DEFERRED_STYLES)
        self._app.run_worker(self._load_deferred, thread=True, exit_on_error=False)
