"""What the registry knows of where a version comes from."""

from collections.abc import Mapping

from tui_registry.client.errors import Refused
from tui_registry.client.registry import RegistryClient
from tui_registry_server.wire.lineage import Lineage, LineageStatus

GOING_ON = frozenset({"RUNNING", "SCHEDULED"})
"""MLflow's states of a run whose metrics may still change."""


async def known_lineage(client: RegistryClient, name: str, version: str) -> Lineage | None:
    """The lineage of a version; None if nobody has asked for it, or the server is too old to have one."""
    try:
        lineage = await client.lineage.get(name, version)
    except Refused as error:
        if error.status != 404:
            raise
        return None
    return None if lineage.status is LineageStatus.UNKNOWN else lineage


def metrics_of(lineage: Lineage) -> Mapping[str, float]:
    return {metric.key: metric.value for metric in lineage.metrics}


def is_final(lineage: Lineage) -> bool:
    """Whether nothing more is to come."""
    return lineage.status is LineageStatus.READY and lineage.run_status not in GOING_ON
