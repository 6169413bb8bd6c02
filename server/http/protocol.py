"""HTTP itself, as uvicorn reads and writes it."""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from server.http.answers import error_answer
from server.rules.errors import BadRequest

MAX_HEAD = 1024 * 1024  # bytes of a request before its body, or a little more; a filter in a query may be long


class Protocol(HttpToolsProtocol):
    """Answers what is not HTTP in the one shape of an error, too, and sends every answer in one piece. Refuses a head
    without end: anybody can send one, token or not, and it would be kept in memory."""

    _in_head = False
    _head = 0  # bytes of a head that came in later pieces than its first

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(cast("asyncio.Transport", _Joined(transport, self.loop)))

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            self._head += len(data)
            if self._head > MAX_HEAD:
                self.send_400_response(f"The request's head is larger than {MAX_HEAD} bytes.")
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        self._in_head, self._head = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        answer = error_answer(BadRequest(f"{msg} Send HTTP/1.1, with one of its methods and a target in ASCII."))
        head = [b"%s: %s\r\n" % header for header in (*answer.raw_headers, (b"connection", b"close"))]
        self.transport.write(b"".join((b"HTTP/1.1 400 Bad Request\r\n", *head, b"\r\n", answer.body)))
        self.transport.close()


class _Joined:
    """A transport that sends at once what is written in one turn of the event loop. uvicorn writes the head and the
    body of an answer apart; each would be a system call, and wake the client, which costs a fifth of a short answer."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._written: list[bytes] = []

    def write(self, data: bytes) -> None:
        if not self._written:
            self._loop.call_soon(self._send)
        self._written.append(data)

    def close(self) -> None:
        self._send()
        self._transport.close()

    def _send(self) -> None:
        if self._written:
            self._transport.writelines(self._written)
            self._written = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
