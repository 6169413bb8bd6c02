"""Places that show what changes without an event of the server: they are read again every few seconds."""

from tui_registry.screens.base.place import Place

POLL_INTERVAL = 4.0  # seconds


class Polled(Place):
    """Only while it is on the screen, and not before the last answer has come."""

    def on_mount(self) -> None:
        """Once: Textual calls this method of each class, and no subclass does."""
        self.set_interval(POLL_INTERVAL, self._poll)

    def _poll(self) -> None:
        if self.is_current and not self.is_loading and not self._is_unsupported:
            self.poll()

    def poll(self) -> None:
        """Read again what changes without an event: everything, unless a subclass knows better."""
        self.reload()
