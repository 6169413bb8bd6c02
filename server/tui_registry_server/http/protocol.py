"""The HTTP protocol of a connection: uvicorn's, with limits and timeouts."""

import asyncio
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from tui_registry_server.http.connection_limiter import ConnectionLimiter
from tui_registry_server.http.responses import CHUNK_BYTES, WHOLE_RESPONSE, error_response
from tui_registry_server.http.server_state import ServerState
from tui_registry_server.rules.errors import BadRequest, RegistryError, RequestTimeout, RequestTooLarge

STREAMED_BODY = "tui_registry.streamed_body"
"""The extension of the ASGI scope that takes a request's body out of the limits for bodies read into memory."""
RECENT_SECONDS = 1.0  # seconds in which a client that was answered is likely to send its next request
LAST_REQUEST_SECONDS = 0.1  # seconds that it is waited for at the end of the server
LINGER_SECONDS = 0.5  # seconds for which a refused connection stays open, so that the client can read why


class _RejectedError(Exception):
    """Raised out of the parser, which stops there."""


class Protocol(HttpToolsProtocol):
    """Answers requests that are not HTTP with the usual JSON error, too, and sends short responses in one packet.

    Everything that a client can do without end is limited, as no token is needed for it: connections are counted; the
    head and the body of a request have deadlines and maximum sizes, whether the application reads them or not; a
    response must be read. Trailer fields after a chunked body are dropped: proxies do not check them, and they would be
    mistaken for header fields.
    """

    def __init__(self, *args: Any, connection_limiter: ConnectionLimiter, state: ServerState, **named: Any) -> None:
        super().__init__(*args, **named)
        self._connection_limiter = connection_limiter
        self._limits = connection_limiter.limits
        self._state = state
        self._counts = state.counts
        self._client_key: str | None = None
        self._reading = "head"
        """The part of a request that is being read: ``head``, also between requests, ``body``, or ``streamed``: a body
        that the application passes on."""
        self._unparsed = 0  # bytes since the parser's last callback
        self._host_count = 0
        self._trailer_count = 0
        self._body_bytes = 0
        self._error: RegistryError | None = None
        self._read_timer: asyncio.TimerHandle | None = None
        self._active_cycle: RequestResponseCycle | None = None
        self._request_number = 0  # of this connection's requests
        self._sent_before = 0
        self._stall_timer: asyncio.TimerHandle | None = None

    # --- connections

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(
            cast("asyncio.Transport", _BufferedTransport(transport, self.loop, self._start_stall_timer))
        )
        self._client_key = self._connection_limiter.acquire(self.client[0] if self.client else "")
        problem = self._connection_limiter.refusal(self._client_key, len(self.connections))
        if problem is None:
            self._start_read_timer("head")
            return
        self._error = problem
        self._counts.add_unread(problem)
        self._write(problem)
        # Closed while the client still writes, it would be reset, and the response might not be read.
        lingers = len(self.connections) <= self._limits.connections + self._limits.refused_connections
        self._read_timer = self.loop.call_later(LINGER_SECONDS if lingers else 0, self.transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._active_cycle is not None and self._active_cycle is not self.cycle:
            # uvicorn notifies the newest request only; the active one may be an earlier one, and a stream.
            self._active_cycle.disconnected = True
            self._active_cycle.message_event.set()
        self._active_cycle = None
        self.pipeline.clear()
        self._unset_keepalive_if_required()
        self._cancel_read_timer()
        if self._stall_timer is not None:
            self._stall_timer.cancel()
        if self._client_key is not None:
            self._connection_limiter.release(self._client_key)
            self._client_key = None

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._active_cycle = cycle
        super()._start_asgi_task(cycle, app)
        if self._reading == "body" and cycle is self.cycle and self._read_timer is None and self._error is None:
            self._start_read_timer("body")

    # --- receiving

    def data_received(self, data: bytes) -> None:
        if self._is_closed():
            return
        self._unparsed += len(data)
        super().data_received(data)
        if self._unparsed > self._limits.head_bytes:
            # In a body: between two chunks, or after the last.
            if self._error is None:
                self._send_error_and_close(
                    BadRequest(
                        f"The request's head is larger than {self._limits.head_bytes} bytes.", limit="head_bytes"
                    )
                )
        elif self._read_timer is None and self._error is None:
            began = self.timeout_keep_alive_task is None and self._is_idle()
            # The body of a request that was sent ahead has time from its turn on: before, it is not read.
            if began or (self._reading == "body" and self._active_cycle is self.cycle):
                self._start_read_timer(self._reading)

    def on_message_begin(self) -> None:
        self._reading, self._host_count, self._body_bytes, self._trailer_count = "head", 0, 0, 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._reading == "body":
            self._trailer_count += 1
        else:
            name = name.lower()
            if name == b"host":
                self._host_count += 1
            elif name == b"expect":
                self.expect_100_continue = value.lower() == b"100-continue"
            elif name == b"transfer-encoding" and value.lower() != b"chunked":
                self._reject(BadRequest("The only transfer encoding of a request's body is 'chunked'."))
            self.headers.append((name, value))
        if len(self.headers) + self._trailer_count > self._limits.head_fields:
            self._reject(
                BadRequest(f"The request has more than {self._limits.head_fields} header fields.", limit="head_fields")
            )

    def on_headers_complete(self) -> None:
        if len(self.pipeline) >= self._limits.pipelined:
            self._reject(BadRequest("Too many requests were sent before the first was answered.", limit="pipelined"))
        if self.parser.should_upgrade() and any(
            name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
            for name, value in self.headers
        ):  # the parser would take its body for the next request
            self._reject(BadRequest("A request with an Upgrade field has no body here: leave one of them out."))
        if self._host_count != 1 or self.parser.get_http_version() != "1.1":
            self._check_version()
        self._unparsed = 0
        if self._read_timer is not None:
            self._cancel_read_timer()
        super().on_headers_complete()
        self._reading = "body"
        self.cycle.__class__ = _Cycle  # uvicorn has no setting for it
        self._request_number += 1
        extensions: dict[str, dict[str, Any]] = {WHOLE_RESPONSE: {}}
        if self.scope["method"] not in ("GET", "HEAD"):
            # By its number, as the request would refer to itself: only the garbage collector frees such.
            extensions[STREAMED_BODY] = {"begin": partial(self._stream_body, self._request_number)}
        self.scope["extensions"] = cast("dict[str, dict[object, object]]", extensions)
        if self.expect_100_continue:
            # A client that is answered before it was asked for its body may send that or not: the next request could
            # not be found.
            self.cycle.keep_alive = False
        if self._state.is_draining:
            self.cycle.keep_alive = False  # asks the client to reconnect, which then gets another server

    def _check_version(self) -> None:
        version = self.parser.get_http_version()
        if version not in {"1.0", "1.1"} or self._host_count > 1 or (self._host_count == 0 and version == "1.1"):
            self._reject(BadRequest("A request must be HTTP/1.1 with one Host field, or HTTP/1.0."))

    def on_body(self, body: bytes) -> None:
        self._unparsed = 0
        self._body_bytes += len(body)
        if self._body_bytes > self._limits.drained_bytes and self._reading != "streamed":
            self._reject(
                RequestTooLarge(
                    f"The request's body is larger than {self._limits.body_bytes} bytes.", limit="drained_bytes"
                )
            )
        super().on_body(body)

    def _stream_body(self, request_number: int) -> None:
        """From here on the application reads this request's body as it arrives, and keeps none of it: it can have any
        size, and take any time. uvicorn does not read on while the application has not taken what there is."""
        if request_number == self._request_number and self._reading == "body":
            self._cancel_read_timer()
            self._reading = "streamed"

    def on_message_complete(self) -> None:
        self._unparsed = 0
        self._reading = "head"
        if self._read_timer is not None:
            self._cancel_read_timer()
        super().on_message_complete()

    def _is_closed(self) -> bool:
        return self._error is not None or self.transport.is_closing()

    def _is_idle(self) -> bool:
        cycle: object = self.cycle  # None before the first request, unlike uvicorn's annotation
        return cycle is None or self.cycle.response_complete

    def _start_read_timer(self, part: str) -> None:
        seconds = self._limits.head_seconds if part == "head" else self._limits.body_seconds
        self._read_timer = self.loop.call_later(seconds, self._on_read_timeout, part, seconds)

    def _cancel_read_timer(self) -> None:
        if self._read_timer is not None:
            self._read_timer.cancel()
            self._read_timer = None

    def _on_read_timeout(self, part: str, seconds: int) -> None:
        self._read_timer = None
        if part == "head" and not self._unparsed:
            self.transport.close()
        else:
            self._send_error_and_close(
                RequestTimeout(
                    f"The {part} of the request did not arrive within {seconds} seconds.", limit=f"{part}_seconds"
                )
            )

    # --- the end of the server

    def drain(self) -> None:
        """Tell the client with the response, if it has not begun, that no further request is served here."""
        if not self._is_idle():
            self.cycle.keep_alive = False

    def shutdown(self) -> None:
        """Close as soon as nothing is to be answered. A request may be on its way that was sent before the client could
        know: it is waited for where the client has just connected, or was just answered."""
        self.drain()
        if self._is_idle() and not self._close_if_unused():
            self.loop.call_later(LAST_REQUEST_SECONDS, self._close_if_unused, True)

    def _close_if_unused(self, is_last: bool = False) -> bool:
        """Returns whether it is closed: a request may have begun to arrive."""
        if not self._is_idle() or self._unparsed or not (is_last or self._idle_seconds() > RECENT_SECONDS):
            return False
        self.transport.close()
        return True

    def _idle_seconds(self) -> float:
        """Since the connection was made, or its last request answered."""
        if self.timeout_keep_alive_task is not None:
            return self.loop.time() - self.timeout_keep_alive_task.when() + self.timeout_keep_alive
        if self._read_timer is not None:
            return self.loop.time() - self._read_timer.when() + self._limits.head_seconds
        return 0.0

    # --- errors

    def _reject(self, problem: RegistryError) -> None:
        self._error = problem
        raise _RejectedError

    def send_400_response(self, msg: str) -> None:
        self._send_error_and_close(
            self._error
            or BadRequest(f"{msg} Send HTTP/1.1, with one of its methods and a target in ASCII of at most 64 KiB.")
        )

    def _send_error_and_close(self, problem: RegistryError) -> None:
        """Send an error, and close. While another response is pending on this connection, the error would be mistaken
        for it: then the error is not sent, and the connection is closed after that response, or at once if its request
        is incomplete."""
        self._error = problem
        self._counts.add_unread(problem)
        self._cancel_read_timer()
        self._unset_keepalive_if_required()
        if self._is_idle():
            if self._reading == "head":
                self._write(problem)
            self.transport.close()
        elif self._reading == "body":
            if not self.pipeline and not self.cycle.response_started:
                self._write(problem)
            self.transport.close()
        else:
            self.cycle.keep_alive = False

    def _write(self, problem: RegistryError) -> None:
        answer = error_response(problem)
        status = HTTPStatus(answer.status_code)
        head = [b"%s: %s\r\n" % header for header in (*answer.raw_headers, (b"connection", b"close"))]
        self.transport.write(b"".join((f"HTTP/1.1 {status} {status.phrase}\r\n".encode(), *head, b"\r\n", answer.body)))

    # --- sending

    def pause_writing(self) -> None:
        super().pause_writing()
        self._start_stall_timer()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stall_timer is not None and not self.transport.is_closing():
            self._stall_timer.cancel()
            self._stall_timer = None

    def _start_stall_timer(self) -> None:
        if self._stall_timer is None:
            self._sent_before = self._sent()
            self._stall_timer = self.loop.call_later(self._limits.stalled_seconds, self._check_stall)

    def _check_stall(self) -> None:
        self._stall_timer = None
        if self._sent() == self._sent_before:
            self._counts.refused["stalled_seconds"] += 1
            self.transport.abort()
        else:
            self._start_stall_timer()

    def _sent(self) -> int:
        return cast("_BufferedTransport", self.transport).bytes_written - self.transport.get_write_buffer_size()


class _Cycle(RequestResponseCycle):
    """uvicorn's, and, of a response in one message, what that does in two calls and a loop over the fields."""

    async def send(self, message: Any) -> None:
        if message["type"] != "http.response.start" or "body" not in message:
            await super().send(message)
            return
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        head = [b"%s: %s\r\n" % field for field in (*self.default_headers, *message["headers"])]
        if not self.keep_alive:
            head.append(b"connection: close\r\n")
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        self.transport.write(b"".join((STATUS_LINE[message["status"]], *head, b"\r\n")))
        self.transport.write(message["body"])
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()


class _BufferedTransport:
    """A transport that collects what is written in one iteration of the event loop, and sends it by one system call.
    uvicorn writes the head and the body of a response separately, and each would wake the client: a fifth of the time
    of a short response."""

    def __init__(
        self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, on_unsent: Callable[[], None]
    ) -> None:
        """``on_unsent`` is called when it is closed before everything was sent."""
        self._transport = transport
        self.is_closing = transport.is_closing  # asked twice a request: not by __getattr__
        self._loop = loop
        self._on_unsent = on_unsent
        self._written: list[bytes] = []
        self.bytes_written = 0  # bytes

    def write(self, data: bytes) -> None:
        if not self._written:
            self._loop.call_soon(self._send)
        self._written.append(data)
        if len(data) >= CHUNK_BYTES:
            self._send()  # so that the transport can pause the writer

    def close(self) -> None:
        self._send()
        self._transport.close()
        if self._transport.get_write_buffer_size():
            self._on_unsent()

    def _send(self) -> None:
        if self.is_closing():
            self._written = []  # the client has disconnected
        elif self._written:
            self.bytes_written += sum(map(len, self._written))
            self._transport.writelines(self._written)
            self._written = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
