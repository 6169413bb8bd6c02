"""A receiver of webhooks: a real HTTP server, which verifies signatures as Databricks and MLflow document it."""

import base64
import hashlib
import hmac
import json
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

WAIT = 30.0  # seconds for requests to arrive on a loaded machine


@dataclass(frozen=True)
class Received:
    """A request. ``at``: seconds on the monotonic clock."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def is_signed_for_databricks(self, secret: str) -> bool:
        """https://docs.databricks.com/aws/en/mlflow/model-registry-webhooks: validate_signature."""
        expected = hmac.new(secret.encode(), self.body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(expected, self.headers["x-databricks-signature"])

    def is_signed_for_mlflow(self, secret: str, max_age: int = 300) -> bool:
        """https://mlflow.org/docs/latest/ml/webhooks: verify_mlflow_signature and the freshness of the timestamp."""
        timestamp, delivery = self.headers["x-mlflow-timestamp"], self.headers["x-mlflow-delivery-id"]
        if not 0 <= time.time() - int(timestamp) <= max_age:
            return False
        version, _, signature = self.headers["x-mlflow-signature"].partition(",")
        signed = f"{delivery}.{timestamp}.{self.body.decode()}"
        expected = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
        return version == "v1" and hmac.compare_digest(base64.b64encode(expected).decode(), signature)


Answer = tuple[int, bytes, Mapping[str, str]]
OK: Answer = (200, b"OK", {})


class Receiver:
    """Listens on a loopback address, with TLS if there is a context. ``answer`` is called with each request, and may
    wait."""

    def __init__(
        self, answer: Callable[[Received], Answer] = lambda _: OK, context: ssl.SSLContext | None = None
    ) -> None:
        self.requests: list[Received] = []
        self._arrived = threading.Condition()
        self._closed = threading.Event()
        received, arrived, closed = self.requests, self._arrived, self._closed

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # head and body are sent apart: it would wait 40 ms between them

            def do_POST(self) -> None:
                if closed.is_set():  # on a connection that was kept
                    self.close_connection = True
                    return
                length = int(self.headers.get("content-length", "0"))
                body = self.rfile.read(length)
                if len(body) < length:  # the sender was killed between the head and the end of the body
                    self.close_connection = True
                    return
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Received(self.path, headers, body, time.monotonic())
                with arrived:
                    received.append(request)
                    arrived.notify_all()
                status, content, more = answer(request)
                self.send_response(status)
                for name, value in more.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_: object) -> None:
                """Whoever was killed, or gave up waiting, has closed the connection."""

        self._server = Server(("127.0.0.1", 0), Handler)
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self.url = f"{'http' if context is None else 'https'}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def wait_for(self, count: int, path: str | None = None, timeout: float = WAIT) -> list[Received]:
        """The requests so far, once there are that many, at a path or at any."""

        def found() -> list[Received]:
            return [each for each in self.requests if path in (None, each.path)]

        with self._arrived:
            arrived = self._arrived.wait_for(lambda: len(found()) >= count, timeout)
        assert arrived, f"{len(found())} of {count} requests arrived"
        return found()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
