"""Connections on which an answer is noticed while the request is still being sent.

A server that refuses an upload answers before it has read all of it, and closes the connection, or reads no more. What
is still sent then is answered by a reset, after which the answer could no longer be read. So every connection is
read while it is written to, and an answer ends the writing.

Both can come at once, the answer and the reset: then a write fails although the system still holds the answer, which
asyncio would throw away with its socket. So the socket is held by a second descriptor, from which the rest is read.
"""

import asyncio
import contextlib
import os
import socket
import ssl
from collections.abc import Iterable, Mapping
from typing import Any, cast

from anyio import BrokenResourceError
from anyio.abc import ByteStream
from httpcore import AnyIOBackend, AsyncNetworkBackend, AsyncNetworkStream, ConnectError, ReadTimeout, WriteError

READ_BYTES = 64 * 1024
NOTICED_SECONDS = 0.1  # in which what has arrived becomes the beginning of an answer, unless it is only TLS's own
INFORMATIONAL = b"HTTP/1.1 1"
"""The beginning of an answer after which the final one is still to come."""


class EarlyResponses(AsyncNetworkBackend):
    def __init__(self) -> None:
        self._connections = AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # as in the base class
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> AsyncNetworkStream:
        stream = await self._connections.connect_tcp(host, port, timeout, local_address, socket_options)
        connection = cast("Any", stream)
        # Below TLS, because what is left has to be decrypted: httpcore offers no other way to get there.
        try:
            below = _ReadToTheEnd(connection._stream, stream.get_extra_info("socket"))  # noqa: SLF001
        except OSError as error:  # too many files are open
            await stream.aclose()
            raise ConnectError(str(error)) from error
        connection._stream = below  # noqa: SLF001
        return _Stream(stream, below)


class _ReadToTheEnd(ByteStream):
    """A connection that can be read to its end after a write has failed, or was given up. That shows in ``is_broken``:
    anyio's TLS would read no more after an error, or if it was cancelled."""

    def __init__(self, stream: ByteStream, its_socket: socket.socket) -> None:
        self._stream = stream
        self._socket = socket.socket(fileno=os.dup(its_socket.fileno()))
        self._socket.setblocking(False)
        self._sending: asyncio.Task[None] | None = None
        self.is_broken = False

    async def receive(self, max_bytes: int = READ_BYTES) -> bytes:
        try:
            return await self._stream.receive(max_bytes)
        except BrokenResourceError:
            with contextlib.suppress(OSError):
                if left := self._socket.recv(max_bytes):
                    return left
            raise

    async def send(self, item: bytes) -> None:
        if self.is_broken:
            return
        self._sending = asyncio.ensure_future(self._stream.send(item))
        try:
            await self._sending
        except BrokenResourceError:
            self.is_broken = True
        except asyncio.CancelledError:
            if not self.is_broken:
                raise

    def give_up_sending(self) -> None:
        self.is_broken = True
        if self._sending is not None:
            self._sending.cancel()

    async def send_eof(self) -> None:
        await self._stream.send_eof()

    async def aclose(self) -> None:
        self._socket.close()
        await self._stream.aclose()

    @property
    def extra_attributes(self) -> Mapping[Any, Any]:
        return self._stream.extra_attributes


class _Stream(AsyncNetworkStream):
    def __init__(self, stream: AsyncNetworkStream, below: _ReadToTheEnd) -> None:
        self._stream = stream
        self._below = below
        self._reading: asyncio.Task[bytes] | None = None
        self._read = b""  # what came before the answer

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109  # as in the base class
        """Raises WriteError if an answer has begun, or the connection was closed."""
        if self._reading is None:
            self._reading = asyncio.ensure_future(self._stream.read(READ_BYTES))
        if self._stream.get_extra_info("is_readable"):
            await asyncio.wait({self._reading}, timeout=NOTICED_SECONDS)
        writing: asyncio.Future[None] | None = None
        try:
            while writing is None or not writing.done():
                if self._reading.done():
                    self._skip_informational(self._reading)
                if writing is None:
                    writing = asyncio.ensure_future(self._stream.write(buffer, timeout))
                ends: set[asyncio.Future[Any]] = {writing, self._reading}
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            await writing
            if self._below.is_broken:
                raise WriteError("The connection was closed before the request was sent.")
        finally:
            if writing is not None and not writing.done():
                self._below.give_up_sending()
                await asyncio.wait({writing}, timeout=NOTICED_SECONDS)
                await _cancelled(writing)

    def _skip_informational(self, reading: asyncio.Task[bytes]) -> None:
        if reading.exception() is not None or not reading.result().startswith(INFORMATIONAL):
            raise WriteError("The answer has come before the request was sent.")
        self._read += reading.result()
        self._reading = asyncio.ensure_future(self._stream.read(READ_BYTES))

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109  # as in the base class
        if not self._read and self._reading is not None:
            done, _ = await asyncio.wait({self._reading}, timeout=timeout)
            if not done:
                raise ReadTimeout
            reading, self._reading = self._reading, None
            self._read = reading.result()
        if self._read:
            taken, self._read = self._read[:max_bytes], self._read[max_bytes:]
            return taken
        return await self._stream.read(max_bytes, timeout)

    async def aclose(self) -> None:
        if self._reading is not None:
            await _cancelled(self._reading)
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  # as in the base class
    ) -> AsyncNetworkStream:
        return _Stream(await self._stream.start_tls(ssl_context, server_hostname, timeout), self._below)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


async def _cancelled(task: asyncio.Future[Any]) -> None:
    """Ends a task, whatever comes of it."""
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):
        await task
