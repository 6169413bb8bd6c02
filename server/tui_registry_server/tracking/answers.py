"""The answers of MLflow's REST API, as far as lineage needs them. (LoggedModel, Run, Experiment.)"""

from pydantic import BaseModel


class Pair(BaseModel):
    key: str
    value: str = ""


class Metric(BaseModel):
    key: str
    value: float = 0.0


class ModelInfo(BaseModel):
    experiment_id: str = ""
    artifact_uri: str = ""
    source_run_id: str = ""


class ModelData(BaseModel):
    params: list[Pair] = []
    metrics: list[Metric] = []


class LoggedModel(BaseModel):
    info: ModelInfo
    data: ModelData = ModelData()


class LoggedModelAnswer(BaseModel):
    model: LoggedModel


class RunInfo(BaseModel):
    """Times are milliseconds since the epoch."""

    run_name: str = ""
    status: str = ""
    user_id: str = ""
    experiment_id: str = ""
    artifact_uri: str = ""
    start_time: int | None = None
    end_time: int | None = None


class RunData(ModelData):
    tags: list[Pair] = []


class Dataset(BaseModel):
    name: str = ""
    digest: str = ""
    source_type: str = ""


class DatasetInput(BaseModel):
    dataset: Dataset = Dataset()
    tags: list[Pair] = []


class RunInputs(BaseModel):
    dataset_inputs: list[DatasetInput] = []


class Run(BaseModel):
    info: RunInfo
    data: RunData = RunData()
    inputs: RunInputs = RunInputs()


class RunAnswer(BaseModel):
    run: Run


class Experiment(BaseModel):
    name: str = ""


class ExperimentAnswer(BaseModel):
    experiment: Experiment
