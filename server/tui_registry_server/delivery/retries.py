"""What follows from an attempt: policy as numbers."""

import random

from tui_registry_server.rules.webhook_http import Outcome
from tui_registry_server.store.webhook_deliveries import SKEW, Attempt, DueDelivery
from tui_registry_server.wire.webhook_delivery import DeliveryStatus

FIRST_WAIT = 1.0  # seconds after the first failure, twice as many after each further one
LONGEST_WAIT = 60 * 60.0  # seconds
PERIOD = 24 * 60 * 60 * 1000  # milliseconds since it was queued, after which a failed delivery is given up
PERMANENT = frozenset({400, 410, 413, 415, 422})
"""Statuses by which a receiver refuses this content, or any: sending it again cannot succeed."""
LEAST_ATTEMPTS = 8
"""In some two minutes. Before, no delivery is given up because of its age: it may have waited for a day while the
server was down or its webhook disabled, and the receiver may be just starting, too."""


def is_due(delivery: DueDelivery, now: int) -> bool:
    """Whether it is to be sent now: also if the clock was set back since it was queued or tried."""
    latest = max(delivery.queued_timestamp, delivery.sent_timestamp or 0)
    return delivery.due_timestamp <= now or latest > now + SKEW


def after(delivery: DueDelivery, outcome: Outcome, now: int) -> Attempt:
    """``now``: milliseconds since the epoch."""
    attempts = delivery.attempts + 1
    status, due = DeliveryStatus.DELIVERED, delivery.due_timestamp
    if not outcome.is_success:
        due = now + int(1000 * _wait(attempts, outcome))
        is_old = now - delivery.queued_timestamp >= PERIOD and attempts >= LEAST_ATTEMPTS
        given_up = outcome.is_permanent or outcome.status in PERMANENT or is_old
        status = DeliveryStatus.DEAD if given_up else DeliveryStatus.PENDING
    return Attempt(
        number=delivery.number,
        status=status.value,
        attempts=attempts,
        due_timestamp=due,
        sent_timestamp=now,
        latency_ms=outcome.latency,
        response_status=outcome.status,
        response_body=outcome.body,
        error=outcome.error,
    )


def not_sent(delivery: DueDelivery, status: DeliveryStatus, why: str) -> Attempt:
    """A delivery that is not sent, and will not be."""
    return Attempt(
        number=delivery.number,
        status=status.value,
        attempts=delivery.attempts,
        due_timestamp=delivery.due_timestamp,
        sent_timestamp=None,
        latency_ms=None,
        response_status=None,
        response_body=None,
        error=why,
    )


def _wait(attempts: int, outcome: Outcome) -> float:
    """Seconds: with jitter, so that receivers that come back are not met by all at once."""
    wait = min(FIRST_WAIT * 2.0 ** min(attempts - 1, 20), LONGEST_WAIT) * random.uniform(0.75, 1.25)  # noqa: S311
    return max(wait, outcome.retry_after or 0.0)
