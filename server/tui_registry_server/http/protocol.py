"""HTTP itself, as uvicorn reads and writes it, within limits."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from tui_registry_server.http.connection_limiter import Crowd
from tui_registry_server.http.responses import PART, error_answer
from tui_registry_server.rules.errors import BadRequest, RegistryError, RequestTimeout, RequestTooLarge

LINGER = 0.5  # seconds in which who is refused a connection can read why, though they are still sending


class _Refused(Exception):
    """Raised out of the parser, which stops there."""


class Protocol(HttpToolsProtocol):
    """Answers what is not HTTP in the one shape of an error, too, and sends every answer in one piece.

    Whatever a client can do without end is ended: anybody can, token or not. Its connections are counted; the head and
    the body of a request must come in time and within their size, whether anybody waits for them or not; an answer
    must be read. Fields after a chunked body are thrown away: no proxy has looked at them, and they would be taken for
    the head's.
    """

    def __init__(self, *args: Any, crowd: Crowd, **named: Any) -> None:
        super().__init__(*args, **named)
        self._crowd = crowd
        self._limits = crowd.limits
        self._party: str | None = None
        self._reading = "head"
        """What of a request is being read: ``head``, which also stands for nothing, or ``body``."""
        self._unparsed = 0  # bytes since the parser last told of something
        self._hosts = 0
        self._trailers = 0
        self._body = 0
        self._problem: RegistryError | None = None
        self._due: asyncio.TimerHandle | None = None
        self._running: RequestResponseCycle | None = None
        self._taken = 0
        self._stall: asyncio.TimerHandle | None = None

    # --- connections

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(cast("asyncio.Transport", _Joined(transport, self.loop, self._watch_reader)))
        self._party = self._crowd.enter(self.client[0] if self.client else "")
        problem = self._crowd.problem(self._party, len(self.connections))
        if problem is None:
            self._expect("head")
            return
        self._problem = problem
        self._write(problem)
        # Closed while its sender still writes, it would be reset, and the answer perhaps not be read.
        lingers = len(self.connections) <= self._limits.connections + self._limits.refused_connections
        self._due = self.loop.call_later(LINGER if lingers else 0, self.transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._running is not None and self._running is not self.cycle:
            # uvicorn tells the newest request only; another may be the one that is being answered, and a stream.
            self._running.disconnected = True
            self._running.message_event.set()
        self._running = None
        self.pipeline.clear()
        self._unset_keepalive_if_required()
        self._forget()
        if self._stall is not None:
            self._stall.cancel()
        if self._party is not None:
            self._crowd.leave(self._party)
            self._party = None

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    # --- what comes

    def data_received(self, data: bytes) -> None:
        if self._is_over():
            return
        self._unparsed += len(data)
        super().data_received(data)
        if self._unparsed > self._limits.head_bytes:
            # In a body it is what stands between two of its parts, or after the last.
            if self._problem is None:
                self._answer(BadRequest(f"The request's head is larger than {self._limits.head_bytes} bytes."))
        elif self._due is None and self._problem is None:
            began = self.timeout_keep_alive_task is None and self._is_idle()
            if began or self._reading == "body":
                self._expect(self._reading)

    def on_message_begin(self) -> None:
        self._reading, self._hosts, self._body, self._trailers = "head", 0, 0, 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._reading == "body":
            self._trailers += 1
        else:
            name = name.lower()
            if name == b"host":
                self._hosts += 1
            elif name == b"expect":
                self.expect_100_continue = value.lower() == b"100-continue"
            elif name == b"transfer-encoding" and value.lower() != b"chunked":
                self._refuse(BadRequest("The request's body may be chunked, and not encoded in another way besides."))
            self.headers.append((name, value))
        if len(self.headers) + self._trailers > self._limits.head_fields:
            self._refuse(BadRequest(f"The request has more than {self._limits.head_fields} header fields."))

    def on_headers_complete(self) -> None:
        if len(self.pipeline) >= self._limits.pipelined:
            self._refuse(BadRequest("Too many requests were sent before the first was answered."))
        if self._hosts != 1 or self.parser.get_http_version() != "1.1":
            self._check_version()
        self._unparsed = 0
        if self._due is not None:
            self._forget()
        super().on_headers_complete()
        self._reading = "body"
        if self.expect_100_continue:
            # Answered before it is asked for its body, it may send that or not: where the next request would begin is
            # not known.
            self.cycle.keep_alive = False

    def _check_version(self) -> None:
        version = self.parser.get_http_version()
        if version not in {"1.0", "1.1"} or self._hosts > 1 or (self._hosts == 0 and version == "1.1"):
            self._refuse(BadRequest("A request must be HTTP/1.1 with one Host field, or HTTP/1.0."))

    def on_body(self, body: bytes) -> None:
        self._unparsed = 0
        self._body += len(body)
        if self._body > self._limits.drained_bytes:
            self._refuse(RequestTooLarge(f"The request's body is larger than {self._limits.body_bytes} bytes."))
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._unparsed = 0
        self._reading = "head"
        if self._due is not None:
            self._forget()
        super().on_message_complete()

    def _is_over(self) -> bool:
        return self._problem is not None or self.transport.is_closing()

    def _is_idle(self) -> bool:
        cycle: object = self.cycle  # None, whatever uvicorn declares, before the first request
        return cycle is None or self.cycle.response_complete

    def _expect(self, part: str) -> None:
        seconds = self._limits.head_seconds if part == "head" else self._limits.body_seconds
        self._due = self.loop.call_later(seconds, self._late, part, seconds)

    def _forget(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _late(self, part: str, seconds: int) -> None:
        self._due = None
        if part == "head" and not self._unparsed:
            self.transport.close()
        else:
            self._answer(RequestTimeout(f"The {part} of the request did not come within {seconds} seconds."))

    # --- what is refused here

    def _refuse(self, problem: RegistryError) -> None:
        self._problem = problem
        raise _Refused

    def send_400_response(self, msg: str) -> None:
        self._answer(
            self._problem
            or BadRequest(f"{msg} Send HTTP/1.1, with one of its methods and a target in ASCII of at most 64 KiB.")
        )

    def _answer(self, problem: RegistryError) -> None:
        """Say what is wrong, and close. While another answer is due on this connection, this one would be taken for
        it: it is left out, and the connection closed after that, or at once if that could never be whole."""
        self._problem = problem
        self._forget()
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
        answer = error_answer(problem)
        status = HTTPStatus(answer.status_code)
        head = [b"%s: %s\r\n" % header for header in (*answer.raw_headers, (b"connection", b"close"))]
        self.transport.write(b"".join((f"HTTP/1.1 {status} {status.phrase}\r\n".encode(), *head, b"\r\n", answer.body)))

    # --- what goes

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_reader()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stall is not None and not self.transport.is_closing():
            self._stall.cancel()
            self._stall = None

    def _watch_reader(self) -> None:
        if self._stall is None:
            self._taken = self._sent()
            self._stall = self.loop.call_later(self._limits.stalled_seconds, self._look_at_reader)

    def _look_at_reader(self) -> None:
        self._stall = None
        if self._sent() == self._taken:
            self.transport.abort()
        else:
            self._watch_reader()

    def _sent(self) -> int:
        return cast("_Joined", self.transport).handed_on - self.transport.get_write_buffer_size()


class _Joined:
    """A transport that sends at once what is written in one turn of the event loop. uvicorn writes the head and the
    body of an answer apart; each would be a system call, and wake the client, which costs a fifth of a short answer."""

    def __init__(
        self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, on_rest: Callable[[], None]
    ) -> None:
        """``on_rest`` is called when it is closed and not all has been sent."""
        self._transport = transport
        self._loop = loop
        self._on_rest = on_rest
        self._written: list[bytes] = []
        self.handed_on = 0  # bytes

    def write(self, data: bytes) -> None:
        if not self._written:
            self._loop.call_soon(self._send)
        self._written.append(data)
        if len(data) >= PART:
            self._send()  # whoever writes more is to know whether this can be sent

    def close(self) -> None:
        self._send()
        self._transport.close()
        if self._transport.get_write_buffer_size():
            self._on_rest()

    def _send(self) -> None:
        if self._transport.is_closing():
            self._written = []  # nobody is there any more
        elif self._written:
            for data in self._written:
                self.handed_on += len(data)
            self._transport.writelines(self._written)
            self._written = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
