"""MLflow 3's logged models, whose source is ``models:/m-<id>``, with a registry separate from the tracking store.

Such a registry cannot resolve the id. This one stores it, and the client finds the model in its own tracking store;
MLflow's own server looks for it in the server's tracking store, and fails.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy
import pytest
from sklearn.linear_model import LinearRegression

from tests.compat.conftest import LoggedRun
from tests.compat.mlflow_client import THEIR_WARNINGS, MlflowClient, MlflowException, mlflow
from tests.live_registry import ADMIN, LiveRegistry, serving
from tests.mlflow_server import DATABASE, serving_mlflow
from tests.server.api import Api
from tests.server.scripted_tracking_server import wait_for_lineage

pytestmark = THEIR_WARNINGS

LARGE = 64 * 1024 * 1024  # bytes of an artifact


@pytest.fixture
def registered(registry: LiveRegistry, mlflow_environment: pytest.MonkeyPatch) -> None:
    """MLflow with this registry, and a separate tracking store."""
    mlflow_environment.setenv("MLFLOW_REGISTRY_URI", registry.url)
    mlflow_environment.setenv("MLFLOW_TRACKING_TOKEN", registry.admin_token)


@pytest.mark.usefixtures("registered")
def test_a_model_registered_by_its_id(logged_runs: list[LoggedRun]) -> None:
    for run in logged_runs:
        version = mlflow.register_model(run.model_uri, "logged")
        assert version.source == run.model_uri
        assert MlflowClient().get_model_version_download_uri("logged", version.version) == run.model_uri
        loaded = mlflow.sklearn.load_model(f"models:/logged/{version.version}")
        assert loaded.predict([[10.0]]) == pytest.approx([10 * run.slope])
    loaded = mlflow.pyfunc.load_model("models:/logged/latest")
    assert loaded.predict([[10.0]]) == pytest.approx([10 * logged_runs[-1].slope])


@pytest.mark.usefixtures("registered")
def test_a_model_registered_as_it_is_logged(logged_runs: list[LoggedRun]) -> None:
    experiment = mlflow.get_run(logged_runs[0].run_id).info.experiment_id
    with mlflow.start_run(experiment_id=experiment):
        logged = mlflow.sklearn.log_model(
            LinearRegression().fit([[0.0], [1.0]], [0.0, 7.0]),
            name="model",
            registered_model_name="logged at once",
            pip_requirements=["scikit-learn"],
        )
    version = MlflowClient().get_model_version("logged at once", "1")
    assert re.fullmatch(r"models:/m-[0-9a-f]{32}", version.source)
    assert version.source == logged.model_uri
    assert mlflow.sklearn.load_model("models:/logged at once/1").predict([[10.0]]) == pytest.approx([70.0])


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize("name", ["l@m", "100% of a model", "modèle 模型"])
def test_a_copy_from_a_model_of_any_name(name: str, logged_runs: list[LoggedRun]) -> None:
    client, run = MlflowClient(), logged_runs[0]
    client.create_registered_model(name)
    client.create_model_version(name, run.artifact_uri, run_id=run.run_id)
    copied = client.copy_model_version(f"models:/{name}/1", f"copy of {run.run_id}")
    assert (copied.source, copied.run_id) == (f"models:/{name}/1", run.run_id)
    assert client.get_model_version_download_uri(copied.name, copied.version) == run.artifact_uri
    loaded = mlflow.pyfunc.load_model(f"models:/{copied.name}/{copied.version}")
    assert loaded.predict([[10.0]]) == pytest.approx([10 * run.slope])


@pytest.mark.usefixtures("registered")
def test_a_copy_of_a_version(logged_runs: list[LoggedRun]) -> None:
    """The source refers to the version that it was copied from, and is resolved to that one's."""
    first = mlflow.register_model(logged_runs[1].model_uri, "original")
    copied = MlflowClient().copy_model_version(f"models:/original/{first.version}", "copy")
    assert copied.source == f"models:/original/{first.version}"
    assert MlflowClient().get_model_version_download_uri("copy", copied.version) == logged_runs[1].model_uri
    loaded = mlflow.sklearn.load_model(f"models:/copy/{copied.version}")
    assert loaded.predict([[10.0]]) == pytest.approx([10 * logged_runs[1].slope])


@pytest.fixture(scope="module")
def mlflow_server(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of MLflow's own server, with a new store."""
    folder = tmp_path_factory.mktemp("server")
    shutil.copy(empty_store, folder / DATABASE)
    with serving_mlflow(folder) as url:
        yield url


@pytest.mark.variant
@pytest.mark.mlflow_server
def test_on_mlflows_own_server_it_fails(
    mlflow_server: str, logged_runs: list[LoggedRun], mlflow_environment: pytest.MonkeyPatch
) -> None:
    mlflow_environment.setenv("MLFLOW_REGISTRY_URI", mlflow_server)
    mlflow_environment.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(MlflowException, match="500 error responses"):
        mlflow.register_model(logged_runs[0].model_uri, "logged")


@pytest.mark.mlflow_server
def test_a_registry_that_knows_the_tracking_server_finds_the_run(
    mlflow_server: str, mlflow_environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As MLflow's own server does where it is both. Later the lineage has what the run has measured since."""
    with serving(tmp_path, "--tracking-uri", mlflow_server) as registry, Api(registry.url, registry.admin_token) as api:
        mlflow_environment.setenv("MLFLOW_TRACKING_URI", mlflow_server)
        mlflow_environment.setenv("MLFLOW_REGISTRY_URI", registry.url)
        mlflow_environment.setenv("MLFLOW_TRACKING_TOKEN", registry.admin_token)
        experiment = mlflow.create_experiment("traced")
        data = mlflow.data.from_numpy(numpy.array([[0.0], [1.0]]), name="points")
        with mlflow.start_run(experiment_id=experiment, run_name="first") as run:
            mlflow.log_input(data, context="training")
            mlflow.log_params({"slope": 7})
            mlflow.set_tag("mlflow.source.git.commit", "c0ffee")
            logged = mlflow.sklearn.log_model(
                LinearRegression().fit([[0.0], [1.0]], [0.0, 7.0]),
                name="model",
                registered_model_name="traced",
                pip_requirements=["scikit-learn"],
            )
            version = MlflowClient().get_model_version("traced", "1")
            assert (version.source, version.run_id) == (logged.model_uri, run.info.run_id)
            mlflow.log_metric("rmse", 0.25)
        (found,) = MlflowClient().search_model_versions(f"run_id='{run.info.run_id}'")
        assert (found.name, found.version, found.user_id) == ("traced", "1", ADMIN)
        lineage = wait_for_lineage(api, "traced", "1", lambda got: got.get("run_status") == "FINISHED")
        assert (lineage["status"], lineage["run_id"], lineage["run_name"]) == ("READY", run.info.run_id, "first")
        assert (lineage["experiment_id"], lineage["experiment_name"]) == (experiment, "traced")
        assert lineage["model_id"] == logged.model_id
        assert lineage["artifact_uri"] == MlflowClient().get_logged_model(logged.model_id).artifact_location
        assert lineage["metrics"] == [{"key": "rmse", "value": 0.25}]
        assert {"key": "slope", "value": "7"} in lineage["params"]
        assert lineage["git_commit"] == "c0ffee"
        (dataset,) = lineage["datasets"]
        assert (dataset["name"], dataset["context"]) == ("points", "training")

        given = MlflowClient().create_model_version("traced", logged.model_uri, run_id="mine", model_id=logged.model_id)
        assert given.run_id == "mine", "the run that a caller gives is kept"
        copied = MlflowClient().copy_model_version("models:/traced/1", "copied")
        assert copied.run_id == run.info.run_id
        assert wait_for_lineage(api, "copied", "1", bool)["model_id"] == logged.model_id


@pytest.mark.mlflow_server
def test_this_address_alone_is_enough(
    mlflow_server: str, mlflow_environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As MLFLOW_TRACKING_URI; MLflow's own server is behind it."""
    with serving(tmp_path, "--tracking-uri", mlflow_server) as registry:
        mlflow_environment.delenv("MLFLOW_REGISTRY_URI", raising=False)
        mlflow_environment.setenv("MLFLOW_TRACKING_URI", registry.url)
        mlflow_environment.setenv("MLFLOW_TRACKING_TOKEN", registry.admin_token)
        experiment = mlflow.create_experiment("one address")
        large = tmp_path / "large.bin"
        with large.open("wb") as file:
            file.truncate(LARGE)
        with mlflow.start_run(experiment_id=experiment) as run:
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
