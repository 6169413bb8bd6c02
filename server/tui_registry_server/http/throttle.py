"""Throttling of invalid tokens: how long a client must wait before it may try another."""

import logging
import math
from collections import OrderedDict

from tui_registry_server.rules.errors import RequestLimitExceeded
from tui_registry_server.rules.limits import Limits

log = logging.getLogger(__name__)

MINUTE = 60_000  # milliseconds


class Throttle:
    """Counts failed attempts by client key (see http.connection_limiter), and forgives them at a steady rate.

    If more clients fail than can be tracked, those that failed longest ago are forgotten.
    Each process counts for itself. Times are milliseconds on a monotonic clock: on a clock that
    can be set, everybody or nobody might be let in.
    """

    def __init__(self, limits: Limits) -> None:
        self._max_failures = limits.failed_attempts
        self._forgiveness_interval = MINUTE / limits.failed_attempts_per_minute  # milliseconds
        self._max_clients = limits.failing_addresses
        self._forgiven_at: OrderedDict[str, float] = OrderedDict()
        """When a client has no failures left: each failure moves it on by one interval."""

        self._logged: set[str] = set()
        """Clients that the log has already mentioned."""

    def check(self, client_key: str, now: float) -> None:
        """Raises RequestLimitExceeded if there were too many failed attempts."""
        wait = (
            self._forgiven_at.get(client_key, -math.inf) - now - (self._max_failures - 1) * self._forgiveness_interval
        )
        if wait > 0:
            raise RequestLimitExceeded(
                "Too many access tokens from your address were not valid. Tokens that were valid before are still "
                "accepted; try others again later, and find the program that sends one that was revoked or mistyped.",
                retry_after=int(wait / 1000) + 1,
                limit="failed_attempts",
            )

    def record_failure(self, client_key: str, now: float) -> None:
        """A failed attempt."""
        before = self._forgiven_at.pop(client_key, -math.inf)
        self._forgiven_at[client_key] = after = max(before, now) + self._forgiveness_interval
        if before <= now:
            self._logged.discard(client_key)
        if after - now > (self._max_failures - 1) * self._forgiveness_interval and client_key not in self._logged:
            self._logged.add(client_key)
            log.warning("too many invalid access tokens from %s: throttling it", client_key)
        if len(self._forgiven_at) > self._max_clients:
            forgotten, _ = self._forgiven_at.popitem(last=False)
            self._logged.discard(forgotten)
