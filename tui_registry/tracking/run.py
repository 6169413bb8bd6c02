"""Runs: parameters, metrics and tags of a training. (MLflow's REST API, data structure Run.)"""

from pydantic import BaseModel

from tui_registry.tracking.tag import Tag, by_key

REPOSITORY, COMMIT, PROGRAM = "mlflow.source.git.repoURL", "mlflow.source.git.commit", "mlflow.source.name"
"""The tags that locate a run's code."""


class Metric(BaseModel):
    """The last value of a metric; MLflow writes special values as ``"NaN"``, ``"Infinity"``, ``"-Infinity"``."""

    key: str
    value: float = 0.0


class RunInfo(BaseModel):
    """Times are in milliseconds since the epoch. ``status`` is RUNNING, SCHEDULED, FINISHED, FAILED or KILLED."""

    run_id: str
    experiment_id: str
    run_name: str = ""
    user_id: str = ""
    status: str = ""
    start_time: int | None = None
    end_time: int | None = None
    artifact_uri: str = ""


class RunData(BaseModel):
    metrics: list[Metric] = []
    params: list[Tag] = []
    tags: list[Tag] = []


class Run(BaseModel):
    info: RunInfo
    data: RunData = RunData()

    @property
    def name(self) -> str:
        return self.info.run_name or self.tags.get("mlflow.runName") or self.info.run_id

    @property
    def user(self) -> str:
        return self.tags.get("mlflow.user") or self.info.user_id

    @property
    def metrics(self) -> dict[str, float]:
        return {metric.key: metric.value for metric in self.data.metrics}

    @property
    def params(self) -> dict[str, str]:
        return by_key(self.data.params)

    @property
    def tags(self) -> dict[str, str]:
        return by_key(self.data.tags)


class RunAnswer(BaseModel):
    run: Run


class RunPage(BaseModel):
    runs: list[Run] = []
    next_page_token: str = ""
