"""Wrong methods, wrong paths, and requests that are not HTTP: refused by the usual error, and the server keeps
running."""

import http.client
import json
import re
import socket
from contextlib import closing
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from tests.server import sockets
from tests.server.api import is_rooted
from tests.server.callers import Callers
from tests.server.database_state import DatabaseState
from tests.server.invalid_requests import LONGEST_MESSAGE, assert_refused
from tui_registry_server.http.routes import ROUTES

PATHS = sorted({route.path.replace("{object_id}", "root") for route in ROUTES})
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "PURGE")


@pytest.mark.parametrize("path", PATHS)
def test_wrong_methods(path: str, callers: Callers, database_state: DatabaseState) -> None:
    taken = {route.method for route in ROUTES if route.path.replace("{object_id}", "root") == path}
    for method in METHODS:
        if method in taken or (method == "HEAD" and "GET" in taken):
            continue
        with database_state.unchanged():
            answer = callers.admin.send(method, path, b"{}")
        assert answer.status == 405
        assert answer.headers["allow"] == ", ".join(sorted(taken))
        if method != "HEAD":
            message = answer.refused(405, "METHOD_NOT_ALLOWED")
            assert all(each in message for each in taken)


def test_head_is_get_without_a_body(callers: Callers) -> None:
    """Also of the event stream, which would not end."""
    for path in ("/health", "/mlflow/registered-models/search", "/mlflow/events"):
        answer = callers.admin.send("HEAD", path)
        assert (answer.status, answer.content) == (200, b"")
    callers.admin.get("/health").ok()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_wrong_paths(path: str, method: str, callers: Callers, database_state: DatabaseState) -> None:
    whole = path if is_rooted(path) else f"/api/2.0{path}"
    for wrong in (
        f"{whole}/",
        f"/{whole}",
        f"{whole}%00",
        f"{whole}%2F",
        f"{whole};x",
        f"{whole}%ff",
        whole.upper(),
        f"/api/1.0{whole}",
        f"/.{whole}",
        f"/x/..{whole}",
        f"{whole}%0d%0aX:%20y",
        f"{whole}/{'x' * 20_000}",
    ):
        status, error = send_raw(callers, method, wrong)
        if is_served(unquote(wrong)):
            assert status in (400, 404, 405), wrong  # the addition is parsed as a part of an id
        else:
            assert (status, error["error_code"]) == (404, "ENDPOINT_NOT_FOUND"), wrong
            assert len(error["message"]) <= LONGEST_MESSAGE


def is_served(path: str) -> bool:
    """Whether there is a route of that path, with any method."""
    below = path.removeprefix("/api/2.0")
    return any(re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", route.path), below) for route in ROUTES)


@pytest.mark.parametrize("identifier", ["x", "%00", "%0a", "a;b", "..", "0" * 32, "x" * 20_000, "%ff", "%F0%9F%98%80"])
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH"])
def test_wrong_ids_in_the_path(method: str, identifier: str, callers: Callers, database_state: DatabaseState) -> None:
    path = f"/permissions/registered-models/{identifier}"
    with database_state.unchanged():
        answer = callers.admin.send(method, path, b'{"access_control_list": []}')
    assert_refused(answer)


def send_raw(callers: Callers, method: str, target: str) -> tuple[int, Any]:
    """A request with a raw target."""
    host = urlsplit(callers.registry.url)
    with closing(http.client.HTTPConnection(host.netloc, timeout=60)) as connection:
        connection.putrequest(method, target, skip_host=True)
        connection.putheader("Host", host.netloc)
        connection.putheader("Authorization", f"Bearer {callers.admin.token}")
        connection.putheader("Content-Length", "0")
        connection.endheaders()
        response = connection.getresponse()
        return response.status, json.loads(response.read())


NOT_HTTP = {
    "an unknown method": b"FOO /health HTTP/1.1\r\nHost: x\r\n\r\n",
    "bytes in the target": b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
    "a bad length": b"POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n",
    "a negative length": b"POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
    "two lengths": b"POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "a length and chunks": b"POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a bad chunk": b"POST /health HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "another protocol": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "a NUL": b"GET /health HTTP/1.1\r\nHost: \x00\r\n\r\n",
}


@pytest.mark.parametrize("content", NOT_HTTP.values(), ids=NOT_HTTP)
def test_what_is_not_http(content: bytes, callers: Callers) -> None:
    answer = exchange(callers, content)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 405 ")), answer
    assert set(json.loads(body)) == {"error_code", "message"}
    callers.admin.get("/health").ok()


ENDLESS = {"a target": b"GET /", "a header": b"GET / HTTP/1.1\r\nX: ", "headers": b"GET / HTTP/1.1\r\n"}


@pytest.mark.parametrize("what", ENDLESS)
def test_a_head_without_end(what: str, callers: Callers) -> None:
    """No token is needed to send one, and the server would store it in memory."""
    piece = b"x: y\r\n" * 10_000 if what == "headers" else b"x" * 60_000
    answer = b""
    with socket.create_connection(("127.0.0.1", urlsplit(callers.registry.url).port or 0), timeout=60) as connection:
        try:
            connection.sendall(ENDLESS[what])
            for _ in range(40):
                connection.sendall(piece)
            answer = connection.recv(65536)
        except ConnectionError:
            pass  # the connection was closed during sending
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")
    callers.admin.get("/health").ok()


def test_a_body_that_ends_early(callers: Callers, database_state: DatabaseState) -> None:
    path = "/api/2.0/mlflow/registered-models/create"
    authorization = f"Authorization: Bearer {callers.admin.token}"
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\n{authorization}\r\nContent-Length: 1000\r\n\r\n"
    with database_state.unchanged():
        exchange(callers, head.encode() + b'{"name": "half"')
    callers.admin.get("/health").ok()


def test_an_upgrade_is_not_taken(callers: Callers) -> None:
    head = (
        "GET {} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: {}\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==\r\n\r\n"
    )
    for protocol in ("websocket", "h2c"):
        received = sockets.exchange(callers.registry.url, head.format("/health", protocol).encode(), timeout=2)
        assert received.content.startswith(b"HTTP/1.1 200 ")


def exchange(callers: Callers, content: bytes) -> bytes:
    """The server's answer to these bytes, and to the end of the stream."""
    host = urlsplit(callers.registry.url)
    assert host.hostname is not None
    with socket.create_connection((host.hostname, host.port or 80), timeout=60) as connection:
        connection.sendall(content)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
        return answer
