"""GET requests to the tracking server: by the standard library, in threads, with a deadline for the whole exchange.

Its answers are not trusted: their size is limited, no redirect is followed, nothing is decompressed.
"""

import asyncio
import contextlib
import http.client
import socket
import threading
from functools import partial
from typing import TypeVar
from urllib.parse import quote, urlencode

from pydantic import BaseModel, ValidationError

from tui_registry_server.tracking.server import TrackingServer
from tui_registry_server.wire.plain_text import one_line

Answer = TypeVar("Answer", bound=BaseModel)

MAX_BYTES = 1024 * 1024  # of an answer: a run with thousands of metrics; more would block the event loop for long
CHUNK_BYTES = 64 * 1024
MAX_THREADS = 16  # exchanges at a time
MAX_PROBLEM = 300  # characters of a message that may quote the system's


class TrackingError(Exception):
    """Why the tracking server has not answered what it was asked, in a sentence without its full stop."""


class TrackingMissing(TrackingError):
    """It knows nothing of what it was asked for."""


class TrackingUnusable(TrackingError):
    """It has answered something that cannot be used: nothing is wrong with others."""


class TrackingClient:
    """Requests on one event loop."""

    def __init__(self, server: TrackingServer) -> None:
        self._server = server
        self._slots = asyncio.Semaphore(MAX_THREADS)

    async def get(self, answer: type[Answer], *path: str, **query: str) -> Answer:
        """The answer to a GET below ``/api/2.0/mlflow``. Raises TrackingError. Cancelling it ends the exchange."""
        below = "/".join(quote(part, safe="-") for part in path)
        target = f"{self._server.path}/api/2.0/mlflow/{below}" + (f"?{urlencode(query)}" if query else "")
        content = await self._exchange(target)
        try:
            return answer.model_validate_json(content)
        except ValidationError:
            raise TrackingUnusable("its answer is not one of an MLflow tracking server") from None

    async def _exchange(self, target: str) -> bytes:
        """A slot is taken until the thread has ended, which may be later than its caller has stopped waiting: a name
        that is being resolved cannot be interrupted."""
        await self._slots.acquire()
        loop = asyncio.get_running_loop()
        done: asyncio.Future[bytes] = loop.create_future()
        exchange = _Exchange(self._server, target)

        def finish(content: bytes | None, problem: Exception | None) -> None:
            self._slots.release()
            if done.cancelled():
                return
            if problem is not None:
                done.set_exception(problem)
            else:
                done.set_result(content or b"")

        def run() -> None:
            content, problem = None, None
            try:
                content = exchange.run()
            except Exception as error:  # whatever it is: the caller waits for an outcome
                problem = error if isinstance(error, TrackingError) else _unreachable(error)
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is waiting
                loop.call_soon_threadsafe(partial(finish, content, problem))

        threading.Thread(target=run, name="registry-tracking", daemon=True).start()
        try:
            return await done
        finally:
            exchange.abort()


class _Exchange:
    """One request and its answer."""

    LONGEST_STEP = 10.0  # seconds until a connection is established, and for each step of sending and receiving

    def __init__(self, server: TrackingServer, target: str) -> None:
        self._server = server
        self._target = target
        self._socket: socket.socket | None = None

    def run(self) -> bytes:
        """The body of the answer. Raises TrackingError, and whatever the standard library raises."""
        connection = self._connection()
        try:
            connection.connect()
            self._socket = connection.sock
            headers = {"Accept": "application/json", "User-Agent": "tui-registry", "Connection": "close"}
            if self._server.authorization is not None:
                headers["Authorization"] = self._server.authorization
            connection.request("GET", self._target, headers=headers)
            response = connection.getresponse()
            _check(response)
            return _body(response)
        finally:
            connection.close()

    def abort(self) -> None:
        """End it from another thread, whatever it waits for, as far as possible."""
        if self._socket is not None:
            with contextlib.suppress(OSError):  # it has ended already
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)  # beneath TLS, which is not for two threads

    def _connection(self) -> http.client.HTTPConnection:
        host, port, context = self._server.host, self._server.port, self._server.context
        if context is not None:
            return http.client.HTTPSConnection(host, port, timeout=self.LONGEST_STEP, context=context)
        return http.client.HTTPConnection(host, port, timeout=self.LONGEST_STEP)


def _check(response: http.client.HTTPResponse) -> None:
    status = response.status
    if status in {401, 403}:
        raise TrackingError(
            f"it refuses the credentials of this server ({status}): check MLFLOW_TRACKING_USERNAME and "
            "MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN"
        )
    if status == 404:
        raise TrackingMissing("it does not know it")
    if 300 <= status < 400:
        raise TrackingUnusable(f"it answers with a redirect ({status}), which is not followed")
    if status >= 500 or status == 429:
        raise TrackingError(f"it answers with status {status}")
    if status != 200:
        raise TrackingUnusable(f"it answers with status {status}")
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise TrackingUnusable("its answer is compressed, although that was not asked for")


def _body(response: http.client.HTTPResponse) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while chunk := response.read(CHUNK_BYTES):
        size += len(chunk)
        if size > MAX_BYTES:
            raise TrackingUnusable(f"its answer is longer than {MAX_BYTES // 1024 // 1024} MiB")
        chunks.append(chunk)
    return b"".join(chunks)


def _unreachable(error: Exception) -> TrackingError:
    """Neither the request nor its headers are in the message."""
    if isinstance(error, TimeoutError):
        return TrackingError("it does not answer")
    if isinstance(error, http.client.HTTPException):
        return TrackingUnusable(f"its answer is not HTTP ({type(error).__name__})")
    cause = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
    return TrackingError(f"it cannot be reached: {one_line(cause, MAX_PROBLEM)}")
