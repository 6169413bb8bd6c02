"""The deliveries of a webhook, as the server lists them."""

import time
from typing import Any

from tests.server.api import Api

HOOKS = "/mlflow/registry-webhooks"


def deliveries(api: Api, webhook: str, **fields: Any) -> list[dict[str, Any]]:
    """Newest first."""
    listed: list[dict[str, Any]] = api.get(f"{HOOKS}/deliveries", id=webhook, **fields).ok().get("deliveries", [])
    return listed


def settled(api: Api, webhook: str, *statuses: str) -> list[dict[str, Any]]:
    """All of them, oldest first, once they have these statuses."""
    deadline = time.monotonic() + 30
    while True:
        found = deliveries(api, webhook)[::-1]
        if [each["status"] for each in found] == [*statuses]:
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
