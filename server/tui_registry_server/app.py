"""The ASGI application: database, routes, event stream, webhooks."""

import contextlib
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from tui_registry_server.delivery.sender import Sender
from tui_registry_server.delivery.worker import DeliveryWorker
from tui_registry_server.http.access_log import AccessLog
from tui_registry_server.http.handler import Handler
from tui_registry_server.http.openapi import openapi_route
from tui_registry_server.http.routes import ROUTES
from tui_registry_server.http.server_state import ServerState
from tui_registry_server.settings import Settings
from tui_registry_server.store import schema
from tui_registry_server.store.database import Database

if TYPE_CHECKING:
    from tui_registry_server.http.tracking_proxy import TrackingProxy
    from tui_registry_server.tracking.worker import LineageWorker


class Registry:
    """An ASGI application. Creating it upgrades the database to the current schema."""

    def __init__(self, settings: Settings) -> None:
        schema.upgrade(settings.database, now=time.time_ns() // 1_000_000)
        self._database = Database(
            settings.database,
            durable=settings.durable,
            connections=settings.connections,
            longest_read=settings.longest_read,
            longest_write=settings.longest_write,
        )
        self._lineage, self._tracking_proxy = _tracking(settings, self._database)
        sender = Sender(settings.policy.webhook_networks, settings.limits.webhook_seconds)
        self._deliveries = DeliveryWorker(self._database, settings.policy, settings.limits, sender)
        self.state = ServerState(self._database, self._deliveries)
        self._handler = Handler(
            (*ROUTES, openapi_route(ROUTES)), self.state, settings, sender, self._lineage, self._tracking_proxy
        )
        self._http: ASGIApp = AccessLog(self._handler) if settings.access_log else self._handler
        self._router = Router(lifespan=self._lifespan)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self._http if scope["type"] == "http" else self._router)(scope, receive, send)

    def end_streams(self) -> None:
        """End the open event streams, which would delay the shutdown."""
        self._handler.events.stop()
        if self._tracking_proxy is not None:
            self._tracking_proxy.stop()

    @contextlib.asynccontextmanager
    async def _lifespan(self, _app: Any) -> AsyncIterator[None]:
        asking = contextlib.nullcontext() if self._lineage is None else self._lineage.running()
        async with self._handler.events.listening(), self._deliveries.running(), asking:
            yield
        if self._tracking_proxy is not None:
            await self._tracking_proxy.close()
        self._database.close()


def _tracking(settings: Settings, database: Database) -> "tuple[LineageWorker | None, TrackingProxy | None]":
    """What asks the tracking server, if there is one."""
    if settings.tracking is None:
        return None, None
    # httpx is only imported where it is needed: other servers start in half the time.
    from tui_registry_server.http.tracking_proxy import TrackingProxy
    from tui_registry_server.tracking.worker import LineageWorker

    return LineageWorker(database, settings.tracking), TrackingProxy(settings.tracking, settings.limits)
