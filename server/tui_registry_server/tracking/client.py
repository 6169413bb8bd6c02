"""GET requests to the tracking server.

Its answers are not trusted: their size is limited, no redirect is followed, nothing is decompressed.
"""

from copy import copy
from typing import TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from tui_registry_server.tracking.server import TrackingServer
from tui_registry_server.wire.plain_text import one_line
from tui_registry_server.wire.workspace_name import HEADER as WORKSPACE_HEADER

Answer = TypeVar("Answer", bound=BaseModel)

MAX_BYTES = 1024 * 1024  # of an answer: a run with thousands of metrics; more would block the event loop for long
MAX_CONNECTIONS = 16
STEP_SECONDS = 10.0  # until a connection is established, and for each step of sending and receiving
KEPT_SECONDS = 2.0  # that an idle connection is kept: less than servers keep theirs
MAX_PROBLEM = 300  # characters of a message that may quote the system's


class TrackingError(Exception):
    """Why the tracking server has not answered what it was asked, in a sentence without its full stop."""


class TrackingMissing(TrackingError):
    """It knows nothing of what it was asked for."""


class TrackingUnavailable(TrackingError):
    """It answers nobody: it cannot be reached, or refuses the credentials."""


class TrackingUnusable(TrackingError):
    """It has answered something that cannot be used: nothing is wrong with others."""


class TrackingClient:
    """Requests on one event loop. Callers limit how long one takes in all."""

    def __init__(self, server: TrackingServer) -> None:
        self._workspace: dict[str, str] = {}
        self._client = http_client(server, httpx.Timeout(STEP_SECONDS), MAX_CONNECTIONS)
        self._client.headers = httpx.Headers(
            {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "tui-registry"}
        )
        if server.authorization is not None:
            self._client.headers["Authorization"] = server.authorization

    def in_workspace(self, name: str) -> "TrackingClient":
        """The same client, asking about what is in a workspace of the tracking server; empty for its default one."""
        client = copy(self)
        client._workspace = {WORKSPACE_HEADER: name} if name else {}  # noqa: SLF001  # a client, too
        return client

    async def close(self) -> None:
        await self._client.aclose()

    async def get(self, answer: type[Answer], *path: str, **query: str) -> Answer:
        """The answer to a GET below ``/api/2.0/mlflow``. Raises TrackingError. Cancelling it ends the exchange."""
        below = "/".join(quote(part, safe="-") for part in path)
        try:
            async with self._client.stream(
                "GET", f"api/2.0/mlflow/{below}", params=query or None, headers=self._workspace
            ) as response:
                _check(response)
                content = await _body(response)
        except httpx.TimeoutException:
            raise TrackingError("it does not answer") from None
        except httpx.ProtocolError as error:
            raise TrackingUnusable(f"its answer is not HTTP ({type(error).__name__})") from None
        except (httpx.ReadError, httpx.WriteError):
            raise TrackingError("it broke off the connection") from None
        except httpx.HTTPError as error:
            raise _unreachable(error) from None
        try:
            return answer.model_validate_json(content)
        except ValidationError:
            raise TrackingUnusable("its answer is not one of an MLflow tracking server") from None


def http_client(server: TrackingServer, timeout: httpx.Timeout, connections: int) -> httpx.AsyncClient:
    """A client of the tracking server, without its credentials."""
    return httpx.AsyncClient(
        base_url=httpx.URL(
            scheme="http" if server.context is None else "https",
            host=server.host,
            port=server.port,
            path=f"{server.path}/",
        ),
        verify=True if server.context is None else server.context,
        trust_env=False,  # no proxy, and no credentials but those given
        follow_redirects=False,
        timeout=timeout,
        limits=httpx.Limits(
            max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=KEPT_SECONDS
        ),
    )


def _check(response: httpx.Response) -> None:
    status = response.status_code
    if status in {401, 403}:
        raise TrackingUnavailable(
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


async def _body(response: httpx.Response) -> bytes:
    content = bytearray()
    async for chunk in response.aiter_raw():
        content += chunk
        if len(content) > MAX_BYTES:
            raise TrackingUnusable(f"its answer is longer than {MAX_BYTES // 1024 // 1024} MiB")
    return bytes(content)


def _unreachable(error: httpx.HTTPError) -> TrackingUnavailable:
    """With the system's reason, if it gave one; neither the request nor its headers are in the message."""
    cause: BaseException | None = error
    while cause is not None and not (isinstance(cause, OSError) and cause.strerror):
        cause = cause.__cause__ or cause.__context__
    reason = cause.strerror if isinstance(cause, OSError) and cause.strerror else type(error).__name__
    return TrackingUnavailable(f"it cannot be reached: {one_line(reason, MAX_PROBLEM)}")
