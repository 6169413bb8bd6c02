"""Waiting for what another process or thread does."""

import time
from collections.abc import Callable

TIMEOUT = 60  # seconds; nothing takes that long, but a loaded machine is slow
POLL_INTERVAL = 0.02  # seconds


def until(happened: Callable[[], object], what: str) -> None:
    """Return once it is true. ``what`` is the failure's message."""
    deadline = time.monotonic() + TIMEOUT
    while not happened():
        assert time.monotonic() < deadline, f"waited {TIMEOUT} s for {what}"
        time.sleep(POLL_INTERVAL)
