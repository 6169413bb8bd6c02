"""What is not the registry's is passed on to the tracking server: which paths, with which headers, of any size.

With MLflow's own as the tracking server: tests/compat/test_mlflow_logged_models.py.
"""

import hashlib
import http.client
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.probe import private_memory
from tests.live_registry import ADMIN, LiveRegistry, command, serving
from tests.server.api import Api

MEGABYTE = 1024 * 1024
SIZE = int(os.environ.get("TUI_REGISTRY_TEST_ARTIFACT_MEGABYTES", "192"))
"""Megabytes of an artifact. In full: TUI_REGISTRY_TEST_ARTIFACT_MEGABYTES=1024."""
RUNS = "/api/2.0/mlflow/runs/search"
ARTIFACT = "/api/2.0/mlflow-artifacts/artifacts/0/run/model.bin"
PASSWORD = "of-the-tracking-server"
PASSED_ON = [
    RUNS,
    "/ajax-api/2.0/mlflow/experiments/search",
    "/api/2.0/preview/mlflow/runs/create",
    "/api/2.0/mlflow/logged-models/m-1",
    "/api/2.0/mlflow/metrics/get-history",
    "/api/2.0/mlflow/artifacts/list",
    "/api/3.0/mlflow/traces/search",
    "/api/3.0/mlflow/datasets/create",
    "/api/2.0/mlflow-artifacts/artifacts",
    "/api/2.0/mlflow-artifacts/artifacts/a%2Fb%20c/100%25/permissions",
    "/v1/traces",
]
NOT_PASSED_ON = [
    "/api/2.0/mlflow/registered-models/nonsense",
    "/api/3.0/mlflow/registered-models/get",
    "/api/2.0/mlflow/model-versions/get-artifact",
    "/api/2.0/mlflow/users/create",
    "/api/3.0/mlflow/users/permissions/grant",
    "/api/2.0/mlflow/gateway-proxy",
    "/api/2.0/mlflow/runsearch",
    "/model-versions/get-artifact",
    "/get-artifact",
    "/graphql",
    "/",
    "/api/2.0/mlflow/runs/../users/create",
    "/api/2.0/mlflow/runs/%2e%2e/users/create",
    "/api/2.0/mlflow/runs//search",
    "/api/2.0/mlflow-artifacts/artifacts/%2e%2e/%2e%2e/mlflow/users/create",
    "/api/2.0/mlflow-artifacts/artifacts/..%2f..%2fmlflow/users/create",
    "/api/2.0/mlflow/runs/%252e%252e/%252e%252e/users/create",
    "/api/2.0/mlflow/runs/..;/users/create",
    "/api/2.0/mlflow/runs/..%3b/users/create",
    "/api/2.0/mlflow/runs/..%20/users/create",
    "/api/2.0/mlflow/runs/a%0aX:%201",
    "/api/2.0/mlflow/runs/..%5cusers",
    "/api%2f2.0/mlflow%2fruns/search",
    "/api/2.0/mlflow/experiments/permissions/create",
    "/api/2.0/mlflow/experiments/Permissions",
    "/api/2.0/mlflow/experiments/%70ermissions/create",
]


class _Handler(BaseHTTPRequestHandler):
    """Answers with what came, or with an artifact; and does what a test wants."""

    server: "Upstream"
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        if self.server.reply is not None:
            self.server.reply(self)
            return
        digest, size = hashlib.sha256(), 0
        try:
            for chunk in self.body():
                digest.update(chunk)
                size += len(chunk)
        except (ConnectionError, ValueError):
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.seen.append((self.command, self.path, headers, size, digest.hexdigest()))
        if self.command == "GET" and self.path == ARTIFACT:
            self.send_response(200)
            self.send_header("Content-Length", str(SIZE * MEGABYTE))
            self.send_header("Content-Type", "application/octet-stream")
            self.end_headers()
            for _ in range(SIZE):
                self.wfile.write(bytes(MEGABYTE))
            return
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.send_header("Set-Cookie", "session=theirs")
        self.send_header("X-Theirs", "kept")
        self.end_headers()
        self.wfile.write(b"{}"[: 0 if self.command == "HEAD" else 2])

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815  # the library's names

    def body(self) -> Iterator[bytes]:
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        left = int(self.headers.get("Content-Length", 0))
        while left:
            if not (chunk := self.rfile.read(min(left, MEGABYTE))):
                raise ConnectionError("the body is not complete")
            left -= len(chunk)
            yield chunk

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the library's name
        pass


class Upstream(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[tuple[str, str, dict[str, str], int, str]] = []
        self.reply: Callable[[BaseHTTPRequestHandler], None] | None = None


@contextmanager
def replying(upstream: Upstream, reply: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[None]:
    upstream.reply = reply
    try:
        yield
    finally:
        upstream.reply = None


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def registry(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MLFLOW_TRACKING_USERNAME", "registry")
        environment.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORD)
        uri = f"http://127.0.0.1:{upstream.server_port}"
        limits = ("--limit", "tracking_requests_per_principal=3")
        with serving(tmp_path_factory.mktemp("registry"), "--tracking-uri", uri, *limits) as live:
            yield live


def call(
    registry: LiveRegistry, method: str, path: str, body: Any = None, **headers: str
) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection = http.client.HTTPConnection(registry.url.removeprefix("http://"), timeout=60)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, {"Authorization": f"Bearer {registry.admin_token}"} | named)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def test_which_paths(registry: LiveRegistry, upstream: Upstream) -> None:
    for path in PASSED_ON:
        upstream.seen.clear()
        status, _, _ = call(registry, "POST", f"{path}?a=%2F&b=", b"{}")
        assert status == 200, path
        assert [each[:2] for each in upstream.seen] == [("POST", f"{path}?a=%2F&b=")], "as it was sent"
    upstream.seen.clear()
    for path in NOT_PASSED_ON:
        for method in ("GET", "POST"):
            status, _, _ = call(registry, method, path)
            assert status in {404, 405, 400}, path
    assert upstream.seen == []


def test_only_with_a_valid_token_and_never_with_it(registry: LiveRegistry, upstream: Upstream) -> None:
    upstream.seen.clear()
    for authorization in ("", "Bearer tr_nonsense", "Basic cmVnaXN0cnk6b2YtdGhlLXRyYWNraW5nLXNlcnZlcg=="):
        assert call(registry, "GET", RUNS, Authorization=authorization)[0] == 401
    assert upstream.seen == []
    for method in ("TRACE", "CONNECT", "PROPFIND"):
        assert call(registry, method, RUNS)[0] in {400, 405}
    assert upstream.seen == []
    status, headers, body = call(
        registry,
        "POST",
        RUNS,
        b'{"max_results": 1}',
        Cookie="session=mine",
        X_Http_Method_Override="DELETE",
        X_Original_URL="/api/2.0/mlflow/users/create",
        X_Real_User="root",
        X_Forwarded_For="10.0.0.1",
        Connection="keep-alive, X-Hop",
        X_Hop="1",
        X_MLFLOW_WORKSPACE="default",
        Content_Type="application/json",
    )
    assert (status, body, headers["X-Theirs"], headers["Set-Cookie"]) == (200, b"{}", "kept", None)
    (_, _, sent, size, _) = upstream.seen.pop()
    assert sent["authorization"] == "Basic cmVnaXN0cnk6b2YtdGhlLXRyYWNraW5nLXNlcnZlcg=="
    assert (sent["host"], size) == (f"127.0.0.1:{upstream.server_port}", 18)
    assert (sent["x-mlflow-workspace"], sent["content-type"]) == ("default", "application/json")
    withheld = {"cookie", "x-forwarded-for", "x-hop", "x-http-method-override", "x-original-url", "x-real-user"}
    assert not withheld & set(sent)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert registry.admin_token not in str(sent)


def test_artifacts_of_any_size_in_constant_memory(registry: LiveRegistry, upstream: Upstream) -> None:
    """More than any limit on what the registry itself reads; chunked, and with a length."""
    call(registry, "PUT", ARTIFACT, bytes(MEGABYTE))
    before = private_memory(registry.pid)
    expected = hashlib.sha256(bytes(SIZE * MEGABYTE)).hexdigest() if SIZE < 512 else None
    for headers in ({"Content_Length": str(SIZE * MEGABYTE)}, {}):
        upstream.seen.clear()
        status, _, _ = call(registry, "PUT", ARTIFACT, (bytes(MEGABYTE) for _ in range(SIZE)), **headers)
        (_, _, _, size, digest) = upstream.seen.pop()
        assert (status, size) == (200, SIZE * MEGABYTE)
        assert expected in {None, digest}
    connection = http.client.HTTPConnection(registry.url.removeprefix("http://"), timeout=60)
    connection.request("GET", ARTIFACT, headers={"Authorization": f"Bearer {registry.admin_token}"})
    answer = connection.getresponse()
    size = sum(len(chunk) for chunk in iter(lambda: answer.read(MEGABYTE), b""))
    connection.close()
    assert (answer.status, size) == (200, SIZE * MEGABYTE)
    assert private_memory(registry.pid) - before < 32 * MEGABYTE


def test_who_leaves_in_the_middle(registry: LiveRegistry, upstream: Upstream) -> None:
    """Neither side is left waiting, and the next request is served."""
    ended = threading.Event()

    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b"10000\r\n%s\r\n" % bytes(65536))
        except OSError:
            ended.set()

    with replying(upstream, endless):
        connection = http.client.HTTPConnection(registry.url.removeprefix("http://"), timeout=30)
        connection.request("GET", RUNS, headers={"Authorization": f"Bearer {registry.admin_token}"})
        assert connection.getresponse().read(MEGABYTE)
        connection.close()
        assert ended.wait(30), "the tracking server may stop"
    connection = http.client.HTTPConnection(registry.url.removeprefix("http://"), timeout=30)
    connection.putrequest("PUT", ARTIFACT)
    connection.putheader("Authorization", f"Bearer {registry.admin_token}")
    connection.putheader("Content-Length", str(8 * MEGABYTE))
    connection.endheaders(bytes(MEGABYTE))
    connection.close()
    assert call(registry, "GET", RUNS)[0] == 200

    waiting, go_on = threading.Semaphore(0), threading.Event()

    def hangs(handler: BaseHTTPRequestHandler) -> None:
        waiting.release()
        go_on.wait(30)

    with replying(upstream, hangs):
        for _ in range(3):  # as many as one may have passed on at once
            connection = http.client.HTTPConnection(registry.url.removeprefix("http://"), timeout=30)
            connection.request("GET", RUNS, headers={"Authorization": f"Bearer {registry.admin_token}"})
            assert waiting.acquire(timeout=30)
            connection.close()
    deadline = time.monotonic() + 20
    while call(registry, "GET", RUNS)[0] == 429:
        assert time.monotonic() < deadline, "their places are free at once"
        time.sleep(0.05)
    go_on.set()

    def breaks_off(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b"the beginning")
        handler.close_connection = True

    with replying(upstream, breaks_off), pytest.raises(http.client.IncompleteRead):
        call(registry, "GET", RUNS)
    assert call(registry, "GET", RUNS)[0] == 200


def test_a_token_that_is_revoked_during_an_upload(registry: LiveRegistry, upstream: Upstream) -> None:
    token = command(registry.database, "tokens", "create", ADMIN).strip()
    upstream.seen.clear()
    connection = http.client.HTTPConnection(registry.url.removeprefix("http://"), timeout=30)
    connection.putrequest("PUT", ARTIFACT)
    connection.putheader("Authorization", f"Bearer {token}")
    connection.putheader("Content-Length", str(2 * MEGABYTE))
    connection.endheaders(bytes(MEGABYTE))
    with Api(registry.url, token) as api:
        (own, *_) = api.get("/token/list").ok()["token_infos"]
        api.post("/token/delete", token_id=own["token_id"]).ok()
    connection.send(bytes(MEGABYTE))
    assert connection.getresponse().status == 401
    connection.close()
    assert upstream.seen == [], "the upload is not complete"


def test_a_tracking_server_that_does_not_help(registry: LiveRegistry, upstream: Upstream) -> None:
    def elsewhere(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", "http://127.0.0.1:1/")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    def no_http(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"220 mail\r\n")
        handler.close_connection = True

    def unchanged(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(304)
        handler.send_header("ETag", '"x"')
        handler.end_headers()

    def no_status(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n")

    def no_header(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Odd: a\x01b\r\nContent-Length: 0\r\n\r\n")

    def closes_once(handler: BaseHTTPRequestHandler) -> None:
        """As a connection that was kept too long."""
        upstream.reply = None
        handler.close_connection = True

    with replying(upstream, unchanged):
        status, headers, _ = call(registry, "GET", RUNS, If_None_Match='"x"')
        assert (status, headers["ETag"]) == (304, '"x"')
    for reply in (no_status, no_header):
        with replying(upstream, reply):
            assert call(registry, "GET", RUNS)[0] == 503
    with replying(upstream, closes_once):
        assert call(registry, "GET", RUNS)[0] == 200
    with replying(upstream, elsewhere):
        status, headers, body = call(registry, "GET", RUNS)
        assert (status, headers["Location"], b"redirect" in body) == (503, None, True)
    with replying(upstream, no_http):
        status, headers, body = call(registry, "GET", RUNS)
        assert (status, headers["Retry-After"], b"the registry itself works" in body) == (503, "1", True)

    waiting, go_on = threading.Semaphore(0), threading.Event()

    def slow(handler: BaseHTTPRequestHandler) -> None:
        waiting.release()
        go_on.wait(30)
        handler.send_response(204)
        handler.end_headers()

    with replying(upstream, slow):
        threads = [threading.Thread(target=call, args=(registry, "GET", RUNS)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for _ in threads:
            assert waiting.acquire(timeout=30)
        began = time.monotonic()
        status, headers, body = call(registry, "GET", RUNS)
        assert (status, b"Too many of your requests" in body) == (429, True)
        with Api(registry.url, registry.admin_token) as api:
            api.get("/mlflow/registered-models/search").ok()
        assert time.monotonic() - began < 20, "the registry does not wait for the tracking server"
        go_on.set()
        for thread in threads:
            thread.join(30)
    assert call(registry, "GET", RUNS)[0] == 200


def test_without_a_tracking_server(tmp_path: Path) -> None:
    with serving(tmp_path) as alone, Api(alone.url, alone.admin_token) as api:
        refused = api.get("/mlflow/runs/search")
        assert "--tracking-uri" in refused.refused(404, "ENDPOINT_NOT_FOUND")
