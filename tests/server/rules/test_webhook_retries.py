"""When a delivery is sent again, and when it is given up."""

from tui_registry_server.delivery.retries import LEAST_ATTEMPTS, PERIOD, after, is_due
from tui_registry_server.rules.webhook_http import Outcome
from tui_registry_server.store.webhook_deliveries import DueDelivery

NOW = 1_795_720_000_000
FAILED = Outcome(5, status=503)


def delivery(attempts: int = 0, queued: int = NOW, due: int = NOW, sent: int | None = None) -> DueDelivery:
    return DueDelivery(1, "d", "COMMENT_CREATED", attempts, queued, due, sent, 7)


def test_a_clock_that_is_set_back() -> None:
    """What was queued, or tried, in a future that is not there any more does not wait for it."""
    hour = 60 * 60 * 1000
    assert is_due(delivery(queued=NOW + hour, due=NOW + hour), NOW)
    assert not is_due(delivery(due=NOW + hour), NOW)
    assert is_due(delivery(attempts=3, sent=NOW + hour, due=NOW + 2 * hour), NOW)
    assert not is_due(delivery(attempts=3, sent=NOW - 1, due=NOW + 1), NOW)


def test_what_waited_long_is_tried_more_than_once() -> None:
    """It waited while the server was down, or while the webhook was disabled, not while it was tried."""
    old = delivery(queued=NOW - 3 * PERIOD)
    assert after(old, FAILED, NOW).status == "PENDING"
    assert after(old._replace(attempts=LEAST_ATTEMPTS - 1), FAILED, NOW).status == "DEAD"
    assert after(delivery(attempts=LEAST_ATTEMPTS + 5), FAILED, NOW).status == "PENDING"
    assert after(delivery(), Outcome(5, status=422), NOW).status == "DEAD"
