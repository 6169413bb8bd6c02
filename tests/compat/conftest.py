"""Fixtures for MLflow: a tracking store with some trained models, separate from every registry; and the ways in which
Databricks' SDK signs in."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sklearn.linear_model import LinearRegression

from tests.compat.databricks_client import SecretWorkspace, Workspace
from tests.compat.mlflow_client import MlflowClient, mlflow
from tests.variants import variant

VARIABLES = (
    "MLFLOW_TRACKING_URI",
    "MLFLOW_REGISTRY_URI",
    "MLFLOW_TRACKING_TOKEN",
    "MLFLOW_TRACKING_USERNAME",
    "MLFLOW_TRACKING_PASSWORD",
)


@dataclass(frozen=True)
class LoggedRun:
    """A run whose model returns ``slope * x``. ``model_uri`` is MLflow 3's ``models:/m-<id>``."""

    slope: float
    run_id: str
    model_uri: str
    artifact_uri: str


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new database of MLflow's, to be copied: MLflow takes many seconds to create one."""
    database = tmp_path_factory.mktemp("empty") / "mlflow.db"
    MlflowClient(tracking_uri=f"sqlite:///{database}").search_experiments()
    return database


@pytest.fixture(scope="session")
def tracking_uri(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A local tracking store."""
    return f"sqlite:///{shutil.copy(empty_store, tmp_path_factory.mktemp('tracking'))}"


@pytest.fixture(scope="session")
def logged_runs(tracking_uri: str, tmp_path_factory: pytest.TempPathFactory) -> list[LoggedRun]:
    """Three trained models in the tracking store, with different slopes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", tracking_uri)
        artifacts = tmp_path_factory.mktemp("artifacts").as_uri()
        experiment = mlflow.create_experiment("slopes", artifact_location=artifacts)
        return [_log(experiment, slope) for slope in (2.0, 3.0, 5.0)]


def _log(experiment: str, slope: float) -> LoggedRun:
    model = LinearRegression().fit([[0.0], [1.0]], [0.0, slope])
    with mlflow.start_run(experiment_id=experiment) as run:
        # Explicit requirements, because inferring them takes MLflow half a minute.
        info: Any = mlflow.sklearn.log_model(model, name="model", pip_requirements=["scikit-learn"])
    return LoggedRun(slope, run.info.run_id, info.model_uri, info.artifact_path)


@pytest.fixture
def mlflow_environment(tracking_uri: str, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """MLflow with the local tracking store and without a registry or credentials, which tests can set."""
    for variable in VARIABLES:
        monkeypatch.setenv(variable, "")  # so that what MLflow or the test sets is removed afterwards
        monkeypatch.delenv(variable)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", tracking_uri)
    return monkeypatch


@pytest.fixture(scope="session", params=[Workspace(), variant(SecretWorkspace())], ids=["token", "secret"])
def workspace(request: pytest.FixtureRequest) -> Workspace:
    """Databricks' SDK with an access token and, as a variant, with the secret of a service principal."""
    found: Workspace = request.param
    return found
