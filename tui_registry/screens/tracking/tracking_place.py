"""What the places of the tracking server have in common."""

import textwrap

from tui_registry.screens.base.place import Place
from tui_registry.session.messages import RegistryChanged
from tui_registry.terminal.sanitize import one_line
from tui_registry.tracking.client import TrackingClient

FRESH = 15.0  # seconds: the tracking server tells nobody of its changes, so it is asked again


class TrackingPlace(Place):
    """A place of the tracking server. It lives by its own clock: what changes in the registry is not seen here."""

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(FRESH, self._look_again)

    @property
    def tracking(self) -> TrackingClient:
        """The calls. Raises CallError, if the server's address is none."""
        return self.console_app.connection.tracking

    def _look_again(self) -> None:
        if self.is_current:
            self.reload()

    def on_registry_changed(self, message: RegistryChanged) -> None:
        message.prevent_default()  # Place would read again

    def problem_text(self, problem: str) -> str:
        """Why there is nothing to show, in lines that fit."""
        lines = textwrap.wrap(one_line(problem), max(20, self.size.width - 4))
        return "\n".join(["The tracking server does not tell.", *lines, "It is asked again by itself."])
