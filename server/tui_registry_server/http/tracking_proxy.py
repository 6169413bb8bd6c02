"""What is not the registry's is passed on to the tracking server: MLflow's runs, experiments, metrics, logged models,
traces, datasets and artifacts. So one address, this server's, is all that MLflow's clients need.

Only the paths of http.tracking_paths are passed on, and only for callers with a valid token: the tracking server's own
registry, accounts and web pages are not reachable this way. Bodies are streamed both ways, in memory of a constant
size. The tracking server gets its own credentials, never the caller's.
"""

import asyncio
import contextlib
import logging
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from typing import Any

import httpcore
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tui_registry_server.http.protocol import STREAMED_BODY
from tui_registry_server.http.request_id import HEADER as REQUEST_ID
from tui_registry_server.http.responses import error_response
from tui_registry_server.http.tracking_paths import METHODS
from tui_registry_server.rules.errors import (
    BadRequest,
    MethodNotAllowed,
    RegistryError,
    RequestLimitExceeded,
    RequestTimeout,
    TemporarilyUnavailable,
)
from tui_registry_server.rules.limits import Limits
from tui_registry_server.rules.principals import Principal
from tui_registry_server.tracking.client import KEPT_SECONDS
from tui_registry_server.tracking.early_responses import EarlyResponses
from tui_registry_server.tracking.server import TrackingServer

log = logging.getLogger(__name__)

CONNECT_SECONDS = 5
IDLE_SECONDS = 60  # without a byte from a client that uploads
ANSWER_SECONDS = 300  # without a byte from the tracking server: it may search, or copy artifacts, for long
WRITE_SECONDS = 30  # until the tracking server takes what is uploaded
CHECK_SECONDS = 30  # of an upload, after which the caller's token is checked again
SHUTDOWN_SECONDS = 5  # for which calls continue while the server shuts down
TIMEOUTS = {"connect": CONNECT_SECONDS, "pool": CONNECT_SECONDS, "read": ANSWER_SECONDS, "write": WRITE_SECONDS}
DEFAULT_PORTS = {"http": 80, "https": 443}

NOT_CONNECTED = (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout)
FAILURES = (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError)

PASSED_ON = re.compile(rb"accept(-.*)?|content-.*|range|if-.*|user-agent|traceparent|tracestate|x-mlflow-[a-z-]*")
"""The headers of a request that the tracking server gets. Others may mean something to it that is not the caller's to
say, such as who the user is, or which path is meant."""
WITHHELD = re.compile(
    rb"x-request-id|connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|set-cookie|server|date|www-authenticate"
    rb"|access-control-.*|alt-svc|clear-site-data|strict-transport-security|content-security-policy|x-content-type-options"
)
"""The headers of an answer that the caller does not get."""
HARMLESS = ((b"x-content-type-options", b"nosniff"), (b"content-security-policy", b"sandbox"))
"""Headers of every answer: an artifact that is a web page runs no scripts at this server's address."""
REDIRECTS = frozenset({301, 302, 303, 307, 308})
_FIELD_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")

_UNAVAILABLE = (
    "The tracking server, to which this call is passed on, cannot be reached. Try again; the registry itself works."
)
_REFUSED_UPLOAD = (
    "The tracking server, to which this call is passed on, did not take the whole upload. It may be too large for it; "
    "its log has the reason."
)

Check = Callable[[], Awaitable[object]]


class TrackingProxy:
    """Passes requests on. ``limits``: how many at once, in all and by one user or service principal."""

    def __init__(self, server: TrackingServer, limits: Limits) -> None:
        self._limits = limits
        self._path = server.path
        self._authorization = server.authorization
        host = f"[{server.host}]" if ":" in server.host else server.host
        self._host = (host if server.port is None else f"{host}:{server.port}").encode()
        scheme = "http" if server.context is None else "https"
        self._origin = httpcore.Origin(scheme.encode(), server.host.encode(), server.port or DEFAULT_PORTS[scheme])
        self._connections = httpcore.AsyncConnectionPool(
            ssl_context=server.context,
            max_connections=limits.tracking_requests,
            max_keepalive_connections=limits.tracking_requests,
            keepalive_expiry=KEPT_SECONDS,
            network_backend=EarlyResponses(),
        )
        self._running: Counter[str] = Counter()
        self._exchanges: set[asyncio.Task[None]] = set()

    def stop(self) -> None:
        """The server shuts down: what is still being passed on after SHUTDOWN_SECONDS is aborted."""
        for exchange in self._exchanges:
            asyncio.get_running_loop().call_later(SHUTDOWN_SECONDS, exchange.cancel)

    async def close(self) -> None:
        await self._connections.aclose()

    def pass_on(self, request: Request, principal: Principal, check: Check) -> Response:
        """A response that asks the tracking server when it is sent. ``check`` raises if the caller's token is no longer
        valid. Raises RegistryError."""
        if request.method not in METHODS:
            raise MethodNotAllowed(f"{request.method} is not passed on to the tracking server.", METHODS)
        if request.scope["http_version"] == "1.0":  # an answer may have chunks
            raise BadRequest("Calls that are passed on to the tracking server must be HTTP/1.1.")
        if self._running[principal.id] >= self._limits.tracking_requests_per_principal:
            raise RequestLimitExceeded(
                "Too many of your requests are being passed on to the tracking server. Wait until some are answered.",
                limit="tracking_requests_per_principal",
            )
        if self._running.total() >= self._limits.tracking_requests:
            raise TemporarilyUnavailable(
                "Too many requests are being passed on to the tracking server. Try again.", limit="tracking_requests"
            )
        return _PassedOn(self, request, principal, check)

    @contextlib.contextmanager
    def counted(self, principal: Principal, exchange: asyncio.Task[None]) -> Iterator[None]:
        self._running[principal.id] += 1
        self._exchanges.add(exchange)
        try:
            yield
        finally:
            self._exchanges.discard(exchange)
            self._running[principal.id] -= 1
            if not self._running[principal.id]:
                del self._running[principal.id]

    async def send(self, request: Request, body: "_Body") -> httpcore.Response:
        """The tracking server's answer, whose body has not been read. Raises RegistryError."""
        target = self._path.encode() + request.scope["raw_path"]
        if query := request.scope["query_string"]:
            target += b"?" + query
        headers = [(name, value) for name, value in _end_to_end(request.scope["headers"]) if PASSED_ON.fullmatch(name)]
        headers.append((REQUEST_ID, request.scope["request_id"]))
        if self._authorization is not None:
            headers.append((b"authorization", self._authorization.encode()))
        if body.is_there and not any(name == b"content-length" for name, _ in headers):
            headers.append((b"transfer-encoding", b"chunked"))
        origin = self._origin
        asked = httpcore.Request(
            request.method,
            httpcore.URL(scheme=origin.scheme, host=origin.host, port=origin.port, target=target),
            headers=[(b"host", self._host), *headers],
            content=body.chunks() if body.is_there else None,
            extensions={"timeout": TIMEOUTS},
        )
        try:
            return await self._send(asked, attempts=2 if request.method in {"GET", "HEAD"} and not body.is_there else 1)
        except FAILURES as error:
            log.warning("the tracking server did not answer: %s", type(error).__name__)
            message = _UNAVAILABLE if body.is_read or isinstance(error, NOT_CONNECTED) else _REFUSED_UPLOAD
            raise TemporarilyUnavailable(message) from error

    async def _send(self, request: httpcore.Request, attempts: int) -> httpcore.Response:
        """A connection that was kept may be closed by the tracking server just as it is used."""
        while True:
            attempts -= 1
            try:
                return await self._connections.handle_async_request(request)
            except (httpcore.ReadError, httpcore.WriteError, httpcore.RemoteProtocolError):
                if not attempts:
                    raise


class _Body:
    """The body of a request, as it arrives."""

    def __init__(self, request: Request, check: Check) -> None:
        self._request = request
        self._check = check
        self.is_there = any(name in (b"content-length", b"transfer-encoding") for name, _ in request.scope["headers"])
        self._end = asyncio.Event()
        if not self.is_there:
            self._end.set()

    @property
    def is_read(self) -> bool:
        return self._end.is_set()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Raises RegistryError: also if the caller's token is no longer valid when all has arrived, or before. The last
        chunk is held back until then, so that the upload stays incomplete."""
        stream = self._request.stream()
        checked = time.monotonic()
        held = b""
        while True:
            try:
                async with asyncio.timeout(IDLE_SECONDS):
                    chunk = await anext(stream, None)
            except TimeoutError:
                raise RequestTimeout(f"The request's body paused for {IDLE_SECONDS} seconds.") from None
            except ClientDisconnect:
                raise BadRequest("The request's body ended before it was complete.") from None
            if chunk == b"":  # Starlette's last one
                continue
            if chunk is None or time.monotonic() - checked > CHECK_SECONDS:
                await self._check()
                checked = time.monotonic()
            if held:
                yield held
            if chunk is None:
                self._end.set()
                return
            held = chunk

    async def disconnected(self) -> None:
        """Returns when the caller has left. While the body is read, that shows in its chunks."""
        await self._end.wait()
        while (await self._request.receive())["type"] != "http.disconnect":
            pass


class _PassedOn(Response):
    """Streams the tracking server's answer."""

    def __init__(self, proxy: TrackingProxy, request: Request, principal: Principal, check: Check) -> None:
        self._proxy, self._request, self._principal = proxy, request, principal
        self._body = _Body(request, check)
        self._is_started = False
        self.status_code, self.raw_headers = 499, []  # until the tracking server has answered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (streamed := scope.get("extensions", {}).get(STREAMED_BODY)) is not None:
            streamed["begin"]()
        exchange = asyncio.ensure_future(self._exchange(send))
        leaving = asyncio.ensure_future(self._body.disconnected())
        try:
            with self._proxy.counted(self._principal, exchange):
                await asyncio.wait({exchange, leaving}, return_when=asyncio.FIRST_COMPLETED)
                if not exchange.done():
                    exchange.cancel()  # nobody waits for it: its place is free for others
                    await asyncio.wait({exchange})
        finally:
            exchange.cancel()
            leaving.cancel()
        error = None if exchange.cancelled() else exchange.exception()
        if exchange.cancelled() or isinstance(error, FAILURES):
            log.warning("a call that was passed on to the tracking server was aborted: %s", type(error).__name__)
            error = TemporarilyUnavailable(_UNAVAILABLE)
        # An answer that has begun is left without its end: uvicorn closes the connection, so that the client notices.
        if isinstance(error, RegistryError) and not self._is_started:
            refused = error_response(error)
            refused.raw_headers += self.raw_headers
            self.status_code = refused.status_code
            await refused(scope, receive, send)
        elif error is not None and not isinstance(error, RegistryError):
            raise error

    async def _exchange(self, send: Send) -> None:
        answer = await self._proxy.send(self._request, self._body)
        try:
            head = _head(answer)
            self._is_started = True
            self.status_code = answer.status
            head["headers"] += self.raw_headers
            await send(head)
            async for chunk in answer.aiter_stream():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            await answer.aclose()


def _head(answer: httpcore.Response) -> dict[str, Any]:
    """The answer's status and headers as ASGI's message. Raises TemporarilyUnavailable if it cannot be passed on."""
    status = answer.status
    if status in REDIRECTS:  # elsewhere, the caller's token or ours might be sent
        raise TemporarilyUnavailable(
            "The tracking server answered with a redirect, which is not followed. Give its final address to "
            "serve --tracking-uri."
        )
    headers = [
        (name, value)
        for name, value in _end_to_end(answer.headers)
        if not WITHHELD.fullmatch(name) and not (status == 304 and name == b"content-length")
    ]
    if not 200 <= status < 600 or not all(_FIELD_VALUE.fullmatch(value) for _, value in headers):
        raise TemporarilyUnavailable("The tracking server's answer is not HTTP, and cannot be passed on.")
    return {"type": "http.response.start", "status": status, "headers": [*headers, *HARMLESS]}


def _end_to_end(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers but those that the Connection header names, in lower case."""
    lower = [(name.lower(), value) for name, value in headers]
    named = {each.strip().lower() for name, value in lower if name == b"connection" for each in value.split(b",")}
    return [(name, value) for name, value in lower if name not in named]
