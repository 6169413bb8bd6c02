"""What is passed on to a tracking server that answers when its caller does not expect it: late, or early."""

import asyncio
import json
import os
import resource
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpcore
import pytest

from tests.certificates import issue
from tests.live_registry import LiveRegistry, serving
from tests.server.sockets import connect, rest
from tui_registry_server.tracking.early_responses import EarlyResponses

RUNS = "/api/2.0/mlflow/runs/search"
Refusing = tuple[LiveRegistry, "Upstream"]
ARTIFACT = "/api/2.0/mlflow-artifacts/artifacts/0/run/model.bin"


class Upstream:
    """A socket that does with each connection what a test wants."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._context = context
        self.reply: Callable[[socket.socket], None] = lambda connection: None
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._listening.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as servers do
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
            with connection:
                self.reply(connection)


@pytest.fixture(scope="module")
def upstream() -> Upstream:
    return Upstream()


@pytest.fixture(scope="module")
def registry(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    folder: Path = tmp_path_factory.mktemp("registry")
    uri = f"http://127.0.0.1:{upstream.port}"
    with serving(folder, "--tracking-uri", uri, "--limit", "body_seconds=2") as live:
        yield live


def bearer(registry: LiveRegistry) -> str:
    return f"Host: x\r\nAuthorization: Bearer {registry.admin_token}\r\n"


def test_a_request_that_is_sent_ahead_of_a_slow_answer(registry: LiveRegistry, upstream: Upstream) -> None:
    """The time for its body begins with its turn, and ends."""
    content = json.dumps({"name": "ahead", "description": "x" * 90_000})
    create = "/api/2.0/mlflow/registered-models/create"
    first = f"GET {RUNS} HTTP/1.1\r\n{bearer(registry)}\r\n"
    second = f"POST {create} HTTP/1.1\r\n{bearer(registry)}Content-Length: {len(content)}\r\n\r\n"
    begun, go_on = threading.Event(), threading.Event()

    def late(connection: socket.socket) -> None:
        connection.recv(65536)
        begun.set()
        go_on.wait(30)
        connection.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")

    upstream.reply = late
    with connect(registry.url) as connection:
        connection.sendall(f"{first}{second}{content[:10]}".encode())
        assert begun.wait(30)
        time.sleep(3)  # body_seconds are over
        go_on.set()
        assert connection.recv(65536).startswith(b"HTTP/1.1 204 ")
        connection.sendall(content[10:].encode() + second.encode())
        assert rest(connection).statuses == [200, 408]


def test_an_early_answer_to_an_upload(registry: LiveRegistry, upstream: Upstream) -> None:
    """It is passed on, also if the tracking server resets the connection soon, as it has not read the rest; or if
    it reads no more. What only announces an answer does not end the upload."""

    def early(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 9\r\n\r\ntoo large")
        time.sleep(0.2)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    upstream.reply = early
    for _ in range(5):
        with connect(registry.url) as connection:
            connection.sendall(f"PUT {ARTIFACT} HTTP/1.1\r\n{bearer(registry)}Content-Length: {10**9}\r\n\r\n".encode())
            answers = sent_until_answered(connection)
            assert answers.startswith(b"HTTP/1.1 413 ")
            assert answers.endswith(b"too large")

    def waits(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        go_on.wait(60)

    def announces(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 102 Processing\r\n\r\n")
        while b"the end" not in connection.recv(65536):
            pass
        connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    go_on = threading.Event()
    head = f"PUT {ARTIFACT} HTTP/1.1\r\n{bearer(registry)}"
    upstream.reply = waits
    with connect(registry.url) as connection:
        connection.sendall(f"{head}Content-Length: {10**9}\r\n\r\n".encode())
        assert sent_until_answered(connection).startswith(b"HTTP/1.1 403 ")
    upstream.reply = announces
    go_on.set()
    with connect(registry.url) as connection:
        connection.sendall(f"{head}Content-Length: {10**6 + 7}\r\n\r\n".encode() + bytes(10**6))
        time.sleep(0.2)
        connection.sendall(b"the end")
        assert connection.recv(65536).startswith(b"HTTP/1.1 201 ")


@pytest.fixture(scope="module", params=["http", "https"])
def refusing(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Refusing]:
    folder = tmp_path_factory.mktemp("refusing")
    certificate = issue(folder, "upstream")
    context = None
    if request.param == "https":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.certificate, certificate.key)
    upstream = Upstream(context)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", certificate.authority)
        with serving(folder, "--tracking-uri", f"{request.param}://localhost:{upstream.port}") as live:
            yield live, upstream


@pytest.mark.parametrize("waits", [0.0, 0.3], ids=["at once", "while no more is taken"])
def test_an_early_answer_that_comes_with_the_reset(refusing: Refusing, waits: float) -> None:
    """It is passed on whole, although the connection was reset before it was read. While it is awaited, the upload has
    filled all buffers."""
    registry, upstream = refusing

    def early(connection: socket.socket) -> None:
        connection.recv(1000)
        time.sleep(waits)
        connection.sendall(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 9\r\n\r\n")
        connection.sendall(b"too large")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    upstream.reply = early
    for _ in range(5 if waits else 40):
        with connect(registry.url) as connection:
            connection.sendall(f"PUT {ARTIFACT} HTTP/1.1\r\n{bearer(registry)}Content-Length: {10**9}\r\n\r\n".encode())
            answers = sent_until_answered(connection)
            if not answers.endswith(b"too large"):
                connection.settimeout(5)
                answers += rest(connection).content
            assert answers.startswith(b"HTTP/1.1 413 ")
            assert answers.endswith(b"too large")


def sent_until_answered(connection: socket.socket) -> bytes:
    connection.settimeout(0)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if received := connection.recv(65536):
                return received
            return b""
        except BlockingIOError:
            pass
        try:
            connection.send(bytes(65536))
        except BlockingIOError:
            time.sleep(0.001)
        except ConnectionError:
            connection.settimeout(5)
            return rest(connection).content
    return b""


def next_descriptor() -> int:
    descriptor = os.open(os.devnull, os.O_RDONLY)
    os.close(descriptor)
    return descriptor


def test_too_many_open_files_are_no_connection() -> None:
    """A connection takes two of them. Nothing is left open of one that gets only one."""

    async def connected(port: int) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        number = next_descriptor()
        resource.setrlimit(resource.RLIMIT_NOFILE, (number + 1, hard))
        try:
            with pytest.raises(httpcore.ConnectError, match="Too many open files"):
                await EarlyResponses().connect_tcp("127.0.0.1", port)
            await asyncio.sleep(0)
            assert next_descriptor() == number
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        asyncio.run(connected(listening.getsockname()[1]))


def test_files_that_may_be_open(tmp_path: Path) -> None:
    """As many as the limits let clients, webhooks and calls that are passed on have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
    try:
        with serving(tmp_path, "--tracking-uri", "http://127.0.0.1:9", "--limit", "tracking_requests=1000") as live:
            assert resource.prlimit(live.pid, resource.RLIMIT_NOFILE)[0] >= min(hard, 2000 + 2 * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
