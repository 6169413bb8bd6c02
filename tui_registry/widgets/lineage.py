"""A version's lineage in words: facts with labels."""

from tui_registry.widgets.ages import moment
from tui_registry_server.wire.lineage import Lineage, LineageDataset, LineageStatus

Facts = list[tuple[str, str]]
"""Labels and values; none is empty."""


def origin_facts(lineage: Lineage) -> Facts:
    """Where it comes from, but its metrics, parameters and datasets."""
    return _given(
        ("experiment", _joined(lineage.experiment_name, lineage.experiment_id and f"({lineage.experiment_id})")),
        ("run name", lineage.run_name),
        ("run status", (lineage.run_status or "").lower()),
        ("run started", "" if lineage.started_timestamp is None else moment(lineage.started_timestamp)),
        ("run by", lineage.user_id),
        ("artifacts", lineage.artifact_uri),
        ("program", lineage.source_name),
        ("code version", lineage.git_commit),
        ("lineage", _state(lineage)),
    )


def metric_facts(lineage: Lineage) -> Facts:
    return [(metric.key, f"{metric.value:.6g}") for metric in lineage.metrics]


def param_facts(lineage: Lineage) -> Facts:
    return [(param.key, param.value) for param in lineage.params]


def dataset_facts(lineage: Lineage) -> Facts:
    return [(_joined(each.name, each.context and f"({each.context})"), _details(each)) for each in lineage.datasets]


def all_facts(lineage: Lineage) -> Facts:
    """All of it, each with a label of its own."""
    return [
        *origin_facts(lineage),
        *_labelled("metric", metric_facts(lineage)),
        *_labelled("parameter", param_facts(lineage)),
        *_labelled("dataset", dataset_facts(lineage)),
    ]


def _labelled(kind: str, facts: Facts) -> Facts:
    return [(f"{kind} {label}", value) for label, value in facts]


def _state(lineage: Lineage) -> str:
    if lineage.status is LineageStatus.READY:
        return "there is more on the tracking server than is kept here" if lineage.truncated else ""
    waiting = "the tracking server is asked again" if lineage.status is LineageStatus.PENDING else "not found"
    return ": ".join(filter(None, (waiting, lineage.problem)))


def _details(dataset: LineageDataset) -> str:
    return _joined(dataset.digest, dataset.source_type)


def _joined(*texts: str | None) -> str:
    return " ".join(filter(None, texts))


def _given(*facts: tuple[str, str | None]) -> Facts:
    return [(label, value) for label, value in facts if value]
