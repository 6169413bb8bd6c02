"""Sending one request to a receiver: without proxies, redirects or cookies, and for a limited time."""

import asyncio
import contextlib
import math
import ssl
import time
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import TYPE_CHECKING

from tui_registry_server.rules.mail import OutgoingMail
from tui_registry_server.rules.webhook_http import MAX_ANSWER_BYTES, Outcome, OutgoingRequest
from tui_registry_server.rules.webhook_targets import Network
from tui_registry_server.wire.webhook_delivery import FailureReason

if TYPE_CHECKING:
    import httpcore

    from tui_registry_server.delivery.mailer import Mailer

MAX_RETRY_AFTER = 24 * 60 * 60.0  # seconds
KEPT_SECONDS = 5.0  # that an idle connection is kept
RESOLVING_THREADS = 128


class Sender:
    """Sends requests to the receivers that may be sent to: see rules.webhook_targets; and e-mail, by the mailer.
    ``timeout``: seconds until a receiver must have answered. ``per_second``: requests, if each waits for its turn."""

    def __init__(
        self,
        allowed: Sequence[Network],
        timeout: float,
        mailer: "Mailer | None" = None,
        per_second: float = math.inf,
    ) -> None:
        self._allowed = allowed
        self._mailer = mailer
        self.timeout = timeout
        self._interval = 1 / per_second
        self._next_turn = 0.0

    async def turn(self) -> bool:
        """Wait for the next turn of all that this server sends, which has requests to serve, too. Returns whether
        another one was before it."""
        now = time.monotonic()
        self._next_turn = max(now, self._next_turn + self._interval)
        await asyncio.sleep(self._next_turn - now)
        return self._next_turn > now

    async def send(self, request: OutgoingRequest | OutgoingMail) -> Outcome:
        """Never raises; cancelling it ends the connection."""
        if isinstance(request, OutgoingMail):
            return await self._mailer.send(request) if self._mailer else _not_sent("there is no mail server")
        import httpcore  # here and below: a server without webhooks starts sooner without it

        start = time.monotonic()

        def latency() -> int:
            return int((time.monotonic() - start) * 1000)

        try:
            async with asyncio.timeout(self.timeout), self._response(request) as response:
                body = await _beginning(response)
                wait = _retry_after(response)
        except TimeoutError:
            no_answer = f"the receiver did not answer within {self.timeout:.0f} seconds"
            return Outcome(latency(), error=FailureReason.TIMEOUT.error(no_answer))
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError, ValueError) as error:
            from tui_registry_server.delivery.failure import explained

            return Outcome(latency(), error=explained(error))
        return Outcome(latency(), response.status, body, retry_after=wait)

    async def close(self) -> None:
        if self._mailer is not None:
            self._mailer.close()
        for name in ("_plain", "_verifying", "_trusting"):
            if name in self.__dict__:
                await self.__dict__[name].aclose()
        if "_resolver" in self.__dict__:
            self._resolver.shutdown(wait=False, cancel_futures=True)

    @contextlib.asynccontextmanager
    async def _response(self, request: OutgoingRequest) -> AsyncIterator["httpcore.Response"]:
        import httpcore

        target = request.target
        pool = self._plain if target.scheme == "http" else self._verifying if request.verify else self._trusting
        url = httpcore.URL(
            scheme=target.scheme.encode(), host=target.host.encode(), port=target.port, target=target.target.encode()
        )
        headers = {"Host": _host(request), **request.headers, "Content-Length": str(len(request.body))}
        async with pool.stream("POST", url, headers=list(headers.items()), content=request.body) as response:
            yield response

    def _pool(self, context: ssl.SSLContext | None, *, plain: bool = False) -> "httpcore.AsyncConnectionPool":
        import httpcore

        from tui_registry_server.delivery.network import CheckedNetwork

        return httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=None,  # sends at once are limited elsewhere
            max_keepalive_connections=100,
            keepalive_expiry=KEPT_SECONDS,
            network_backend=CheckedNetwork(self._allowed, self._resolver, plain=plain),
        )

    @cached_property
    def _resolver(self) -> ThreadPoolExecutor:
        """Threads of its own, more than one owner of webhooks can keep waiting for a name server that never answers:
        the event loop's few are for everybody."""
        return ThreadPoolExecutor(RESOLVING_THREADS, "webhook-resolver")

    @cached_property
    def _plain(self) -> "httpcore.AsyncConnectionPool":
        return self._pool(None, plain=True)

    @cached_property
    def _verifying(self) -> "httpcore.AsyncConnectionPool":
        return self._pool(ssl.create_default_context())

    @cached_property
    def _trusting(self) -> "httpcore.AsyncConnectionPool":
        """For receivers whose certificate is not checked, as their webhook says."""
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return self._pool(context)


def _not_sent(why: str) -> Outcome:
    return Outcome(0, error=FailureReason.NOT_SENT.error(why))


def _host(request: OutgoingRequest) -> str:
    target = request.target
    host = f"[{target.host}]" if ":" in target.host else target.host
    return host if target.port == (443 if target.scheme == "https" else 80) else f"{host}:{target.port}"


async def _beginning(response: "httpcore.Response") -> str:
    """Of the body, as text that every database can store."""
    content = b""
    async for chunk in response.aiter_stream():
        content += chunk
        if len(content) >= MAX_ANSWER_BYTES:
            break
    return content[:MAX_ANSWER_BYTES].decode(errors="replace").replace("\0", "\ufffd")


def _retry_after(response: "httpcore.Response") -> float | None:
    """Seconds that a receiver asks to wait, as a number or as a date (RFC 9110, 10.2.3)."""
    for name, value in response.headers:
        if name.lower() == b"retry-after":
            text = value.decode("latin-1").strip()
            if text.isascii() and text.isdecimal():
                return min(float(text), MAX_RETRY_AFTER)
            with contextlib.suppress(ValueError, TypeError, OverflowError):
                when = parsedate_to_datetime(text)
                wait = (when.astimezone(UTC) - datetime.now(UTC)).total_seconds()
                return min(max(wait, 0.0), MAX_RETRY_AFTER)
    return None
