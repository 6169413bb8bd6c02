"""This server's address alone, as MLflow's tracking URI: MLflow's own server is behind it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sklearn.linear_model import LinearRegression

from tests.compat.mlflow_client import THEIR_WARNINGS, MlflowClient, mlflow
from tests.live_registry import ADMIN, LiveRegistry, serving
from tests.mlflow_server import DATABASE, serving_mlflow

pytestmark = [*THEIR_WARNINGS, pytest.mark.mlflow_server]

LARGE = 64 * 1024 * 1024  # bytes of an artifact


@pytest.fixture(scope="module")
def registry(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    folder = tmp_path_factory.mktemp("one-address")
    shutil.copy(empty_store, folder / DATABASE)
    with serving_mlflow(folder) as url, serving(folder, "--tracking-uri", url) as live:
        yield live


def test_train_log_register_move_and_load(
    registry: LiveRegistry, mlflow_environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mlflow_environment.delenv("MLFLOW_REGISTRY_URI", raising=False)
    mlflow_environment.setenv("MLFLOW_TRACKING_URI", registry.url)
    mlflow_environment.setenv("MLFLOW_TRACKING_TOKEN", registry.admin_token)
    mlflow.set_experiment("one address")
    large = tmp_path / "large.bin"
    with large.open("wb") as file:
        file.truncate(LARGE)
    with mlflow.start_run() as run:
        mlflow.log_metric("rmse", 0.25)
        mlflow.log_artifact(str(large))
        mlflow.sklearn.log_model(
            LinearRegression().fit([[0.0], [1.0]], [0.0, 7.0]),
            name="model",
            registered_model_name="one address",
            pip_requirements=["scikit-learn"],
        )
    client = MlflowClient()
    client.transition_model_version_stage("one address", "1", "Production")
    (version,) = client.search_model_versions(f"run_id='{run.info.run_id}'")
    assert (version.name, version.version, version.current_stage) == ("one address", "1", "Production")
    assert version.user_id == ADMIN, "governed here"
    loaded = mlflow.pyfunc.load_model("models:/one address/Production")
    assert loaded.predict([[10.0]]) == pytest.approx([70.0])
    downloaded = Path(
        mlflow.artifacts.download_artifacts(f"runs:/{run.info.run_id}/large.bin", dst_path=str(tmp_path / "d"))
    )
    assert downloaded.stat().st_size == LARGE
    (found,) = mlflow.search_runs(experiment_names=["one address"], output_format="list")
    assert (found.info.run_id, found.data.metrics) == (run.info.run_id, {"rmse": 0.25})
