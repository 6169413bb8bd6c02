"""The limits of what one client can use of the server, so that the others are served: their defaults and reasons. All
are per process; ``serve --limit NAME=NUMBER`` changes one."""

from dataclasses import dataclass, field, fields
from typing import Any

from tui_registry_server.rules.errors import InvalidParameterValue

LONGEST_WEBHOOK_LEASE = 60 * 60
"""Seconds. All servers on a database take a lease that ends later for one from before the clock was set back."""


def _limit(default: int, reason: str) -> Any:
    return field(default=default, metadata={"reason": reason})


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes are bytes, times seconds."""

    head_bytes: int = _limit(
        128 * 1024, "a request's head: 64 KiB for the target, which is its maximum, and as much for the rest"
    )
    head_fields: int = _limit(100, "header fields of a request: clients and proxies send some dozens at most")
    body_bytes: int = _limit(4 * 1024 * 1024, "a request's body: some dozens of tags of 100,000 characters")
    large_bodies: int = _limit(8, "bodies of more than 64 KiB in memory at once; further ones wait, and are not read")
    large_bodies_per_principal: int = _limit(2, "of them by one user or service principal")
    large_body_seconds: int = _limit(
        10, "until such a body is complete, while others wait for a slot: 4 MiB at 420 kB/s; then 408"
    )
    unread_bytes: int = _limit(128 * 1024 * 1024, "of long answers being sent, to clients that read slowly; then 503")
    unread_bytes_per_principal: int = _limit(32 * 1024 * 1024, "of them to one user or service principal; then 429")
    drained_bytes: int = _limit(
        64 * 1024 * 1024, "of a body that is too large, read and dropped so that its sender can read why"
    )
    pipelined: int = _limit(32, "requests sent ahead on one connection: known clients send none")
    head_seconds: int = _limit(20, "until the TLS handshake is done, and until the head of a request is complete")
    body_seconds: int = _limit(60, "until the body of a request is complete: 4 MiB at 70 kB/s")
    idle_seconds: int = _limit(75, "that an idle connection is kept open: longer than clients keep theirs")
    stalled_seconds: int = _limit(60, "for which a client may read nothing of an answer that fills the send buffers")
    connections: int = _limit(2000, "open at once; a further one gets 503, and is closed")
    connections_per_address: int = _limit(500, "of them from one address that is not a trusted proxy's; then 429")
    refused_connections: int = _limit(200, "beyond these that get an error before they are closed")
    streams: int = _limit(500, "event streams open at once, each of which polls after every change; then 503")
    streams_per_principal: int = _limit(50, "of them by one user or service principal; then 429")
    tracking_requests: int = _limit(200, "passed on to the tracking server at once; then 503")
    tracking_requests_per_principal: int = _limit(50, "of them by one user or service principal; then 429")
    webhook_sends: int = _limit(100, "webhooks that are sent to at once; further ones wait")
    webhook_sends_per_principal: int = _limit(25, "of them that one user or service principal created or last changed")
    webhook_sends_per_second: int = _limit(50, "requests to webhooks: each costs as much as some writes")
    webhook_seconds: int = _limit(
        10,
        "until a receiver must have answered; a killed server is replaced after 2 * webhook_seconds + webhook_sends / "
        "webhook_sends_per_second: 22, and at most 3600",
    )
    openid_key_seconds: int = _limit(10, "between two fetches of an OpenID provider's keys, for all callers together")
    failed_attempts: int = _limit(20, "invalid tokens from one address, before it gets 429 for others")
    failed_attempts_per_minute: int = _limit(10, "of them that are forgiven per minute")
    failing_addresses: int = _limit(10_000, "whose failed attempts are counted; an IPv6 /64 is one address")

    @property
    def webhook_lease(self) -> float:
        """Seconds for which a server has a webhook to itself: a batch, the wait of its last request for its turn, and
        that request, with time to spare for the database."""
        return 2 * self.webhook_seconds + self.webhook_sends / self.webhook_sends_per_second

    def check(self) -> None:
        """Raises InvalidParameterValue for limits that do not go together."""
        if self.drained_bytes < self.body_bytes:
            raise InvalidParameterValue(
                f"drained_bytes={self.drained_bytes} is less than body_bytes={self.body_bytes}, so larger bodies would "
                "be refused: set it to as many at least."
            )
        if self.webhook_lease > LONGEST_WEBHOOK_LEASE:
            raise InvalidParameterValue(
                f"webhook_seconds={self.webhook_seconds}, webhook_sends={self.webhook_sends} and "
                f"webhook_sends_per_second={self.webhook_sends_per_second} do not go together: other servers take over "
                f"a webhook after {LONGEST_WEBHOOK_LEASE} seconds, and so 2 * webhook_seconds + webhook_sends / "
                f"webhook_sends_per_second, which is {self.webhook_lease:.0f}, must not be more."
            )


def with_overrides(given: tuple[str, ...]) -> Limits:
    """The defaults with these changes, written as ``name=number``. Raises InvalidParameterValue, also if they do not go
    together."""
    known = [each.name for each in fields(Limits)]
    changes: dict[str, int] = {}
    for each in given:
        name, _, number = each.partition("=")
        if name not in known:
            raise InvalidParameterValue(f"There is no limit '{name}'. The limits are: {', '.join(known)}.")
        if not (number.isascii() and number.isdecimal()) or not 0 < int(number) < 2**53:
            raise InvalidParameterValue(f"'{each}' is not a limit: write a whole number of at least 1, as {name}=50.")
        changes[name] = int(number)
    limits = Limits(**changes)
    limits.check()
    return limits
