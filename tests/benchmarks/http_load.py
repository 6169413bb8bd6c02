"""HTTP load: scripts of requests, each on a connection of its own, concurrently, and the latencies of their answers.

Requests are prepared as bytes, and only status, length and body of an answer are parsed, so that one core sends several
times what a server in Python can answer: the benchmarks compare it with ``wrk``.
"""

import asyncio
import json
import re
import time
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle
from typing import Any, NamedTuple, cast
from urllib.parse import urlencode, urlsplit

import uvloop

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_HEAD_END = b"\r\n\r\n"
TIMEOUT = 120  # seconds for the last answers, once no more requests are sent


class Answer(NamedTuple):
    status: int
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Script = Generator[bytes | float, Answer, None]
"""What one connection does: it yields requests and gets their answers, until it returns or the time is over. If it
yields a number, it pauses for as many seconds, and gets nothing."""


@dataclass
class Measured:
    """``seconds`` from the first request to the last answer; ``latencies`` of all answers, in seconds, sorted."""

    seconds: float
    latencies: list[float]

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.latencies) / self.seconds

    def percentile(self, percent: float) -> float:
        """In milliseconds."""
        return self.latencies[min(len(self.latencies) - 1, int(len(self.latencies) * percent / 100))] * 1000


def request(method: str, target: str, *, token: str | None = None, body: Any = None, **query: Any) -> bytes:
    """A request's bytes; ``body`` is sent as JSON, ``query`` is appended to the target."""
    if query:
        target += "?" + urlencode(query, doseq=True)
    content = b"" if body is None else json.dumps(body).encode()
    head = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1", "Accept: */*", "User-Agent: tui-registry-benchmarks"]
    if token is not None:
        head.append(f"Authorization: Bearer {token}")
    if body is not None:
        head += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join((*head, "", "")).encode() + content


def endless(requests: Iterable[bytes]) -> Script:
    """Repeat these requests until cancelled; the status of each answer must be 200."""
    for each in cycle(requests):
        expect_ok((yield each))


def expect_ok(answer: Answer) -> Answer:
    """Returns the answer, if its status is 200."""
    assert answer.status == 200, f"{answer.status}: {answer.body.decode(errors='replace')[:500]}"
    return answer


def run(url: str, scripts: Sequence[Script], seconds: float) -> Measured:
    """Run the scripts concurrently. When the time is over, no further requests are sent, and the pending answers are
    awaited. Raises what a script raises."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(url, scripts, seconds))


async def _run(url: str, scripts: Sequence[Script], seconds: float) -> Measured:
    loop = asyncio.get_running_loop()
    host, _, port = urlsplit(url).netloc.partition(":")
    connections = [_Connection(script, loop.create_future()) for script in scripts]
    for connection in connections:
        await loop.create_connection(partial(_that, connection), host, int(port))
    began = time.perf_counter()
    for connection in connections:
        connection.begin(began + seconds)
    async with asyncio.timeout(seconds + TIMEOUT):
        await asyncio.gather(*(connection.done for connection in connections))
    ended = time.perf_counter()
    return Measured(ended - began, sorted(latency for each in connections for latency in each.latencies))


def _that(connection: "_Connection") -> "_Connection":
    return connection


@dataclass(eq=False)
class _Connection(asyncio.Protocol):
    script: Script
    done: "asyncio.Future[None]"
    latencies: list[float] = field(default_factory=list)
    _received: bytes = b""
    _sent: float = 0.0
    _until: float = 0.0
    _transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the server closed the connection"))

    def begin(self, until: float) -> None:
        self._until = until
        self._send(None)

    def data_received(self, data: bytes) -> None:
        self._received = received = self._received + data if self._received else data
        head = received.find(_HEAD_END)
        if head < 0:
            return
        length = _LENGTH.search(received, 0, head)
        if length is None:
            self._end(ValueError(f"an answer without a length: {received[:head]!r}"))
            return
        body = head + len(_HEAD_END)
        if len(received) < body + int(length[1]):
            return
        self.latencies.append(time.perf_counter() - self._sent)
        self._received = b""
        self._send(Answer(int(received[9:12]), received[body:]))

    def _send(self, answer: Answer | None) -> None:
        """Pass the answer to the script, and send its next request, unless the time is over."""
        try:
            following = next(self.script) if answer is None else self.script.send(answer)
        except StopIteration:
            self._end(None)
            return
        except Exception as error:  # it is the outcome of the run
            self._end(error)
            return
        self._sent = time.perf_counter()
        if self._sent >= self._until:
            self._end(None)
        elif isinstance(following, bytes):
            assert self._transport is not None
            self._transport.write(following)
        else:
            asyncio.get_running_loop().call_later(following, self._send, None)

    def _end(self, error: Exception | None) -> None:
        if self.done.done():
            return
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)
        assert self._transport is not None
        self._transport.close()
