"""Testing a webhook: an example is sent after the transaction of the request, and its outcome is the answer."""

import uuid
from collections.abc import Callable

from tui_registry_server.operations import webhook_changes
from tui_registry_server.operations.call import Answer, Call, WebhookTest
from tui_registry_server.operations.webhook_request import request_of
from tui_registry_server.rules.webhook_events import example
from tui_registry_server.rules.webhook_http import Outcome
from tui_registry_server.store.webhooks import WebhookRow


def prepared(call: Call, webhook: WebhookRow, event: str, answer: Callable[[Outcome], Answer]) -> WebhookTest:
    """A test with an example of the event. It is recorded, whatever comes of it."""
    change = example(event, webhook.dialect, call.clock, call.principal.name, webhook.model_name)
    request = request_of(
        call.connection, webhook, event, change, delivery_id=uuid.uuid4().hex, now=call.clock, policy=call.policy
    )
    webhook_changes.record_test(call, webhook, event)
    return WebhookTest(request, answer)
