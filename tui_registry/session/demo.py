"""The demo's registry: an embedded one in a folder that is thrown away."""

from collections.abc import Callable
from pathlib import Path

from tui_registry.session.connection import Connection
from tui_registry.session.embedded import EmbeddedRegistry


class DemoRegistry:
    """A throwaway registry, filled through the public API."""

    def __init__(self, folder: Path) -> None:
        self._registry = EmbeddedRegistry(folder / "demo.db", throwaway=True)

    def open(self, progress: Callable[[int, int], None]) -> Connection:
        """Start it and fill it; blocks for some seconds. ``progress`` is told how many steps are done, of how many."""
        token = self._registry.open()
        return Connection(self._registry.url, token, "demo", self._registry)

    def close(self) -> None:
        self._registry.close()
