"""Answers: JSON, and the one shape of an error."""

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

RETRY_AFTER = 1  # seconds: what a client is told while the server is short of something
PART = 64 * 1024  # bytes of a long answer that are sent at once


def json_answer(answer: Answer | WithHeaders, status: int = 200) -> Response:
    headers = None
    if isinstance(answer, WithHeaders):
        answer, headers = answer
    if status == 204:
        return Response(status_code=status, headers=headers)
    written = answer.encode() if isinstance(answer, str) else answer
    content = written if isinstance(written, bytes) else to_json(written)
    kind = Response if len(content) <= PART else _Long
    return kind(content, status, headers, media_type="application/json")


class _Long(Response):
    """Sent no faster than it is taken."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for start in range(0, len(self.body), PART):
            part = self.body[start : start + PART]
            await send({"type": "http.response.body", "body": part, "more_body": start + PART < len(self.body)})


def error_answer(error: RegistryError) -> Response:
    """``{"error_code": "...", "message": "..."}``, also for 401 and 403."""
    body: dict[str, Any] = {"error_code": error.error_code.value, "message": error.message}
    headers = {}
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="tui-registry"'
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = ", ".join(error.allowed)
    if isinstance(error, RequestLimitExceeded):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, TemporarilyUnavailable):
        headers["Retry-After"] = str(RETRY_AFTER)
    return Response(to_json(body), error.status, headers, "application/json")
