"""Putting a lineage document together: from a logged model, its run, and their experiment; of bounded size."""

from collections.abc import Iterable
from typing import TypeVar

from pydantic import BaseModel

from tui_registry_server.rules.lineage import Origin, is_run_id
from tui_registry_server.tracking.answers import (
    DatasetInput,
    ExperimentAnswer,
    LoggedModel,
    LoggedModelAnswer,
    Run,
    RunAnswer,
)
from tui_registry_server.tracking.client import TrackingClient, TrackingMissing, TrackingUnusable
from tui_registry_server.wire.fields import MAX_INT64
from tui_registry_server.wire.lineage import LineageDataset, LineageDocument, LineageMetric, LineageParam

MAX_TEXT = 500  # characters of a name, a value or a URI
MAX_LIST_BYTES = 20 * 1024  # in JSON, of the metrics, the parameters and the datasets each
GOING_ON = frozenset({"RUNNING", "SCHEDULED"})
"""MLflow's states of a run whose metrics may still change."""

Item = TypeVar("Item", bound=BaseModel)


async def run_of(client: TrackingClient, model_id: str) -> str:
    """The id of the run that has logged a model; "" if none has. Raises TrackingError."""
    answer = await client.get(LoggedModelAnswer, "logged-models", model_id)
    return _run_id(answer.model)


async def retrieve(client: TrackingClient, origin: Origin) -> LineageDocument:
    """All about a version's origin. Raises TrackingError: TrackingMissing if it has neither its logged model nor its
    run."""
    model = await _logged_model(client, origin)
    run_id = origin.run_id or (_run_id(model) if model is not None else "")
    run = await _run(client, run_id, needed=model is None) if run_id else None
    of_run = "" if run is None else run.info.experiment_id
    experiment_id = of_run or ("" if model is None else model.info.experiment_id)
    name = await _experiment_name(client, experiment_id) if experiment_id else ""
    return _document("" if model is None else origin.model_id, run_id, experiment_id, name, model, run)


async def _logged_model(client: TrackingClient, origin: Origin) -> LoggedModel | None:
    if not origin.model_id:
        return None
    try:
        return (await client.get(LoggedModelAnswer, "logged-models", origin.model_id)).model
    except TrackingMissing:
        if origin.run_id:
            return None  # a tracking server before MLflow 3 has runs only
        raise


async def _run(client: TrackingClient, run_id: str, *, needed: bool) -> Run | None:
    try:
        return (await client.get(RunAnswer, "runs", "get", run_id=run_id)).run
    except TrackingMissing:
        if needed:
            raise
        return None


async def _experiment_name(client: TrackingClient, experiment_id: str) -> str:
    """The name adds to what is known already: without one, all else is kept."""
    try:
        return (await client.get(ExperimentAnswer, "experiments", "get", experiment_id=experiment_id)).experiment.name
    except (TrackingMissing, TrackingUnusable):
        return ""


def _run_id(model: LoggedModel) -> str:
    """Others search by it, so it must be one."""
    run_id = model.info.source_run_id
    if run_id and not is_run_id(run_id):
        raise TrackingUnusable("its answer names a run by something that is not a run id")
    return run_id


def _document(
    model_id: str, run_id: str, experiment_id: str, experiment_name: str, model: LoggedModel | None, run: Run | None
) -> LineageDocument:
    cutter = _Cutter()
    info = None if run is None else run.info
    tags = {} if run is None else {tag.key: tag.value for tag in run.data.tags}
    sources = [each.data for each in (run, model) if each is not None]
    metrics = {metric.key: metric.value for data in sources for metric in data.metrics}
    params = {param.key: param.value for data in sources for param in data.params}
    uri = (model.info.artifact_uri if model is not None else "") or (info.artifact_uri if info is not None else "")
    return LineageDocument(
        run_id=run_id or None,
        run_name=cutter.text(info.run_name) if info else None,
        run_status=cutter.text(info.status) if info else None,
        user_id=cutter.text(tags.get("mlflow.user") or info.user_id) if info else None,
        started_timestamp=_time(info.start_time) if info else None,
        ended_timestamp=_time(info.end_time) if info else None,
        experiment_id=cutter.text(experiment_id),
        experiment_name=cutter.text(experiment_name),
        model_id=model_id or None,
        artifact_uri=cutter.text(uri),
        source_name=cutter.text(tags.get("mlflow.source.name", "")),
        git_commit=cutter.text(tags.get("mlflow.source.git.commit", "")),
        metrics=cutter.fitting(
            LineageMetric(key=cutter.text(key) or "", value=value) for key, value in sorted(metrics.items())
        ),
        params=cutter.fitting(
            LineageParam(key=cutter.text(key) or "", value=cutter.text(value) or "")
            for key, value in sorted(params.items())
        ),
        datasets=cutter.fitting(_dataset(cutter, each) for each in run.inputs.dataset_inputs) if run else [],
        truncated=cutter.truncated,
    )


def _dataset(cutter: "_Cutter", given: DatasetInput) -> LineageDataset:
    context = next((tag.value for tag in given.tags if tag.key == "mlflow.data.context"), "")
    dataset = given.dataset
    texts = (cutter.text(text) or "" for text in (dataset.name, dataset.digest, dataset.source_type, context))
    name, digest, source_type, context = texts
    return LineageDataset(name=name, digest=digest, source_type=source_type, context=context)


def _time(milliseconds: int | None) -> int | None:
    return milliseconds if milliseconds is not None and 0 <= milliseconds <= MAX_INT64 else None


class _Cutter:
    """Cuts texts and lists to their maximum sizes. ``truncated``: whether something was cut."""

    def __init__(self) -> None:
        self.truncated = False

    def text(self, given: str) -> str | None:
        self.truncated |= len(given) > MAX_TEXT
        return given[:MAX_TEXT] or None

    def fitting(self, items: Iterable[Item]) -> list[Item]:
        taken: list[Item] = []
        size = 0
        for item in items:
            size += len(item.model_dump_json())
            if size > MAX_LIST_BYTES:
                self.truncated = True
                break
            taken.append(item)
        return taken
