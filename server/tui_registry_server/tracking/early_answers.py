"""Connections on which an answer is noticed while the request is still being sent.

A server that refuses an upload answers before it has read all of it, and closes the connection, or reads no more. What
is still sent then is answered by a reset, after which the answer could not be read any more. So every connection is
read while it is written to, and an answer ends the writing.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Iterable
from typing import Any

from httpcore import AnyIOBackend, AsyncNetworkBackend, AsyncNetworkStream, ReadTimeout, WriteError

READ_BYTES = 64 * 1024
NOTICED_SECONDS = 0.1  # in which what has arrived becomes the beginning of an answer, unless it is only TLS's own
INFORMATIONAL = b"HTTP/1.1 1"
"""The beginning of an answer after which the final one is still to come."""


class EarlyAnswers(AsyncNetworkBackend):
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
        return _Stream(await self._connections.connect_tcp(host, port, timeout, local_address, socket_options))


class _Stream(AsyncNetworkStream):
    def __init__(self, stream: AsyncNetworkStream) -> None:
        self._stream = stream
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
        finally:
            if writing is not None:
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
        return _Stream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


async def _cancelled(task: asyncio.Future[Any]) -> None:
    """Ends a task, whatever comes of it."""
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):
        await task
