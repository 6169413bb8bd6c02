"""Spark loads models through the registry and scores DataFrames by them: its workers have only the registry's address.

Needs Java. Without a package index to install Spark from, skip it with ``-m "not slow_install"``.
"""

import json
import os
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest
from sklearn.linear_model import LinearRegression

from tests.compat.conftest import VARIABLES
from tests.compat.mlflow_client import THEIR_WARNINGS, MlflowClient, mlflow
from tests.compat.virtual_environment import python_with
from tests.live_registry import serving
from tests.mlflow_server import DATABASE, serving_mlflow

PACKAGES = ("mlflow", "scikit-learn")
"""Of the same versions as here, where the models are trained."""

pytestmark = [
    *THEIR_WARNINGS,
    pytest.mark.slow_install,
    pytest.mark.variant,
    pytest.mark.mlflow_server,
    pytest.mark.timeout(1200),
]


@pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java: install openjdk-17-jre-headless")
def test_a_data_frame_is_scored(
    request: pytest.FixtureRequest, empty_store: Path, mlflow_environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    same = [f"{name}=={version(name)}" for name in PACKAGES]
    python = python_with(request.config.cache, "spark", "pyspark>=4,<5", "pandas", "pyarrow", *same)
    tracking, own = tmp_path / "tracking", tmp_path / "registry"
    tracking.mkdir()
    own.mkdir()
    shutil.copy(empty_store, tracking / DATABASE)
    with serving_mlflow(tracking) as mlflow_server, serving(own, "--tracking-uri", mlflow_server) as registry:
        mlflow_environment.setenv("MLFLOW_TRACKING_URI", registry.url)
        mlflow_environment.setenv("MLFLOW_TRACKING_TOKEN", registry.admin_token)
        experiment = mlflow.create_experiment("spark")
        for slope in (7.0, 9.0):
            with mlflow.start_run(experiment_id=experiment):
                model = LinearRegression().fit([[0.0], [1.0]], [0.0, slope])
                mlflow.sklearn.log_model(
                    model, name="model", registered_model_name="line", pip_requirements=["scikit-learn"]
                )
        client = MlflowClient()
        client.transition_model_version_stage("line", "1", "Production")
        client.set_registered_model_alias("line", "challenger", "2")

        slopes = {"models:/line/production": 7.0, "models:/line/1": 7.0, "models:/line@challenger": 9.0}
        others = {name: value for name, value in os.environ.items() if name not in VARIABLES}
        run = subprocess.run(
            [python, "-W", "ignore", Path(__file__).with_name("spark_journey.py"), *slopes],
            env=others
            | {
                "MLFLOW_TRACKING_URI": registry.url,
                "MLFLOW_TRACKING_TOKEN": registry.admin_token,
                "PYSPARK_PYTHON": str(python),
            },
            cwd=tmp_path,
            check=False,
            capture_output=True,
            text=True,
        )
        assert run.returncode == 0, run.stderr
        print(run.stdout)
        expected = {uri: {f"{x}": slope * x for x in (1.0, 10.0, -2.0)} for uri, slope in slopes.items()}
        assert json.loads(run.stdout)["scores"] == expected
