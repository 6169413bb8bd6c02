"""Who tries tokens that are not valid, and how long they must wait before the next."""

import logging
import math
from collections import OrderedDict

from tui_registry_server.rules.errors import RequestLimitExceeded
from tui_registry_server.rules.limits import Limits

log = logging.getLogger(__name__)

MINUTE = 60_000  # milliseconds


class Throttle:
    """Counts failed attempts by party (see http.connection_limiter), and forgives them at an even pace.

    Of so many parties as fail at once that not all can be remembered, those that failed longest ago are forgotten.
    Each process counts for itself. Times are milliseconds on a monotonic clock: one that is set would let nobody in, or
    everybody.
    """

    def __init__(self, limits: Limits) -> None:
        self._most = limits.failed_attempts
        self._pace = MINUTE / limits.failed_attempts_per_minute  # milliseconds
        self._parties = limits.failing_addresses
        self._clear_at: OrderedDict[str, float] = OrderedDict()
        """When all is forgiven: each failure moves it on by a pace."""

        self._told: set[str] = set()
        """Of whom the log tells already."""

    @property
    def remembered(self) -> int:
        """How many parties are."""
        return len(self._clear_at)

    def check(self, party: str, now: float) -> None:
        """Raises RequestLimitExceeded if there were too many."""
        wait = self._clear_at.get(party, -math.inf) - now - (self._most - 1) * self._pace
        if wait > 0:
            raise RequestLimitExceeded(
                "Too many access tokens from your address were not valid. Tokens that have been used from there go on "
                "being served; try others again later, and see which program sends one that was revoked or mistyped.",
                retry_after=int(wait / 1000) + 1,
            )

    def count(self, party: str, now: float) -> None:
        """A failed attempt."""
        before = self._clear_at.pop(party, -math.inf)
        self._clear_at[party] = after = max(before, now) + self._pace
        if before <= now:
            self._told.discard(party)
        if after - now > (self._most - 1) * self._pace and party not in self._told:
            self._told.add(party)
            log.warning("too many access tokens from %s are not valid: it must wait", party)
        if len(self._clear_at) > self._parties:
            forgotten, _ = self._clear_at.popitem(last=False)
            self._told.discard(forgotten)
