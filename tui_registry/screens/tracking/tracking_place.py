"""The base of the screens about the tracking server."""

from tui_registry.screens.base.place import Place
from tui_registry.session.messages import RegistryChanged
from tui_registry.terminal.sanitize import one_line
from tui_registry.tracking.client import TrackingClient
from tui_registry.widgets.truncated_text import cell_lines

POLL_SECONDS = 15.0  # the tracking server does not announce its changes


class TrackingPlace(Place):
    """A place that polls the tracking server; changes in the registry do not affect it."""

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(POLL_SECONDS, self._poll)

    @property
    def tracking(self) -> TrackingClient:
        """The client. Raises CallError if the server's URL is invalid."""
        return self.console_app.connection.tracking

    def _poll(self) -> None:
        if self.is_current:
            self.reload()

    def on_registry_changed(self, message: RegistryChanged) -> None:
        message.prevent_default()  # Place would reload

    def problem_text(self, problem: str) -> str:
        """The message in place of rows when loading failed, wrapped to the screen."""
        lines = cell_lines(one_line(problem), self.size.width - 4)
        return "\n".join(["Cannot load from the tracking server.", *lines, self.retry_note])
