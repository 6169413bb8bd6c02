"""Metrics for Prometheus: made of the server's counts when somebody asks, so that nothing of it is on the path of other
requests. No label is a name of a model or a person, or anything else that clients make up."""

from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from tui_registry_server.http.server_state import ServerState
from tui_registry_server.operations.call import Answer, Call
from tui_registry_server.store import database_status
from tui_registry_server.store.database_status import DatabaseStatus

if TYPE_CHECKING:  # takes as long to import as a tenth of the rest, and is needed when somebody asks
    from prometheus_client import CollectorRegistry
    from prometheus_client.core import Metric

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def expose(state: ServerState, call: Call, body: object, subject: object) -> Answer:
    """Metrics in the text format of Prometheus."""
    return text(state, database_status.read(call.connection))


def text(state: ServerState, status: DatabaseStatus | None) -> bytes:
    """All metrics. ``status``: of the database; None if it does not answer."""
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry()
    registry.register(_Collector(state, status))
    return generate_latest(registry) + generate_latest(_process())


@cache
def _process() -> "CollectorRegistry":
    """Memory, processor time and open files of this process, its garbage collections, and Python's version."""
    from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


class _Collector:
    def __init__(self, state: ServerState, status: DatabaseStatus | None) -> None:
        self._state = state
        self._status = status

    def collect(self) -> "Iterator[Metric]":
        yield _info("tui_registry_build", "The server's version.", {"version": version("tui-registry")})
        yield from self._requests()
        yield from self._database()
        yield from self._deliveries()

    def _requests(self) -> "Iterator[Metric]":
        from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

        state = self._state
        labels = ["route", "method"]
        answered = CounterMetricFamily("tui_registry_requests", "Requests answered.", labels=[*labels, "status"])
        durations = HistogramMetricFamily(
            "tui_registry_request_duration_seconds",
            "From a request's head to the end of its response, without event streams.",
            labels=labels,
        )
        for key, counts in list(state.counts.routes.items()):
            for status, number in list(counts.statuses.items()):
                answered.add_metric([*key, str(status)], number)
            buckets = list(counts.durations.buckets())
            if buckets[-1][1]:
                durations.add_metric(key, buckets, counts.durations.seconds)
        yield answered
        yield durations
        refused = CounterMetricFamily(
            "tui_registry_requests_refused", "Requests and connections that a limit refused.", labels=["limit"]
        )
        for limit, number in list(state.counts.refused.items()):
            refused.add_metric([limit], number)
        yield refused
        yield _gauge("tui_registry_connections", "Open connections.", state.connections())
        yield _gauge("tui_registry_event_streams", "Open event streams.", state.streams())
        yield _gauge("tui_registry_draining", "1 while the server is shutting down.", state.is_draining)

    def _database(self) -> "Iterator[Metric]":
        from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

        writer = self._state.database.writer
        yield _gauge("tui_registry_write_queue_length", "Changes that wait for their turn.", writer.queue_length)
        yield CounterMetricFamily("tui_registry_changes", "Changes committed.", writer.changes)
        commits = HistogramMetricFamily(
            "tui_registry_commit_duration_seconds", "Duration of each commit, of many changes at once.", labels=[]
        )
        commits.add_metric([], list(writer.commits.buckets()), writer.commits.seconds)
        yield commits
        status = self._status
        yield _gauge("tui_registry_database_up", "Whether the database answers.", status is not None)
        if status is not None:
            described = {"kind": status.kind, "schema": status.schema}
            yield _info("tui_registry_database", "The kind of the database, and its schema.", described)
            yield _gauge(
                "tui_registry_database_size_bytes",
                "Size of the SQLite database, without its write-ahead log.",
                status.size,
            )
            yield _gauge("tui_registry_webhook_queue_length", "Deliveries still to be sent.", status.pending_deliveries)

    def _deliveries(self) -> "Iterator[Metric]":
        from prometheus_client.core import CounterMetricFamily

        attempts = CounterMetricFamily(
            "tui_registry_webhook_attempts",
            "Attempts to deliver to a webhook: pending ones failed, and are repeated.",
            labels=["outcome"],
        )
        for outcome, number in self._state.deliveries.outcomes.items():
            attempts.add_metric([outcome], number)
        yield attempts
        yield _gauge("tui_registry_webhooks_sending", "Webhooks being sent to.", self._state.deliveries.sending)


def _gauge(name: str, documentation: str, value: float) -> "Metric":
    from prometheus_client.core import GaugeMetricFamily

    return GaugeMetricFamily(name, documentation, value)


def _info(name: str, documentation: str, labels: dict[str, str]) -> Any:
    from prometheus_client.core import InfoMetricFamily

    return InfoMetricFamily(name, documentation, labels)
