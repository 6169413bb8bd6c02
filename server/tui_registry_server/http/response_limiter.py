"""Limits on long responses that clients have not read yet: bytes per caller, and in total."""

from collections import Counter
from collections.abc import Callable
from functools import partial

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tui_registry_server.http.responses import CHUNK_BYTES
from tui_registry_server.rules.errors import RequestLimitExceeded, TemporarilyUnavailable
from tui_registry_server.rules.limits import Limits


def in_chunks(answer: Response, on_sent: Callable[[], None] = lambda: None) -> Response:
    """The response, sent in chunks, as fast as the client reads. ``on_sent`` is called when it was sent, or failed."""
    return answer if len(answer.body) <= CHUNK_BYTES else _ChunkedResponse(answer, on_sent)


class ResponseLimiter:
    """Counts the bytes of responses that are being sent."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._total = 0
        self._by_principal: Counter[str] = Counter()

    def track(self, answer: Response, principal_id: str) -> Response:
        """The response, counted until it was sent. A single response is always allowed, however long it is. Raises
        RequestLimitExceeded or TemporarilyUnavailable."""
        size = len(answer.body)
        if size <= CHUNK_BYTES:
            return answer
        own = self._by_principal[principal_id]
        if own and own + size > self._limits.unread_bytes_per_principal:
            raise RequestLimitExceeded(
                "Too many long answers are still being sent to you. Read them before you send more requests.",
                limit="unread_bytes_per_principal",
            )
        if self._total and self._total + size > self._limits.unread_bytes:
            raise TemporarilyUnavailable(
                "The server has reached its limit of long answers being sent. Try again.", limit="unread_bytes"
            )
        self._total += size
        self._by_principal[principal_id] = own + size
        return in_chunks(answer, partial(self._on_sent, principal_id, size))

    def _on_sent(self, principal_id: str, size: int) -> None:
        self._total -= size
        self._by_principal[principal_id] -= size
        if not self._by_principal[principal_id]:
            del self._by_principal[principal_id]


class _ChunkedResponse(Response):
    def __init__(self, answer: Response, on_sent: Callable[[], None]) -> None:
        self.status_code, self.raw_headers, self.body = answer.status_code, answer.raw_headers, answer.body
        self._on_sent = on_sent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            for start in range(0, len(self.body), CHUNK_BYTES):
                chunk = self.body[start : start + CHUNK_BYTES]
                await send(
                    {"type": "http.response.body", "body": chunk, "more_body": start + CHUNK_BYTES < len(self.body)}
                )
        finally:
            self._on_sent()
