"""The ASGI application of the port for monitoring: metrics, health and readiness, without a token, and nothing else."""

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tui_registry_server.http import metrics
from tui_registry_server.http.readiness import ready
from tui_registry_server.http.responses import error_response, json_response
from tui_registry_server.http.routes import health
from tui_registry_server.http.server_state import ServerState
from tui_registry_server.rules.errors import EndpointNotFound, MethodNotAllowed, RegistryError


class Monitoring:
    def __init__(self, state: ServerState) -> None:
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = await self._answer(scope["path"], scope["method"])
        except RegistryError as error:
            response = error_response(error)
        await response(scope, receive, send)

    async def _answer(self, path: str, method: str) -> Response:
        if path not in {"/metrics", "/health", "/ready"}:
            raise EndpointNotFound("This port has /metrics, /health and /ready.")
        if method not in {"GET", "HEAD"}:
            raise MethodNotAllowed(f"{path} does not take {method}. Use GET.", ["GET"])
        if path == "/metrics":
            exposed = metrics.text(self._state, await self._state.database_status())
            return json_response(exposed, media_type=metrics.MEDIA_TYPE)
        return json_response(health() if path == "/health" else await ready(self._state))
