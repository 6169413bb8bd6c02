"""The access log: a line for each request that was answered. It has no query, no body and no token: only what the
server itself made of the request, the name of the user, and the ids that were let in as such."""

import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tui_registry_server.http.request_counts import UNMATCHED

log = logging.getLogger(__name__)

CLIENT_LEFT = 499
"""The status where the client disconnected before it was answered."""


class AccessLog:
    """An ASGI application around http.handler, which says in the scope what a request turned out to be."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        log.setLevel(logging.INFO)  # whatever the level of the others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        status, size = CLIENT_LEFT, 0

        async def counted(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, counted)
        finally:
            principal, client = scope.get("principal"), scope.get("client")
            fields = {
                "request_id": scope["request_id"].decode(),
                "user": None if principal is None else principal.name,
                "address": client[0] if client else None,
                "method": scope["method"],
                "route": scope.get("route", UNMATCHED),
                "status": status,
                "milliseconds": round((time.perf_counter() - began) * 1000, 2),
                "bytes": size,
            }
            log.info("request", extra={"fields": fields})
