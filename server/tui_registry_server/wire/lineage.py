"""The lineage of a version: what an MLflow tracking server knows of how it was made."""

from enum import StrEnum

from pydantic import ConfigDict

from tui_registry_server.wire.fields import Entity, Milliseconds


class LineageStatus(StrEnum):
    """READY: retrieved, and retrieved again while it is running. PENDING: the tracking server will be asked. FAILED:
    it was asked without success, and is not asked again by itself. UNKNOWN: nobody has asked it."""

    READY = "READY"
    PENDING = "PENDING"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


class LineageMetric(Entity):
    """The last value of a metric. What is no number in JSON is a text: ``"NaN"``, ``"Infinity"``, ``"-Infinity"``."""

    model_config = ConfigDict(ser_json_inf_nan="strings")

    key: str
    value: float


class LineageParam(Entity):
    key: str
    value: str


class LineageDataset(Entity):
    """A dataset that the run has read. ``context`` is what for, such as ``training``."""

    name: str
    digest: str = ""
    source_type: str = ""
    context: str = ""


class LineageDocument(Entity):
    """A version's logged model and run, as the tracking server described them.

    run_id: of the version or, if it has none, of its logged model. artifact_uri: where the artifacts are. git_commit:
    the run's tag ``mlflow.source.git.commit``. truncated: whether something was left out, as there was too much.
    """

    run_id: str | None = None
    run_name: str | None = None
    run_status: str | None = None
    user_id: str | None = None
    started_timestamp: Milliseconds | None = None
    ended_timestamp: Milliseconds | None = None
    experiment_id: str | None = None
    experiment_name: str | None = None
    model_id: str | None = None
    artifact_uri: str | None = None
    source_name: str | None = None
    git_commit: str | None = None
    metrics: list[LineageMetric] = []
    params: list[LineageParam] = []
    datasets: list[LineageDataset] = []
    truncated: bool = False


class Lineage(LineageDocument):
    """``problem`` says why the last attempt failed, ``next_attempt_timestamp`` when the next one is due; both may be
    there beside a document that was retrieved before."""

    status: LineageStatus
    retrieved_timestamp: Milliseconds | None = None
    next_attempt_timestamp: Milliseconds | None = None
    problem: str | None = None


class LineageAnswer(Entity):
    lineage: Lineage
