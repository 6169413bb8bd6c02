"""The metrics of the runs that produced versions, and why they cannot be read."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tui_registry.client.errors import CallError, Refused
from tui_registry.queries.known_lineage import is_final, known_lineage, metrics_of
from tui_registry.session.live_connection import LiveConnection
from tui_registry_server.wire.lineage import Lineage, LineageStatus
from tui_registry_server.wire.model_version import ModelVersion

NO_SUCH_RUN = "run not on tracking server"
BEING_READ = "being read"
NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class RunMetrics:
    """values: by name. is_final: whether they will not change. problem: why they cannot be read, empty if they can or
    nobody would know them."""

    values: Mapping[str, float] = field(default_factory=dict)
    is_final: bool = False
    problem: str = ""


async def read_metrics(connection: LiveConnection, versions: Sequence[ModelVersion]) -> list[RunMetrics]:
    """The metrics of the run of each version: from the registry, if it knows the run, else from the tracking server, if
    one is configured. Raises CallError if the registry cannot be asked."""
    client = connection.client
    lineages = await asyncio.gather(*(known_lineage(client, each.name, each.version) for each in versions))
    pairs = zip(versions, lineages, strict=True)
    return await asyncio.gather(*(metrics_of_version(connection, version, lineage) for version, lineage in pairs))


def joined_problem(versions: Sequence[ModelVersion], metrics: Sequence[RunMetrics]) -> str:
    """Why the metrics of two versions cannot be compared; empty if they can."""
    problems = {version.version: each.problem for version, each in zip(versions, metrics, strict=True) if each.problem}
    if len(problems) == len(versions) and len(set(problems.values())) == 1:
        return metrics[0].problem
    return "; ".join(f"version {number}: {problem}" for number, problem in problems.items())


async def metrics_of_version(connection: LiveConnection, version: ModelVersion, lineage: Lineage | None) -> RunMetrics:
    """``lineage``: what the registry knows."""
    return known_metrics(connection, version, lineage) or await metrics_of_run(connection, version.run_id or "")


def known_metrics(connection: LiveConnection, version: ModelVersion, lineage: Lineage | None) -> RunMetrics | None:
    """The same, as far as nobody has to be asked; None if the tracking server has to be."""
    if lineage is not None and (lineage.metrics or lineage.status is LineageStatus.READY):
        return RunMetrics(metrics_of(lineage), is_final(lineage))
    if not version.run_id or not (connection.opened and connection.opened.tracking_uri):
        return RunMetrics(problem=(lineage and lineage.problem) or "")
    return None


async def metrics_of_run(connection: LiveConnection, run_id: str) -> RunMetrics:
    """From the tracking server, which may be slow."""
    try:
        run = await connection.tracking.run(run_id)
    except CallError as error:
        missing = isinstance(error, Refused) and error.status == NOT_FOUND
        return RunMetrics(problem=NO_SUCH_RUN if missing else str(error))
    return RunMetrics(run.metrics, bool(run.info.end_time))
