"""The demo's registry: an embedded one in a temporary folder."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from tui_registry.session.connection import Connection, address, is_read_only
from tui_registry.session.embedded import EmbeddedRegistry


class DemoRegistry:
    """A throwaway registry, filled through the public API."""

    def __init__(self, folder: Path) -> None:
        from tui_registry.demo.people import ADMIN

        self._registry = EmbeddedRegistry(folder / "demo.db", throwaway=True, user=ADMIN)

    def open(self, progress: Callable[[int, int], None]) -> Connection:
        """Start it and fill it; blocks for some seconds. ``progress`` is called with the steps done and their total.

        TUI_REGISTRY_READ_ONLY and TUI_REGISTRY_TRACKING_URI apply as to any other. Raises ConnectionProblem if the
        latter is not a URL."""
        from tui_registry.demo.fill import fill

        tracking_uri = address(os.environ, "TUI_REGISTRY_TRACKING_URI")
        token = self._registry.open()
        now = datetime.now(UTC).astimezone()
        fill(self._registry.endpoint, token, self._registry.tokens_of, now, progress)
        return Connection(
            self._registry.url,
            token,
            "demo",
            self._registry,
            read_only=is_read_only(os.environ),
            tracking_uri=tracking_uri,
            endpoint=self._registry.endpoint,
        )

    def close(self) -> None:
        self._registry.close()
