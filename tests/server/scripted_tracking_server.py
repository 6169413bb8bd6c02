"""A tracking server that answers what a test wants: also what no MLflow server would."""

import json
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.certificates import Files
from tests.server.api import Api
from tests.server.permission_case import VERSIONS

RUN, MODEL = "ab" * 16, "m-" + "0123456789abcdef" * 2
LOGGED = f"models:/{MODEL}"
DEADLINE = 30  # seconds, on a loaded machine

Reply = Callable[[BaseHTTPRequestHandler], None]


class ScriptedTrackingServer(ThreadingHTTPServer):
    """``reply`` is called for every request until it is None; then requests are answered as MLflow does.
    ``authorizations`` are the headers that came, ``workspaces`` those of MLflow's workspaces, each with its path."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.reply: Reply | None = None
        self.authorizations: set[str | None] = set()
        self.workspaces: list[tuple[str, str | None]] = []
        self.paths: list[str] = []

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a connection that the registry closes while it is idle."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: ScriptedTrackingServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.authorizations.add(self.headers["Authorization"])
        self.server.workspaces.append((self.path, self.headers["X-MLFLOW-WORKSPACE"]))
        self.server.paths.append(self.path)
        if self.server.reply is not None:
            try:
                self.server.reply(self)
            except OSError:
                self.close_connection = True  # the registry has had enough
            return
        answer(self, 200, _as_mlflow(self.path))

    do_PUT = do_GET  # noqa: N815  # the library's name

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the library's name
        pass


def answer(handler: BaseHTTPRequestHandler, status: int, body: Any, **headers: str) -> None:
    """A whole answer: bytes as they are, anything else as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(content)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(content)


def logged_model(**info: Any) -> Any:
    return {"model": {"info": {"model_id": MODEL, "experiment_id": "7", "source_run_id": RUN, **info}}}


def _as_mlflow(path: str) -> Any:
    if "/logged-models/" in path:
        return logged_model(artifact_uri="s3://bucket/models")
    if "/runs/get" in path:
        return {"run": {"info": {"run_name": "first", "status": "FINISHED", "experiment_id": "7", "start_time": "5"}}}
    return {"experiment": {"experiment_id": "7", "name": "traced"}}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def serving_script(port: int = 0, certificate: Files | None = None) -> Iterator[ScriptedTrackingServer]:
    """Over TLS with a certificate."""
    server = ScriptedTrackingServer(port)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.certificate, certificate.key)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def wait_for_lineage(api: Api, name: str, version: str, done: Callable[[Any], bool]) -> Any:
    """A version's lineage, once it is as expected."""
    deadline = time.monotonic() + DEADLINE
    while True:
        lineage = api.get(f"{VERSIONS}/lineage", name=name, version=version).ok()["lineage"]
        if lineage["status"] == "READY" and done(lineage):
            return lineage
        assert time.monotonic() < deadline, lineage
        time.sleep(0.1)
