"""A network between the console and the server that can be cut and slowed down: a TCP proxy on a loopback port."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

CHUNK = 65_536  # bytes


class Proxy:
    """Forwards everything both ways, until a test interferes."""

    def __init__(self, target: str) -> None:
        self._target = urlsplit(target)
        self._port = 0
        self._held = b""
        self._released = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._struck = b""
        self._strike: Callable[[], None] | None = None
        self._strikes_late = False
        self.asked: list[str] = []
        """The request lines, in order of arrival."""
        self.canned_answer: bytes | None = None
        """The answer to every request, or to those with ``answered`` in their first line, instead of the server's; the
        connection is then closed."""
        self.answered = ""
        self.delay = 0.0
        """Seconds that each request takes to the server."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def open(self) -> None:
        """Start listening; after ``cut`` on the same port as before."""
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Stop listening, and close every connection."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for connection in list(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def hold(self, part: str) -> None:
        """Hold the answers to requests with this in their first line, until ``release``."""
        self._held = part.encode()
        self._released = asyncio.Event()

    def release(self) -> None:
        self._held = b""
        self._released.set()

    def refuse(self, part: str, status: int, error_code: str) -> None:
        """Answer requests with this in their first line with an error, until ``accept``."""
        body = json.dumps({"error_code": error_code, "message": f"No {part}."})
        head = f"HTTP/1.1 {status} No\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        self.answered, self.canned_answer = part, f"{head}Connection: close\r\n\r\n{body}".encode()

    def accept(self) -> None:
        self.answered, self.canned_answer = "", None

    def strike(self, part: str, action: Callable[[], None], *, late: bool) -> None:
        """Do something, once, just before a request with this in its first line is passed on; ``late``: just before its
        answer is, which is then lost."""
        self._struck, self._strike, self._strikes_late = part.encode(), action, late

    def _do_strike(self) -> None:
        if self._strike is not None:
            action, self._strike = self._strike, None
            action()

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.ensure_future(self._pass_on(reader, writer))
        self._connections.add(connection)
        try:
            await asyncio.wait([connection])
        finally:
            self._connections.discard(connection)
            writer.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held: list[asyncio.Event] = []
        struck = False
        try:
            server_reader, server_writer = await asyncio.open_connection(self._target.hostname, self._target.port)
        except OSError:  # there is no server: who asked sees the connection end
            return

        async def there() -> None:
            nonlocal struck
            while content := await reader.read(CHUNK):
                line = content.partition(b"\r\n")[0]
                if line.endswith(b"HTTP/1.1"):
                    self.asked.append(line.decode())
                    if self.canned_answer is not None and self.answered in self.asked[-1]:
                        writer.write(self.canned_answer)
                        await writer.drain()
                        return
                    if self._held and self._held in line:
                        held.append(self._released)
                    if self._strike is not None and self._struck in line:
                        struck = True
                        if not self._strikes_late:
                            self._do_strike()
                            return
                    await asyncio.sleep(self.delay)
                server_writer.write(content)
                await server_writer.drain()

        async def back() -> None:
            while content := await server_reader.read(CHUNK):
                while held:
                    await held.pop().wait()
                if struck:
                    self._do_strike()
                    return
                writer.write(content)
                await writer.drain()

        ways = [asyncio.ensure_future(there()), asyncio.ensure_future(back())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            server_writer.transport.abort()
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)


@asynccontextmanager
async def proxied(target: str) -> AsyncIterator[Proxy]:
    """A proxy before a server, until the block ends."""
    proxy = Proxy(target)
    await proxy.open()
    try:
        yield proxy
    finally:
        proxy.release()
        await proxy.cut()
