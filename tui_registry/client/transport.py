"""Calls to one server with one token: answers are parsed into the wire's models, errors into those of client.errors."""

import os
import re
import time
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, ClassVar, Self, TypeVar
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel, ValidationError

from tui_registry.client.endpoint import Endpoint
from tui_registry.client.errors import (
    LostAnswer,
    Misunderstood,
    ReadOnly,
    Refused,
    Unauthenticated,
    UnknownEndpoint,
    Unreachable,
)
from tui_registry.client.journal import Journal
from tui_registry.client.trust import describe_tls_error
from tui_registry_server.wire.error import Error, ErrorCode
from tui_registry_server.wire.workspace_name import DEFAULT_NAME
from tui_registry_server.wire.workspace_name import HEADER as WORKSPACE_HEADER

Answer = TypeVar("Answer", bound=BaseModel)

API = "/api/2.0"
TIMEOUT = httpx.Timeout(15.0, connect=5.0)  # seconds
KEEPALIVE_SECONDS = 2.0  # for idle connections: servers and proxies close theirs after five or more
EVENT_TIMEOUT = httpx.Timeout(45.0, connect=5.0)  # seconds; the server sends a keep-alive every 15


_NOTHING_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.InvalidURL,
)

MAX_RETRY_AFTER_SECONDS = 60.0


class Transport:
    """The HTTP transport of every call. ``server_kind``: the kind of server expected at the other end.
    ``login_advice``: what to do if it refuses the credentials."""

    server_kind: ClassVar[str] = "a registry"
    login_advice: ClassVar[str] = (
        "Log in again with: tui-registry login {url}, or set TUI_REGISTRY_TOKEN to a new token."
    )

    def __init__(
        self,
        url: str,
        token: str,
        *,
        read_only: bool = False,
        workspace: str | None = None,
        endpoint: Endpoint | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """``read_only``: refuse every call that could change the registry. ``workspace``: whose models all calls are
        about, unless it is the default one. ``endpoint``: how to reach the server, by default as the URL alone says.
        Raises EndpointError."""
        self.url = url.rstrip("/")
        self.read_only = read_only
        self.workspace = workspace
        self.journal = Journal()
        self._endpoint = endpoint or Endpoint.of(self.url)
        self._http = self._endpoint.async_client(
            headers={
                "Authorization": authorization(token),
                "Accept": "application/json",
                **({WORKSPACE_HEADER: workspace} if workspace else {}),
            },
            timeout=TIMEOUT,
            limits=httpx.Limits(keepalive_expiry=KEEPALIVE_SECONDS),
            transport=transport,
        )

    def use_token(self, token: str) -> None:
        """Use another token from now on."""
        self._http.headers["Authorization"] = authorization(token)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def events(self, last_event_id: str = "") -> AsyncIterator[tuple[str, str]]:
        """The server's changes as they happen: (event id, event name), the first one named ``ready``."""
        import httpx_sse

        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        began = time.monotonic()
        try:
            async with httpx_sse.aconnect_sse(
                self._http, "GET", f"{API}/mlflow/events", headers=headers, timeout=EVENT_TIMEOUT
            ) as source:
                self.journal.add("GET", "/mlflow/events", str(source.response.status_code), began)
                if source.response.status_code != httpx.codes.OK:
                    await source.response.aread()
                    raise self._refusal(source.response)
                async for event in source.aiter_sse():
                    if event.data:  # without data it is a keep-alive
                        yield event.id, event.event
        except (httpx.RequestError, httpx_sse.SSEError) as error:
            raise Unreachable(f"{self._endpoint} cannot be reached: {why(error)}") from error

    async def get(self, path: str, answer: type[Answer], /, **query: Any) -> Answer:
        given = {name: value for name, value in query.items() if value not in ("", None)}
        return self._read(await self._call("GET", path, params=given), answer)

    async def get_in(self, workspace: str, path: str, answer: type[Answer], /, **query: Any) -> Answer:
        """The same in another workspace than the client's."""
        headers = {WORKSPACE_HEADER: workspace}
        return self._read(await self._call("GET", path, params=query, headers=headers), answer)

    async def ask(self, path: str, answer: type[Answer], /, **body: Any) -> Answer:
        """Ask by POST what an address cannot hold. Nothing is changed by it, so that a read-only profile may, too."""
        given = {name: value for name, value in body.items() if value is not None}
        return self._read(await self._call("POST", path, json=given), answer)

    async def send(self, method: str, path: str, answer: type[Answer], /, **body: Any) -> Answer:
        """Send a change. Empty strings are left out of the body: the server reads both alike."""
        if self.read_only:
            raise ReadOnly("This profile is read-only: nothing was sent.")
        given = {name: value for name, value in body.items() if value is not None and value != ""}
        return self._read(await self._call(method, path, json=given), answer)

    async def _call(self, method: str, path: str, **content: Any) -> httpx.Response:
        """``path``: below API; or a whole one, of calls that are about no workspace, so that they work in one that is
        gone."""
        began = time.monotonic()
        if path.startswith("/api/"):
            content["headers"] = {WORKSPACE_HEADER: DEFAULT_NAME}
        else:
            path = API + path
        try:
            response = await self._http.request(method, path, **content)
        except _NOTHING_SENT as error:
            self.journal.add(method, path.removeprefix(API), "unreachable", began)
            raise Unreachable(f"{self._endpoint} cannot be reached: {why(error)}") from error
        except httpx.RequestError as error:
            self.journal.add(method, path.removeprefix(API), "no answer", began)
            raise LostAnswer(f"{self._endpoint} did not answer: {why(error)}") from error
        self.journal.add(method, path.removeprefix(API), str(response.status_code), began)
        if response.is_success:
            return response
        raise self._refusal(response)

    def _refusal(self, response: httpx.Response) -> Refused:
        retry_after = _retry_after(response)
        try:
            said = Error.model_validate_json(response.content)
        except ValidationError:
            said = Error(error_code="", message="")
        if response.status_code == httpx.codes.UNAUTHORIZED:
            advice = self.login_advice.format(url=self.url)
            return Unauthenticated.of(
                self.url, said.message, advice, error_code=said.error_code, retry_after=retry_after
            )
        if said.error_code == ErrorCode.ENDPOINT_NOT_FOUND:
            path = response.request.url.path.removeprefix(API)
            return UnknownEndpoint.of(self.url, response.request.method, path, error_code=said.error_code)
        return Refused(
            response.status_code, said.error_code, said.message or _status(response), retry_after=retry_after
        )

    def _read(self, response: httpx.Response, answer: type[Answer]) -> Answer:
        try:
            return answer.model_validate_json(response.content or b"{}")
        except ValidationError as error:
            kind = response.headers.get("content-type", "").partition(";")[0] or "nothing"
            raise Misunderstood(
                f"Not an answer of {self.server_kind} ({kind[:30]}). Is {response.request.url.host} one?"
            ) from error


def authorization(token: str) -> str:
    """The header's value. Characters that no header can hold are replaced: the error about them would show the
    token."""
    return f"Bearer {re.sub('[^!-~]', '?', token)}"


def _status(response: httpx.Response) -> str:
    """The message of an error response that is not a registry's."""
    status = f"{response.status_code} {response.reason_phrase}".strip()
    if response.has_redirect_location:
        where = urlsplit(response.headers["location"]).hostname or response.headers["location"]
        return f"The server redirects: {status}, to {where[:60]}. Is there a login page in between?"
    return f"The server answered {status}."


def _retry_after(response: httpx.Response) -> float:
    """The Retry-After header in seconds; 0 without one."""
    value = response.headers.get("retry-after", "")
    return min(float(value), MAX_RETRY_AFTER_SECONDS) if value.isdecimal() and len(value) < 10 else 0.0


def why(error: Exception) -> str:
    """The cause of an error, for people: what failed in TLS, or the operating system's message, if there is one."""
    if tls_error := describe_tls_error(error):
        return tls_error
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno is not None and cause.errno > 0:
            return os.strerror(cause.errno).lower()
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.TimeoutException):
        return "it timed out"
    if isinstance(error, httpx.RemoteProtocolError):
        return "the connection was closed early"
    return str(error) or type(error).__name__
