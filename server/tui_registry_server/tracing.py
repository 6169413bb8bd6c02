"""Traces for OpenTelemetry: a span of each request, with those of its reads and changes below it.

They are sent, by OTLP over HTTP, where the variables of OpenTelemetry's specification name a collector
(OTEL_EXPORTER_OTLP_ENDPOINT and others), and this module is only imported there. A span has what the access log has but
the user and the address: no query, no body, no name.
"""

import asyncio
from collections.abc import Mapping
from typing import TypeVar

from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tui_registry_server.http.request_counts import UNMATCHED
from tui_registry_server.store.database import Database
from tui_registry_server.store.writer import Work

T = TypeVar("T")

_TRACER = "tui_registry_server"


class Tracing:
    """An ASGI application around another, whose requests it traces."""

    def __init__(self, app: ASGIApp, environment: Mapping[str, str]) -> None:
        self._app = app
        named = {} if "OTEL_SERVICE_NAME" in environment else {SERVICE_NAME: "tui-registry"}
        self._provider = TracerProvider(resource=Resource.create(named), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        trace.set_tracer_provider(self._provider)
        self._tracer = trace.get_tracer(_TRACER)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        with self._tracer.start_as_current_span(
            scope["method"], propagate.extract(headers), trace.SpanKind.SERVER, {"http.request.method": scope["method"]}
        ) as span:

            async def observed(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                    if message["status"] >= 500:
                        span.set_status(trace.StatusCode.ERROR)
                await send(message)

            try:
                await self._app(scope, receive, observed)
            finally:
                route = scope.get("route", UNMATCHED)
                span.update_name(f"{scope['method']} {route}")
                span.set_attribute("http.route", route)
                span.set_attribute("tui_registry.request_id", scope["request_id"].decode())

    async def close(self) -> None:
        """Send what was not sent yet."""
        await asyncio.to_thread(self._provider.shutdown)


class TracedDatabase(Database):
    """A span of each read, and of each change from its turn in the queue to its commit, within a request."""

    async def read(self, work: Work[T], *, by: str | None = None, lengthy: bool = False) -> T:
        if not _is_traced():
            return await super().read(work, by=by, lengthy=lengthy)
        with trace.get_tracer(_TRACER).start_as_current_span("read"):
            return await super().read(work, by=by, lengthy=lengthy)

    async def write(self, work: Work[T]) -> T:
        if not _is_traced():
            return await super().write(work)
        with trace.get_tracer(_TRACER).start_as_current_span("write"):
            return await super().write(work)


def _is_traced() -> bool:
    return trace.get_current_span().get_span_context().is_valid
