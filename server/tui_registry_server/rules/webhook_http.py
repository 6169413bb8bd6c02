"""A request to a webhook's receiver, and its outcome."""

from collections.abc import Mapping
from typing import NamedTuple

from tui_registry_server.rules.webhook_targets import Target

MAX_ANSWER_BYTES = 4096  # of a receiver's answer that are read and kept


class OutgoingRequest(NamedTuple):
    """A POST. ``verify``: whether to check the receiver's certificate."""

    target: Target
    headers: Mapping[str, str]
    body: bytes
    verify: bool


class Outcome(NamedTuple):
    """What came of a request: the receiver's ``status`` and the beginning of its ``body``; or, without them, the
    ``error``. ``retry_after``: seconds that the receiver asks to wait. ``latency``: milliseconds. ``is_permanent``: it
    will not be otherwise the next time."""

    latency: int
    status: int | None = None
    body: str | None = None
    error: str | None = None
    retry_after: float | None = None
    is_permanent: bool = False

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300
