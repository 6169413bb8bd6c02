"""The registry's calls, typed by the wire's models."""

import os
import re
import time
from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from server.wire.activity import Activity, ActivityAnswer, ActivityPage
from server.wire.comment import Comment, CommentAnswer, CommentList
from server.wire.error import Error
from server.wire.model_version import ModelVersion, ModelVersionAnswer, ModelVersionPage
from server.wire.registered_model import (
    RegisteredModelDatabricks,
    RegisteredModelDatabricksAnswer,
    RegisteredModelPage,
)
from server.wire.stage import Stage
from server.wire.transition_request import InboxPage, InboxRequest
from tui_registry.client.errors import LostAnswer, Misunderstood, Refused, Unauthenticated, Unreachable
from tui_registry.client.journal import Journal

Answer = TypeVar("Answer", bound=BaseModel)

API = "/api/2.0"
TIMEOUT = httpx.Timeout(15.0, connect=5.0)  # seconds
EVENT_TIMEOUT = httpx.Timeout(45.0, connect=5.0)  # seconds; the server sends a sign of life every 15


class _Me(BaseModel):
    id: str = ""
    userName: str = ""  # noqa: N815  # SCIM's name


class RegistryClient:
    """Calls to one server with one token."""

    def __init__(self, url: str, token: str, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.url = url.rstrip("/")
        self.journal = Journal()
        self._http = httpx.AsyncClient(
            base_url=self.url,
            headers={"Authorization": authorization(token), "Accept": "application/json"},
            timeout=TIMEOUT,
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

    async def me(self) -> str:
        """The name of the token's owner."""
        answer = await self._get("/preview/scim/v2/Me", _Me)
        return answer.userName or answer.id

    async def inbox(self, *, max_results: int = 100, page_token: str = "") -> InboxPage:
        """Open requests over all models, newest first."""
        return await self._get(
            "/mlflow/transition-requests/list", InboxPage, max_results=max_results, page_token=page_token
        )

    async def open_requests(self, name: str, version: str) -> list[InboxRequest]:
        """The open requests of one version."""
        page = await self._get("/mlflow/transition-requests/list", InboxPage, name=name, version=version)
        return page.requests

    async def request_transition(self, name: str, version: str, stage: Stage, comment: str) -> None:
        await self._send(
            "POST",
            "/mlflow/transition-requests/create",
            BaseModel,
            name=name,
            version=version,
            stage=stage,
            comment=comment,
        )

    async def approve(
        self, name: str, version: str, stage: Stage, *, archive_existing_versions: bool, comment: str
    ) -> Activity:
        answer = await self._send(
            "POST",
            "/mlflow/transition-requests/approve",
            ActivityAnswer,
            name=name,
            version=version,
            stage=stage,
            archive_existing_versions=archive_existing_versions,
            comment=comment,
        )
        return answer.activity

    async def reject(self, name: str, version: str, stage: Stage, *, comment: str) -> Activity:
        answer = await self._send(
            "POST",
            "/mlflow/transition-requests/reject",
            ActivityAnswer,
            name=name,
            version=version,
            stage=stage,
            comment=comment,
        )
        return answer.activity

    async def cancel(self, name: str, version: str, stage: Stage, *, creator: str, comment: str) -> Activity:
        answer = await self._send(
            "DELETE",
            "/mlflow/transition-requests/delete",
            ActivityAnswer,
            name=name,
            version=version,
            stage=stage,
            creator=creator,
            comment=comment,
        )
        return answer.activity

    async def search_models(
        self, *, filter_text: str = "", order_by: str = "", max_results: int = 100, page_token: str = ""
    ) -> RegisteredModelPage:
        return await self._get(
            "/mlflow/registered-models/search",
            RegisteredModelPage,
            filter=filter_text,
            order_by=order_by,
            max_results=max_results,
            page_token=page_token,
        )

    async def model(self, name: str) -> RegisteredModelDatabricks:
        """A model with its id and the caller's own level."""
        answer = await self._get("/mlflow/databricks/registered-models/get", RegisteredModelDatabricksAnswer, name=name)
        return answer.registered_model_databricks

    async def search_versions(
        self, *, filter_text: str = "", order_by: str = "", max_results: int = 100, page_token: str = ""
    ) -> ModelVersionPage:
        return await self._get(
            "/mlflow/model-versions/search",
            ModelVersionPage,
            filter=filter_text,
            order_by=order_by,
            max_results=max_results,
            page_token=page_token,
        )

    async def version(self, name: str, version: str) -> ModelVersion:
        answer = await self._get("/mlflow/model-versions/get", ModelVersionAnswer, name=name, version=version)
        return answer.model_version

    async def activities(
        self,
        *,
        name: str = "",
        version: str = "",
        user: str = "",
        activity_type: Sequence[str] = (),
        max_results: int = 100,
        page_token: str = "",
    ) -> ActivityPage:
        """Activities of a version, of a model, or of all, newest first; of these types, if any are named."""
        return await self._get(
            "/mlflow/activities/list",
            ActivityPage,
            name=name,
            version=version,
            user=user,
            activity_type=list(activity_type) or None,
            max_results=max_results,
            page_token=page_token,
        )

    async def comments(self, name: str, version: str) -> list[Comment]:
        answer = await self._get("/mlflow/comments/list", CommentList, name=name, version=version)
        return answer.comments

    async def comment(self, name: str, version: str, text: str) -> Comment:
        answer = await self._send(
            "POST", "/mlflow/comments/create", CommentAnswer, name=name, version=version, comment=text
        )
        return answer.comment

    async def events(self, last_event_id: str = "") -> AsyncIterator[tuple[str, str]]:
        """The server's changes as they happen: (event id, event name), the first one named ``ready``."""
        import httpx_sse

        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        try:
            async with httpx_sse.aconnect_sse(
                self._http, "GET", f"{API}/mlflow/events", headers=headers, timeout=EVENT_TIMEOUT
            ) as source:
                if source.response.status_code != httpx.codes.OK:
                    await source.response.aread()
                    raise _refusal(source.response)
                async for event in source.aiter_sse():
                    yield event.id, event.event
        except (httpx.RequestError, httpx_sse.SSEError) as error:
            raise Unreachable(f"{self.url} cannot be reached: {_why(error)}") from error

    async def _get(self, path: str, answer: type[Answer], **query: Any) -> Answer:
        given = {name: value for name, value in query.items() if value not in ("", None)}
        return _read(await self._call("GET", path, params=given), answer)

    async def _send(self, method: str, path: str, answer: type[Answer], **body: Any) -> Answer:
        given = {name: value for name, value in body.items() if value not in {"", None}}
        return _read(await self._call(method, path, json=given), answer)

    async def _call(self, method: str, path: str, **content: Any) -> httpx.Response:
        began = time.monotonic()
        try:
            response = await self._http.request(method, API + path, **content)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.InvalidURL) as error:
            self.journal.add(method, path, "unreachable", began)
            raise Unreachable(f"{self.url} cannot be reached: {_why(error)}") from error
        except httpx.RequestError as error:
            self.journal.add(method, path, "no answer", began)
            raise LostAnswer(f"{self.url} did not answer: {_why(error)}") from error
        self.journal.add(method, path, str(response.status_code), began)
        if response.is_success:
            return response
        raise _refusal(response)


def authorization(token: str) -> str:
    """The header's value. What no header can hold is not sent as it is: the complaint about it would show the token."""
    return f"Bearer {re.sub('[^!-~]', '?', token)}"


def _read(response: httpx.Response, answer: type[Answer]) -> Answer:
    try:
        return answer.model_validate_json(response.content or b"{}")
    except ValidationError as error:
        raise Misunderstood(
            f"The answer to {response.request.method} {response.request.url.path} is not a registry's. Is "
            f"{response.request.url.host} really one?"
        ) from error


def _refusal(response: httpx.Response) -> Refused:
    try:
        said = Error.model_validate_json(response.content)
    except ValidationError:
        said = Error(error_code="", message=f"The server answered {response.status_code} {response.reason_phrase}.")
    kind = Unauthenticated if response.status_code == httpx.codes.UNAUTHORIZED else Refused
    return kind(response.status_code, said.error_code, said.message)


def _why(error: Exception) -> str:
    """The cause, for people: the operating system's own words, if it has said something."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno is not None and cause.errno > 0:
            return os.strerror(cause.errno).lower()
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.TimeoutException):
        return "it takes too long"
    return str(error) or type(error).__name__
