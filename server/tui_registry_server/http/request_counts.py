"""How many requests were answered, how long that took, and how many were refused by which limit.

Counted in plain numbers, on the event loop only, as this is on the path of every request: http.metrics makes metrics of
them when somebody asks.
"""

from collections import Counter

from tui_registry_server.rules.errors import RegistryError
from tui_registry_server.rules.histogram import Histogram

UNMATCHED = "(no route)"
"""The route of requests for paths that do not exist: what clients make up is no label."""
TRACKING_SERVER = "(tracking server)"
"""The route of requests that are passed on to the tracking server."""
NOT_HTTP = "(not read)"
"""The route of connections that were refused, and of requests that are not HTTP, too large or too slow."""

REFUSING = (
    *("connections", "connections_per_address", "head_bytes", "head_fields", "head_seconds", "pipelined"),
    *("body_bytes", "body_seconds", "drained_bytes", "large_body_seconds", "stalled_seconds", "failed_attempts"),
    *("streams", "streams_per_principal", "unread_bytes", "unread_bytes_per_principal"),
    *("tracking_requests", "tracking_requests_per_principal"),
)
"""The limits that refuse something; others make requests wait."""


class RouteCounts:
    """Of one route and method: answers by status, and durations."""

    __slots__ = ("durations", "statuses")

    def __init__(self) -> None:
        self.statuses: dict[int, int] = {}
        self.durations = Histogram()


class RequestCounts:
    """``routes`` by the route's template and method; ``refused`` by the name of the limit, see rules.limits."""

    def __init__(self) -> None:
        self.routes: dict[tuple[str, str], RouteCounts] = {}
        self.refused: Counter[str] = Counter(dict.fromkeys(REFUSING, 0))

    def add(self, route: str, method: str, status: int, seconds: float | None) -> None:
        """Count a request that was answered. ``seconds``: None for an event stream, which lasts as long as its
        client."""
        counts = self.routes.get((route, method))
        if counts is None:
            counts = self.routes[route, method] = RouteCounts()
        counts.statuses[status] = counts.statuses.get(status, 0) + 1
        if seconds is not None:
            counts.durations.add(seconds)

    def add_refusal(self, error: RegistryError) -> None:
        """Count what a limit refused, if one did."""
        if error.limit is not None:
            self.refused[error.limit] += 1

    def add_unread(self, error: RegistryError) -> None:
        """Count a connection or a request that was refused before it was read."""
        self.add_refusal(error)
        self.add(NOT_HTTP, "", error.status, None)
