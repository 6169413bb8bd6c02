"""What is not the registry's is passed on to the tracking server: MLflow's runs, experiments, metrics, logged models,
traces, datasets and artifacts. So one address, this server's, is all that MLflow's clients need.

Only the paths of http.tracking_paths are passed on, and only for callers with a valid token: the tracking server's own
registry, accounts and web pages are not reachable this way. Bodies are streamed both ways, in memory of a constant
size. The tracking server gets its own credentials, never the caller's.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from typing import Any

import httpx
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tui_registry_server.http.protocol import STREAMED_BODY
from tui_registry_server.http.response_limiter import in_chunks
from tui_registry_server.http.responses import error_response
from tui_registry_server.rules.errors import (
    BadRequest,
    RegistryError,
    RequestLimitExceeded,
    RequestTimeout,
    TemporarilyUnavailable,
)
from tui_registry_server.rules.limits import Limits
from tui_registry_server.rules.principals import Principal
from tui_registry_server.tracking.client import http_client
from tui_registry_server.tracking.server import TrackingServer

log = logging.getLogger(__name__)

CONNECT_SECONDS = 5
IDLE_SECONDS = 60  # without a byte from a client that uploads
ANSWER_SECONDS = 300  # without a byte from the tracking server: it may search, or copy artifacts, for long
HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization te trailer transfer-encoding upgrade".split()
)
WITHHELD = HOP_BY_HOP | frozenset(b"authorization cookie host expect forwarded x-real-ip x-demo-time".split())
"""Headers of a request that are not passed on."""
ANSWER_WITHHELD = HOP_BY_HOP | frozenset(b"set-cookie server date www-authenticate".split())


class TrackingProxy:
    """Passes requests on. ``limits``: how many at once, in all and by one user or service principal."""

    def __init__(self, server: TrackingServer, limits: Limits) -> None:
        self._limits = limits
        self._path = server.path
        self._authorization = server.authorization
        timeout = httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS, pool=CONNECT_SECONDS)
        self._client = http_client(server, timeout, limits.tracking_requests)
        self._running: Counter[str] = Counter()

    async def close(self) -> None:
        await self._client.aclose()

    def pass_on(self, request: Request, principal: Principal) -> Response:
        """A response that asks the tracking server when it is sent. Raises RequestLimitExceeded or
        TemporarilyUnavailable."""
        if self._running[principal.id] >= self._limits.tracking_requests_per_principal:
            raise RequestLimitExceeded(
                "Too many of your requests are being passed on to the tracking server. Wait until some are answered."
            )
        if self._running.total() >= self._limits.tracking_requests:
            raise TemporarilyUnavailable("Too many requests are being passed on to the tracking server. Try again.")
        return _PassedOn(self, request, principal)

    @contextlib.contextmanager
    def counted(self, principal: Principal) -> Any:
        self._running[principal.id] += 1
        try:
            yield
        finally:
            self._running[principal.id] -= 1
            if not self._running[principal.id]:
                del self._running[principal.id]

    @contextlib.asynccontextmanager
    async def answer(self, request: Request) -> AsyncIterator[httpx.Response]:
        """The tracking server's answer, whose body has not been read. Raises RegistryError."""
        target = self._path.encode() + request.scope["raw_path"]
        if query := request.scope["query_string"]:
            target += b"?" + query
        headers = list(_kept(request.scope["headers"], WITHHELD))
        if self._authorization is not None:
            headers.append((b"authorization", self._authorization.encode()))
        has_body = any(name in (b"content-length", b"transfer-encoding") for name, _ in request.scope["headers"])
        asked = httpx.Request(
            request.method,
            self._client.base_url.copy_with(raw_path=target),
            headers=[(b"host", self._client.base_url.netloc), *headers],
            content=_body_of(request) if has_body else None,
        )
        try:
            answer = await self._client.send(asked, stream=True)
        except httpx.HTTPError as error:
            log.warning("the tracking server did not answer: %s", type(error).__name__)
            raise TemporarilyUnavailable(_UNAVAILABLE) from error
        try:
            if answer.is_redirect:  # elsewhere, the caller's token or ours might be sent
                raise TemporarilyUnavailable(
                    "The tracking server answered with a redirect, which is not followed. Give its final address to "
                    "serve --tracking-uri."
                )
            yield answer
        finally:
            await answer.aclose()


_UNAVAILABLE = (
    "The tracking server, to which this call is passed on, cannot be reached. Try again; the registry itself works."
)


class _PassedOn(Response):
    """Streams the tracking server's answer."""

    def __init__(self, proxy: TrackingProxy, request: Request, principal: Principal) -> None:
        self._proxy, self._request, self._principal = proxy, request, principal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (streamed := scope.get("extensions", {}).get(STREAMED_BODY)) is not None:
            streamed["begin"]()
        started = False
        with self._proxy.counted(self._principal):
            try:
                async with self._proxy.answer(self._request) as answer:
                    headers = list(_kept(answer.headers.raw, ANSWER_WITHHELD))
                    started = True
                    await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
                    async for chunk in answer.aiter_raw():
                        if await self._request.is_disconnected():
                            return
                        await send({"type": "http.response.body", "body": chunk, "more_body": True})
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
            except RegistryError as error:
                await in_chunks(error_response(error))(scope, receive, send)
            except httpx.HTTPError as error:
                if not started:
                    await error_response(TemporarilyUnavailable(_UNAVAILABLE))(scope, receive, send)
                    return
                # The answer is left without its end: uvicorn closes the connection, so that the client notices.
                log.warning("the tracking server broke off its answer: %s", type(error).__name__)


async def _body_of(request: Request) -> AsyncIterator[bytes]:
    """The request's body as it arrives. Raises RegistryError."""
    stream = request.stream()
    while True:
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                chunk = await anext(stream, None)
        except TimeoutError:
            raise RequestTimeout(f"The request's body paused for {IDLE_SECONDS} seconds.") from None
        except ClientDisconnect:
            raise BadRequest("The request's body ended before it was complete.") from None
        if chunk is None:
            return
        if chunk:
            yield chunk


def _kept(headers: Iterable[tuple[bytes, bytes]], withheld: frozenset[bytes]) -> Iterable[tuple[bytes, bytes]]:
    """The headers that are passed on: not those that the Connection header names, either."""
    headers = [(name.lower(), value) for name, value in headers]
    named = {each.strip().lower() for name, value in headers if name == b"connection" for each in value.split(b",")}
    for name, value in headers:
        if name not in withheld and name not in named and not name.startswith(b"x-forwarded-"):
            yield name, value
