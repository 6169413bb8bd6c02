"""The port for monitoring: a listening socket of its own, in the server's event loop."""

import asyncio
import socket

import uvicorn
from uvicorn.server import ServerState as UvicornState

from tui_registry_server.http.connection_limiter import ConnectionLimiter
from tui_registry_server.http.monitoring import Monitoring
from tui_registry_server.http.protocol import Protocol
from tui_registry_server.http.server_state import ServerState
from tui_registry_server.rules.limits import Limits


class MonitoringServer:
    """Serves http.monitoring, with the limits of other connections. It is not counted in the metrics itself."""

    def __init__(self, listener: socket.socket, url: str, state: ServerState, limits: Limits) -> None:
        self.url = url
        self._listener = listener
        self._state = state
        self._config = uvicorn.Config(Monitoring(state), log_config=None, access_log=False, ws="none")
        self._connections = UvicornState()
        self._limiter = ConnectionLimiter(limits)
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._config.load()
        self._server = await asyncio.get_running_loop().create_server(self._protocol, sock=self._listener)

    def _protocol(self) -> Protocol:
        return Protocol(
            config=self._config,
            server_state=self._connections,
            app_state={},
            connection_limiter=self._limiter,
            state=self._state,
        )

    def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections.connections):
            connection.shutdown()
