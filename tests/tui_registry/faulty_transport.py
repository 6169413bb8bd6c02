"""The real transport with injected faults on writes. Reads pass, unless a test sets faults for them."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

import httpx

Fault = Callable[["FaultyTransport", httpx.Request], Awaitable[httpx.Response]]

DELAY = 0.2  # seconds


class FaultyTransport(httpx.AsyncBaseTransport):
    """``writing`` is the fault of every write, ``reading`` those of the next reads, one each. ``written`` is what
    reached the server."""

    def __init__(self, writing: Fault, reading: list[Fault] | None = None) -> None:
        self.written: list[httpx.Request] = []
        self.tried = 0
        self.writing = writing
        self.reading = reading or []
        self._real = httpx.AsyncHTTPTransport()
        self._late: set[asyncio.Task[None]] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method != "GET":
            self.tried += 1
            return await self.writing(self, request)
        if self.tried and self.reading:
            return await self.reading.pop(0)(self, request)
        return await self._real.handle_async_request(request)

    async def send(self, request: httpx.Request) -> httpx.Response:
        """Send to the server, and return its answer."""
        if request.method != "GET":
            self.written.append(request)
        return await self._real.handle_async_request(request)

    async def send_and_drop_answer(self, request: httpx.Request) -> None:
        """Send to the server, and drop its answer."""
        await (await self.send(request)).aread()

    def send_late(self, request: httpx.Request) -> None:
        async def later() -> None:
            await asyncio.sleep(DELAY)
            await self.send_and_drop_answer(request)

        self._late.add(asyncio.ensure_future(later()))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        if self._late:
            await asyncio.wait(self._late)
        await self._real.aclose()


async def passes(transport: FaultyTransport, request: httpx.Request) -> httpx.Response:
    return await transport.send(request)


async def answer_is_lost(transport: FaultyTransport, request: httpx.Request) -> httpx.Response:
    await transport.send_and_drop_answer(request)
    raise httpx.ReadError("connection reset", request=request)


async def answer_takes_too_long(transport: FaultyTransport, request: httpx.Request) -> httpx.Response:
    """The client gives up before the server has begun."""
    transport.send_late(request)
    raise httpx.ReadTimeout("", request=request)


async def lost_on_the_way(_transport: FaultyTransport, request: httpx.Request) -> httpx.Response:
    raise httpx.WriteError("broken pipe", request=request)


async def nobody_listens(_transport: FaultyTransport, request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("connection refused", request=request)


async def proxy_gives_up(transport: FaultyTransport, request: httpx.Request) -> httpx.Response:
    """A gateway's timeout: the server got it, and did it."""
    await transport.send_and_drop_answer(request)
    return httpx.Response(504, html="<html><body>Gateway [/b] Timeout</body></html>")


async def proxy_has_no_server(_transport: FaultyTransport, _request: httpx.Request) -> httpx.Response:
    return httpx.Response(502, html="<html><body>Bad Gateway</body></html>")


async def server_fails_afterwards(transport: FaultyTransport, request: httpx.Request) -> httpx.Response:
    await transport.send_and_drop_answer(request)
    return httpx.Response(500, json={"error_code": "INTERNAL_ERROR", "message": "[/oops]"})


async def answer_is_html(transport: FaultyTransport, request: httpx.Request) -> httpx.Response:
    await transport.send_and_drop_answer(request)
    return httpx.Response(200, html="<html>Welcome to the hotel's network</html>")


async def answer_is_half(transport: FaultyTransport, request: httpx.Request) -> httpx.Response:
    await transport.send_and_drop_answer(request)
    return httpx.Response(200, content=b'{"activity": {"id": "12')


async def answer_is_empty(transport: FaultyTransport, request: httpx.Request) -> httpx.Response:
    await transport.send_and_drop_answer(request)
    return httpx.Response(200)


async def answer_is_garbled(transport: FaultyTransport, request: httpx.Request) -> httpx.Response:
    """Compressed, and damaged on the way."""
    await transport.send_and_drop_answer(request)
    damaged = zlib.compress(b"{}" * 100, wbits=31)[:-12] + b"damaged here"
    return httpx.Response(200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(damaged))
