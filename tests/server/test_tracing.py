"""Traces: what a collector of OpenTelemetry gets of a request, and that nothing is imported without one."""

import subprocess
import sys
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.live_registry import serving
from tests.server.api import Api
from tests.server.receiver import Receiver

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
CREATE = "/mlflow/registered-models/create"


def test_a_request_is_a_span(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the caller's trace, with the change that it made; all are sent when the server ends."""
    with Receiver() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        with serving(tmp_path) as live, Api(live.url, live.admin_token) as api:
            caller = {"traceparent": f"00-{TRACE}-{PARENT}-01", "X-Request-Id": "ci-1"}
            created = api.send("POST", CREATE, b'{"name": "private-model"}', caller)
            created.ok()
        requests = collector.requests
    spans: list[Span] = []
    for each in requests:
        sent = ExportTraceServiceRequest.FromString(each.body)
        assert {value.value.string_value for value in sent.resource_spans[0].resource.attributes} >= {"tui-registry"}
        spans += [span for part in sent.resource_spans for scope in part.scope_spans for span in scope.spans]
        assert b"private-model" not in each.body
        assert b"admin" not in each.body
    of_caller = [span for span in spans if span.trace_id.hex() == TRACE]
    (request,) = [span for span in of_caller if span.kind == Span.SPAN_KIND_SERVER]
    assert request.name == f"POST /api/2.0{CREATE}"
    assert request.parent_span_id.hex() == PARENT
    attributes = {each.key: each.value.string_value or each.value.int_value for each in request.attributes}
    assert attributes["http.response.status_code"] == 200
    assert attributes["tui_registry.request_id"] == "ci-1"
    below = {span.name for span in of_caller if span.parent_span_id == request.span_id}
    assert "write" in below


def test_nothing_is_imported_without_a_collector() -> None:
    """Of what some people have not installed, and of what takes long to import."""
    late = ("opentelemetry", "prometheus_client")
    program = f"import sys, tui_registry_server.app; print([name for name in {late} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
