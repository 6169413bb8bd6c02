"""A tracking server with runs, logged by the real client."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sklearn.linear_model import LinearRegression

from tests.compat.mlflow_client import mlflow
from tests.mlflow_server import serving_mlflow

HOSTILE = "[/x] [@click=app.quit]\x1b[31mred\u202e需要👩🏽‍🚀"
EXPERIMENT = "slopes"


@dataclass(frozen=True)
class TrackingServer:
    """``runs`` are ids by name. A run named ``slope-3`` has a model that gives ``3 * x``."""

    url: str
    runs: dict[str, str] = field(default_factory=dict)


@contextmanager
def tracking(folder: Path) -> Iterator[TrackingServer]:
    """MLflow's server with: runs of three slopes, each with a logged model, as MLflow 3 has them; a run with a model in
    a folder of its artifacts, as MLflow 2 logged it; a run without a model; and a run with hostile texts."""
    with serving_mlflow(folder) as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", url)
        tracked = TrackingServer(url)
        experiment = mlflow.create_experiment(EXPERIMENT)
        for slope in (2, 3, 5):
            with _run(tracked, experiment, f"slope-{slope}"):
                mlflow.log_params({"slope": slope, "solver": "exact"})
                mlflow.log_metrics({"rmse": 1 / slope, "mae": float("nan")})
                mlflow.set_tags({"team": "curves", "mlflow.source.git.repoURL": "https://example.com/curves.git"})
                mlflow.sklearn.log_model(_model(slope), name="line", pip_requirements=["scikit-learn"])
        with _run(tracked, experiment, "old-7"):
            mlflow.sklearn.save_model(_model(7), folder / "saved", pip_requirements=["scikit-learn"])
            mlflow.log_artifacts(str(folder / "saved"), "deep/line")
            mlflow.log_text("nothing", "notes/readme.txt")
        with _run(tracked, experiment, "no-model"):
            mlflow.log_metric("rmse", 9.0)
        with _run(tracked, mlflow.create_experiment(HOSTILE), HOSTILE):
            mlflow.log_params({"text": HOSTILE * 50})
            mlflow.set_tags({"text": HOSTILE * 50, "mlflow.user": HOSTILE, "mlflow.source.name": HOSTILE})
        yield tracked


@contextmanager
def _run(tracked: TrackingServer, experiment: str, name: str) -> Iterator[None]:
    with mlflow.start_run(experiment_id=experiment, run_name=name) as run:
        yield
    tracked.runs[name] = run.info.run_id


def _model(slope: float) -> Any:
    return LinearRegression().fit([[0.0], [1.0]], [0.0, slope])
