"""What follows from an attempt: policy as numbers."""

import random

from tui_registry_server.rules.webhook_http import Outcome
from tui_registry_server.store.webhook_deliveries import Attempt, DueDelivery
from tui_registry_server.wire.webhook_delivery import DeliveryStatus

FIRST_WAIT = 1.0  # seconds after the first failure, twice as many after each further one
LONGEST_WAIT = 60 * 60.0  # seconds
PERIOD = 24 * 60 * 60 * 1000  # milliseconds since it was queued, after which a failed delivery is given up
PERMANENT = frozenset({400, 410, 413, 415, 422})
"""Statuses by which a receiver refuses this content, or any: sending it again is in vain."""


def after(delivery: DueDelivery, outcome: Outcome, now: int) -> Attempt:
    """``now``: milliseconds since the epoch."""
    attempts = delivery.attempts + 1
    status, due = DeliveryStatus.DELIVERED, delivery.due_timestamp
    if not outcome.is_success:
        due = now + int(1000 * _wait(attempts, outcome))
        given_up = outcome.is_permanent or outcome.status in PERMANENT or now - delivery.queued_timestamp >= PERIOD
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


def withheld(delivery: DueDelivery, why: str) -> Attempt:
    """A delivery that is not sent."""
    return Attempt(
        number=delivery.number,
        status=DeliveryStatus.WITHHELD.value,
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
