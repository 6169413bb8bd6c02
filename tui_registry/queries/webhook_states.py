"""The states of webhooks and their deliveries, in the words that the console and the commands use."""

from tui_registry_server.wire.registry_webhook import RegistryWebhookStatus
from tui_registry_server.wire.webhook_delivery import DeliveryStatus, WebhookDelivery

ACTIVE, FAILING, PAUSED, TEST = "active", "failing", "paused", "test"
WAITING, RETRYING, DELIVERED, GIVEN_UP, WITHHELD = "waiting", "retrying", "delivered", "given up", "withheld"
_OF_WEBHOOKS = {
    RegistryWebhookStatus.ACTIVE: ACTIVE,
    RegistryWebhookStatus.DISABLED: PAUSED,
    RegistryWebhookStatus.TEST_MODE: TEST,
}
_OF_DELIVERIES = {
    DeliveryStatus.PENDING: WAITING,
    DeliveryStatus.DELIVERED: DELIVERED,
    DeliveryStatus.DEAD: GIVEN_UP,
    DeliveryStatus.WITHHELD: WITHHELD,
}


def webhook_state(status: RegistryWebhookStatus, last: WebhookDelivery | None) -> str:
    """``last``: the delivery that was tried last; of an active webhook it may have failed."""
    return FAILING if status is RegistryWebhookStatus.ACTIVE and has_failed(last) else _OF_WEBHOOKS[status]


def delivery_state(delivery: WebhookDelivery) -> str:
    is_retried = delivery.status is DeliveryStatus.PENDING and delivery.attempts > 0
    return RETRYING if is_retried else _OF_DELIVERIES[delivery.status]


def has_failed(delivery: WebhookDelivery | None) -> bool:
    """Whether it was given up, or is tried again."""
    return delivery is not None and delivery_state(delivery) in {RETRYING, GIVEN_UP}


def failed_attempts(delivery: WebhookDelivery) -> int:
    """How many attempts have failed."""
    return max(0, delivery.attempts - (delivery.status is DeliveryStatus.DELIVERED))
