"""Tests of webhooks: few at once for one user or service principal, and in turn with the deliveries, so that nobody can
flood a receiver by this server, or hold up what others are notified of."""

import contextlib
from collections import Counter
from collections.abc import Iterator

from tui_registry_server.delivery.sender import Sender
from tui_registry_server.rules.errors import RequestLimitExceeded
from tui_registry_server.rules.mail import OutgoingMail
from tui_registry_server.rules.webhook_http import Outcome, OutgoingRequest

AT_ONCE = 5


class WebhookTests:
    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._running: Counter[str] = Counter()

    @contextlib.contextmanager
    def place(self, principal_id: str) -> Iterator[None]:
        """A test runs while the block does. Raises RequestLimitExceeded."""
        if self._running[principal_id] >= AT_ONCE:
            raise RequestLimitExceeded(f"{AT_ONCE} of your webhook tests are running. Wait until one has ended.")
        self._running[principal_id] += 1
        try:
            yield
        finally:
            self._running[principal_id] -= 1
            if not self._running[principal_id]:
                del self._running[principal_id]

    async def send(self, request: OutgoingRequest | OutgoingMail) -> Outcome:
        await self._sender.turn()
        return await self._sender.send(request)
