"""One server, one token: calls go out, answers come back as the wire's models, and errors as those of client.errors."""

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
from tui_registry.client.errors import LostAnswer, Misunderstood, ReadOnly, Refused, Unauthenticated, Unreachable
from tui_registry.client.journal import Journal
from tui_registry.client.trust import explained
from tui_registry_server.wire.error import Error

Answer = TypeVar("Answer", bound=BaseModel)

API = "/api/2.0"
TIMEOUT = httpx.Timeout(15.0, connect=5.0)  # seconds
KEPT = (
    2.0  # seconds that an idle connection is used again: servers and what is before them end theirs after five or more
)
EVENT_TIMEOUT = httpx.Timeout(45.0, connect=5.0)  # seconds; the server sends a sign of life every 15


_NOTHING_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.InvalidURL,
)

LONGEST_REST = 60.0  # seconds that a server which asks for it is left alone


class Transport:
    """What every kind of call is made with. ``talks_to``: what should be at the other end."""

    talks_to: ClassVar[str] = "a registry"

    def __init__(
        self,
        url: str,
        token: str,
        *,
        read_only: bool = False,
        endpoint: Endpoint | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """``read_only``: nothing that could change the registry is sent, whoever asks for it. ``endpoint``: how the
        server is reached, if not as the URL alone says. Raises EndpointError."""
        self.url = url.rstrip("/")
        self.read_only = read_only
        self.journal = Journal()
        self._endpoint = endpoint or Endpoint.of(self.url)
        self._http = self._endpoint.async_client(
            headers={"Authorization": authorization(token), "Accept": "application/json"},
            timeout=TIMEOUT,
            limits=httpx.Limits(keepalive_expiry=KEPT),
            transport=transport,
        )

    def use_token(self, token: str) -> None:
        """Speak with another token from now on."""
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
                    raise _refusal(source.response)
                async for event in source.aiter_sse():
                    if event.data:  # or else it is a sign of life
                        yield event.id, event.event
        except (httpx.RequestError, httpx_sse.SSEError) as error:
            raise Unreachable(f"{self._endpoint} cannot be reached: {why(error)}") from error

    async def get(self, path: str, answer: type[Answer], /, **query: Any) -> Answer:
        given = {name: value for name, value in query.items() if value not in ("", None)}
        return self._read(await self._call("GET", path, params=given), answer)

    async def ask(self, path: str, answer: type[Answer], /, **body: Any) -> Answer:
        """Ask by POST what an address cannot hold. Nothing is changed by it, so that a read-only profile may, too."""
        given = {name: value for name, value in body.items() if value is not None}
        return self._read(await self._call("POST", path, json=given), answer)

    async def send(self, method: str, path: str, answer: type[Answer], /, **body: Any) -> Answer:
        """Change something. A body without an empty text is the same as one with it: the server reads both alike."""
        if self.read_only:
            raise ReadOnly("This profile is read-only: nothing was sent.")
        given = {name: value for name, value in body.items() if value is not None and value != ""}
        return self._read(await self._call(method, path, json=given), answer)

    async def _call(self, method: str, path: str, **content: Any) -> httpx.Response:
        began = time.monotonic()
        try:
            response = await self._http.request(method, API + path, **content)
        except _NOTHING_SENT as error:
            self.journal.add(method, path, "unreachable", began)
            raise Unreachable(f"{self._endpoint} cannot be reached: {why(error)}") from error
        except httpx.RequestError as error:
            self.journal.add(method, path, "no answer", began)
            raise LostAnswer(f"{self._endpoint} did not answer: {why(error)}") from error
        self.journal.add(method, path, str(response.status_code), began)
        if response.is_success:
            return response
        raise _refusal(response)

    def _read(self, response: httpx.Response, answer: type[Answer]) -> Answer:
        try:
            return answer.model_validate_json(response.content or b"{}")
        except ValidationError as error:
            kind = response.headers.get("content-type", "").partition(";")[0] or "nothing"
            raise Misunderstood(
                f"Not an answer of {self.talks_to} ({kind[:30]}). Is {response.request.url.host} one?"
            ) from error


def authorization(token: str) -> str:
    """The header's value. What no header can hold is not sent as it is: the complaint about it would show the token."""
    return f"Bearer {re.sub('[^!-~]', '?', token)}"


def _refusal(response: httpx.Response) -> Refused:
    try:
        said = Error.model_validate_json(response.content)
    except ValidationError:
        said = Error(error_code="", message=_status(response))
    kind = Unauthenticated if response.status_code == httpx.codes.UNAUTHORIZED else Refused
    return kind(response.status_code, said.error_code, said.message, retry_after=_retry_after(response))


def _status(response: httpx.Response) -> str:
    """What an answer says that is no registry's."""
    told = f"{response.status_code} {response.reason_phrase}".strip()
    if response.has_redirect_location:
        where = urlsplit(response.headers["location"]).hostname or response.headers["location"]
        return f"The server sends elsewhere: {told}, {where[:60]}. Is there a sign-in between?"
    return f"The server answered {told}."


def _retry_after(response: httpx.Response) -> float:
    """Seconds that the server wants to be left alone for; 0 where it does not say."""
    told = response.headers.get("retry-after", "")
    return min(float(told), LONGEST_REST) if told.isdecimal() and len(told) < 10 else 0.0


def why(error: Exception) -> str:
    """The cause, for people: what is wrong with TLS, or the operating system's own words, if it has said something."""
    if told := explained(error):
        return told
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno is not None and cause.errno > 0:
            return os.strerror(cause.errno).lower()
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.TimeoutException):
        return "it takes too long"
    if isinstance(error, httpx.RemoteProtocolError):
        return "the connection ended too early"
    return str(error) or type(error).__name__
