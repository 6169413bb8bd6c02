"""Metrics for Prometheus: what they count, who may read them, and what is in no label; and readiness."""

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.live_registry import LiveRegistry, serving
from tests.server.api import TIMEOUT, Api
from tests.server.receiver import Receiver
from tests.server.streams import stream

MODELS = "/mlflow/registered-models"
GET = ("GET", "/api/2.0/mlflow/registered-models/get")
DASHBOARD = Path(__file__).parents[2] / "server" / "deploy" / "grafana" / "tui-registry.json"
LIMITS = ("--limit", "streams_per_principal=1", "--limit", "failed_attempts=3", "--limit", "body_bytes=1000")


@dataclass(frozen=True)
class Metrics:
    samples: dict[tuple[str, frozenset[tuple[str, str]]], float]

    def __call__(self, name: str, **labels: str) -> float:
        return self.samples.get((name, frozenset(labels.items())), 0)

    @property
    def names(self) -> set[str]:
        return {name for name, _ in self.samples}

    def requests(self, route: tuple[str, str], status: int) -> float:
        return self("tui_registry_requests_total", method=route[0], route=route[1], status=str(status))


def parsed(text: str) -> Metrics:
    return Metrics(
        {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }
    )


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    """With a port for monitoring, and small limits."""
    folder = tmp_path_factory.mktemp("watched")
    with serving(folder, "--metrics-port", "0", "--webhook-allow", "127.0.0.0/8", *LIMITS) as registry:
        yield registry


@pytest.fixture(scope="module")
def port(live: LiveRegistry) -> Iterator[httpx.Client]:
    found = re.search(r"Monitoring: (http://127\.0\.0\.1:\d+)/metrics", live.log.read_text())
    assert found
    with httpx.Client(base_url=found[1], timeout=TIMEOUT) as client:
        yield client


@pytest.fixture
def metrics(port: httpx.Client) -> Callable[[], Metrics]:
    def read() -> Metrics:
        answer = port.get("/metrics")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        return parsed(answer.text)

    return read


def test_who_may_read_them(live: LiveRegistry, port: httpx.Client) -> None:
    """On the registry's own port, administrators; on that for monitoring there is nothing else."""
    with Api(live.url, live.admin_token) as admin:
        assert parsed(admin.get("/metrics").content.decode())("tui_registry_database_up") == 1
    with Api(live.url, live.token("ann")) as ann, Api(live.url, None) as nobody:
        ann.get("/metrics").denied()
        nobody.get("/metrics").refused(401, "UNAUTHENTICATED")
        assert nobody.get("/ready").ok() == {"status": "OK"}
    assert port.get("/ready").json() == port.get("/health").json() == {"status": "OK"}
    assert port.get("/api/2.0/mlflow/registered-models/get?name=private-model").status_code == 404
    assert port.post("/metrics").status_code == 405


def test_requests_and_changes_are_counted(live: LiveRegistry, metrics: Callable[[], Metrics]) -> None:
    before = metrics()
    with Api(live.url, live.admin_token) as api:
        api.post(f"{MODELS}/create", name="private-model").ok()
        for _ in range(3):
            api.get(f"{MODELS}/get", name="private-model").ok()
        api.get(f"{MODELS}/get", name="no-such-model").missing()
        api.get("/mlflow/private-path").refused(404, "ENDPOINT_NOT_FOUND")
        api.get("/permissions/registered-models/root").ok()
        with stream(api) as opened:
            assert opened.ready  # kept, as it is closed with the object
            assert metrics()("tui_registry_event_streams") == 1
            api.get("/mlflow/events").refused(429, "REQUEST_LIMIT_EXCEEDED")
        api.post(f"{MODELS}/create", name="x" * 2000).refused(413, "MAX_REQUEST_SIZE_EXCEEDED")
    with Api(live.url, "private-token") as nobody:
        for _ in range(4):
            nobody.get(f"{MODELS}/get", name="private-model")
    after = metrics()
    assert after.requests(GET, 200) - before.requests(GET, 200) == 3
    assert after.requests(GET, 404) == 1
    assert after.requests(GET, 401) == 3
    assert after.requests(GET, 429) == 1
    assert after.requests(("GET", "(no route)"), 404) == 1
    assert after.requests(("GET", "/api/2.0/permissions/registered-models/{object_id}"), 200) == 1
    duration = "tui_registry_request_duration_seconds"
    answered = {"method": "GET", "route": GET[1]}
    assert after(f"{duration}_count", **answered) == after(f"{duration}_bucket", **answered, le="+Inf") == 8
    assert 0 < after(f"{duration}_sum", **answered) < 8 * 60
    assert after("tui_registry_changes_total") > before("tui_registry_changes_total")
    assert after("tui_registry_commit_duration_seconds_count") > 0
    for limit in ("streams_per_principal", "failed_attempts", "body_bytes"):
        assert after("tui_registry_requests_refused_total", limit=limit) == 1, limit
    assert after("tui_registry_database_up") == 1
    assert after("tui_registry_database_size_bytes") > 10_000
    assert after("process_resident_memory_bytes") > 10_000_000
    labels = {value for _, pairs in after.samples for _, value in pairs}
    assert not {each for each in labels if "private" in each or "admin" in each}


def test_deliveries_are_counted(live: LiveRegistry, metrics: Callable[[], Metrics]) -> None:
    with Api(live.url, live.admin_token) as api, Receiver() as receiver:
        hook = {"events": ["REGISTERED_MODEL_CREATED"], "http_url_spec": {"url": receiver.url}}
        api.post("/mlflow/registry-webhooks/create", **hook).ok()
        api.post(f"{MODELS}/create", name="measured").ok()
        receiver.wait_for(1)
        deadline = time.monotonic() + TIMEOUT
        while metrics()("tui_registry_webhook_attempts_total", outcome="delivered") != 1:
            assert time.monotonic() < deadline
        assert metrics()("tui_registry_webhook_queue_length") == 0


def test_the_dashboard_names_only_metrics_that_exist(metrics: Callable[[], Metrics]) -> None:
    panels = [panel for panel in json.loads(DASHBOARD.read_text())["panels"] if panel["type"] != "row"]
    asked = [target["expr"] for panel in panels for target in panel["targets"]]
    named = {name for expr in asked for name in re.findall(r"\b(?:tui_registry|process|python)_\w+", expr)}
    assert len(panels) >= 10
    assert named <= metrics().names
    ours = {name for name in metrics().names if name.startswith("tui_registry_")}
    shown = {re.sub(r"_(bucket|sum|count)$", "", name) for name in named}
    assert {re.sub(r"_(bucket|sum|count|created)$", "", name) for name in ours} <= shown
