"""The ASGI application: database, routes, event stream, webhooks."""

import contextlib
import logging
import os
import time
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any

from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from tui_registry_server.backup_worker import BackupWorker
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
    from types import ModuleType

    from tui_registry_server.http.tracking_proxy import TrackingProxy
    from tui_registry_server.identity.sign_in import OpenIdSignIn
    from tui_registry_server.tracking.worker import LineageWorker

log = logging.getLogger(__name__)


class Registry:
    """An ASGI application. Creating it upgrades the database to the current schema."""

    def __init__(self, settings: Settings) -> None:
        schema.upgrade(settings.database, now=time.time_ns() // 1_000_000)
        tracing = _tracing_module(settings, os.environ)
        self._database = (Database if tracing is None else tracing.TracedDatabase)(
            settings.database,
            durable=settings.durable,
            connections=settings.connections,
            longest_read=settings.longest_read,
            longest_write=settings.longest_write,
        )
        self._lineage, self._tracking_proxy = _tracking(settings, self._database)
        sender = _sender(settings)
        self._openid = _openid(settings, self._database)
        self._deliveries = DeliveryWorker(self._database, settings.policy, settings.limits, sender)
        self._backups = None if settings.backups is None else BackupWorker(settings.backups)
        self.state = ServerState(self._database, self._deliveries)
        self._handler = Handler(
            (*ROUTES, openapi_route(ROUTES)),
            self.state,
            settings,
            sender,
            self._lineage,
            self._tracking_proxy,
            self._openid,
        )
        self._http: ASGIApp = AccessLog(self._handler) if settings.access_log else self._handler
        self._tracing = None if tracing is None else tracing.Tracing(self._http, os.environ)
        self._router = Router(lifespan=self._lifespan)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await (self._tracing or self._http)(scope, receive, send)
        else:
            await self._router(scope, receive, send)

    def end_streams(self) -> None:
        """End the open event streams, which would delay the shutdown."""
        self._handler.events.stop()
        if self._tracking_proxy is not None:
            self._tracking_proxy.stop()

    @contextlib.asynccontextmanager
    async def _lifespan(self, _app: Any) -> AsyncIterator[None]:
        asking = contextlib.nullcontext() if self._lineage is None else self._lineage.running()
        if self._openid is not None:
            self._openid.keys.refresh()
        backing_up = contextlib.nullcontext() if self._backups is None else self._backups.running()
        async with self._handler.events.listening(), self._deliveries.running(), asking, backing_up:
            yield
        if self._tracking_proxy is not None:
            await self._tracking_proxy.close()
        if self._openid is not None:
            await self._openid.keys.close()
        self._database.close()
        if self._tracing is not None:
            await self._tracing.close()


def _tracing_module(settings: Settings, environment: Mapping[str, str]) -> "ModuleType | None":
    """The module that traces, if the variables of OpenTelemetry's specification name a collector."""
    named = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    is_off = not settings.traces or environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
    if is_off or not any(environment.get(name) for name in named):
        return None
    try:
        from tui_registry_server import tracing
    except ImportError:
        log.warning("no traces are sent, as OpenTelemetry is not installed: pip install 'tui-registry[otel]'")
        return None
    return tracing


def _sender(settings: Settings) -> Sender:
    timeout, mail_server = settings.limits.webhook_seconds, settings.policy.mail_server
    mailer = None
    if mail_server is not None:
        from tui_registry_server.delivery.mailer import Mailer  # only where there is one: see below

        mailer = Mailer(mail_server, timeout)
    return Sender(settings.policy.webhook_networks, timeout, mailer, settings.limits.webhook_sends_per_second)


def _tracking(settings: Settings, database: Database) -> "tuple[LineageWorker | None, TrackingProxy | None]":
    """What asks the tracking server, if there is one."""
    if settings.tracking is None:
        return None, None
    # httpx is only imported where it is needed: other servers start in half the time.
    from tui_registry_server.http.tracking_proxy import TrackingProxy
    from tui_registry_server.tracking.worker import LineageWorker

    return LineageWorker(database, settings.tracking), TrackingProxy(settings.tracking, settings.limits)


def _openid(settings: Settings, database: Database) -> "OpenIdSignIn | None":
    """What checks the OpenID provider's tokens, if there is one."""
    if settings.openid is None:
        return None
    from tui_registry_server.identity.keys import IssuerKeys
    from tui_registry_server.identity.sign_in import OpenIdSignIn

    keys = IssuerKeys(settings.openid.issuer, settings.limits.openid_key_seconds)
    return OpenIdSignIn(database, settings.openid, keys)
