"""A watchdog of a connection to PostgreSQL: a deadline for blocking operations."""

import contextlib
import math
import threading
import time
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection

CHECK_INTERVAL = 0.5  # seconds


class Watchdog:
    """A thread that disconnects if a block takes too long. One for all blocks, as starting a timer for each is slow."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watched: Any = None
        self._deadline = math.inf
        self._closed = threading.Event()
        threading.Thread(target=self._run, name="registry-watchdog", daemon=True).start()

    @contextlib.contextmanager
    def watch(self, connection: Connection, seconds: float) -> Iterator[None]:
        with self._lock:
            self._watched, self._deadline = connection.connection.driver_connection, time.monotonic() + seconds
        try:
            yield
        finally:
            with self._lock:
                self._watched, self._deadline = None, math.inf

    def close(self) -> None:
        self._closed.set()

    def _run(self) -> None:
        while not self._closed.wait(CHECK_INTERVAL):
            with self._lock:  # so that the block cannot end before the disconnection
                if time.monotonic() > self._deadline:
                    from tui_registry_server.store.postgresql_connection import disconnect

                    disconnect(self._watched)
