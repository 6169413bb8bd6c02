"""Responses: JSON, and the format of errors."""

from collections.abc import Mapping
from typing import Any

from pydantic_core import to_json
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tui_registry_server.operations.call import Answer, WithHeaders
from tui_registry_server.rules.errors import (
    MethodNotAllowed,
    RegistryError,
    RequestLimitExceeded,
    TemporarilyUnavailable,
    Unauthenticated,
)

RETRY_AFTER = 1  # seconds, in responses of status 503
JSON = "application/json"
CHUNK_BYTES = 64 * 1024  # bytes of a long response that are written at once
WHOLE_RESPONSE = "tui_registry.whole_response"
"""The extension of the ASGI scope under which an ``http.response.start`` may have the whole ``body``. The
header fields are then written as they are."""


def json_response(
    answer: Answer,
    status: int = 200,
    media_type: str = JSON,
    headers: Mapping[str, str] | None = None,
) -> Response:
    if isinstance(answer, WithHeaders):
        answer, headers = answer
    if status == 204:
        return Response(status_code=status, headers=headers)
    written = answer.encode() if isinstance(answer, str) else answer
    content = written if isinstance(written, bytes) else to_json(written)
    if headers is None and media_type == JSON:
        return _JsonResponse(content, status)
    return Response(content, status, headers, media_type)


class _JsonResponse(Response):
    """Without Starlette's general way of putting headers together, and, where http.protocol is the server, without
    uvicorn's of checking and writing them: together a sixth of the time of a short answer."""

    def init_headers(self, headers: Mapping[str, str] | None = None) -> None:
        self.raw_headers = [(b"content-length", b"%d" % len(self.body)), (b"content-type", JSON.encode())]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "HEAD" or WHOLE_RESPONSE not in scope.get("extensions", ()):
            await super().__call__(scope, receive, send)
            return
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
                "body": self.body,
            }
        )


def error_response(error: RegistryError, more: Mapping[str, Any] | None = None, media_type: str = JSON) -> Response:
    """``{"error_code": "...", "message": "..."}``, also for 401 and 403; ``more``: further members."""
    body: dict[str, Any] = {"error_code": error.error_code.value, "message": error.message, **(more or {})}
    headers = {}
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="tui-registry"'
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = ", ".join(error.allowed)
    if isinstance(error, RequestLimitExceeded):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, TemporarilyUnavailable):
        headers["Retry-After"] = str(RETRY_AFTER)
    return Response(to_json(body), error.status, headers, media_type)
