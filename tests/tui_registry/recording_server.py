"""A server that records all requests: it answers itself, redirects, or forwards them as a proxy."""

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

HEALTHY = b'{"status":"OK"}'


class Recorder:
    """``requests`` has the head of each request; ``connections`` counts connections, also those without a request."""

    def __init__(
        self,
        *,
        forward_to: str | None = None,
        redirect_to: str = "",
        context: ssl.SSLContext | None = None,
    ) -> None:
        """``forward_to``: the registry to forward requests to, whatever their host; otherwise it redirects to the URL
        ``redirect_to``, or answers as a healthy server. With a ``context`` it uses TLS."""
        self.requests: list[str] = []
        self.connections = 0
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            def setup(self) -> None:
                recorder.connections += 1
                super().setup()

            def answer(self) -> None:
                recorder.requests.append(f"{self.requestline}\n{self.headers}")
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, kind, content = (302 if redirect_to else 200), "application/json", HEALTHY
                if forward_to is not None:
                    status, kind, content = self.forward(forward_to, body)
                self.send_response(status)
                if redirect_to:
                    self.send_header("Location", redirect_to)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def forward(self, target: str, body: bytes) -> tuple[int, str, bytes]:
                where, asked = urlsplit(target), urlsplit(self.path)
                server = http.client.HTTPConnection(where.hostname or "", where.port, timeout=10)
                headers = {name: value for name, value in self.headers.items() if not name.startswith("Proxy-")}
                path = f"{asked.path}?{asked.query}" if asked.query else asked.path
                try:
                    server.request(self.command, path, body, headers)
                    answer = server.getresponse()
                    return answer.status, answer.headers["Content-Type"], answer.read()
                finally:
                    server.close()

            do_GET = do_POST = do_CONNECT = answer  # noqa: N815  # the names that http.server looks for

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def recorder(
    *, forward_to: str | None = None, redirect_to: str = "", context: ssl.SSLContext | None = None
) -> Iterator[Recorder]:
    """There until the block ends."""
    made = Recorder(forward_to=forward_to, redirect_to=redirect_to, context=context)
    try:
        yield made
    finally:
        made.close()


def everywhere(proxy: str) -> dict[str, str]:
    """The variables that name a proxy for all, in both cases."""
    names = ("http_proxy", "https_proxy", "all_proxy")
    return {spelled: proxy for name in names for spelled in (name, name.upper())}


def unused_port() -> int:
    with socket.socket() as free, suppress(OSError):
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port
