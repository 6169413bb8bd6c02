"""The READMEs' examples for MLflow, Databricks' SDK and curl, run as they are."""

import re
import subprocess
from pathlib import Path

import pytest
from sklearn.linear_model import LinearRegression

from tests.compat.mlflow_client import THEIR_WARNINGS, mlflow
from tests.live_registry import ROOT, LiveRegistry

pytestmark = THEIR_WARNINGS

SERVER = "http://127.0.0.1:5055"
MODEL = LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0])


@pytest.fixture
def in_a_new_folder(tmp_path: Path, mlflow_environment: pytest.MonkeyPatch) -> Path:
    """The examples write to the current folder; what they set in MLflow is reset."""
    mlflow_environment.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("in_a_new_folder")
def test_the_lines_for_clients(fresh_registry: LiveRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", fresh_registry.admin_token)
    try:
        _run_python("mlflow", fresh_registry)
    finally:
        mlflow.set_tracking_uri(None)
        mlflow.set_registry_uri(None)
    with fresh_registry.client() as client:
        client.post("/mlflow/model-versions/create", json={"name": "churn", "source": "s3://bucket/model"})
        _run_python("databricks.sdk", fresh_registry)
        stages = {
            version["version"]: version["current_stage"]
            for version in client.get("/mlflow/model-versions/search").json()["model_versions"]
        }
    assert stages == {"1": "Archived", "2": "Production"}
    lines = re.findall(r"^curl .*", (ROOT / "server/README.md").read_text(), re.MULTILINE)
    assert lines
    for line in lines:
        _run_curl(line, fresh_registry)


def _run_python(library: str, registry: LiveRegistry) -> None:
    """Run the block that imports the library."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (block,) = (each for each in blocks if f"import {library}" in each or f"from {library}" in each)
    code = block.replace(SERVER, registry.url).replace('"tr_..."', repr(registry.admin_token))
    assert code != block
    exec(code, {"model": MODEL, "rows": [[1.0]]})


def _run_curl(line: str, registry: LiveRegistry) -> None:
    command = line.replace(SERVER, registry.url).replace("curl ", "curl --fail --silent --max-time 2 ", 1)
    run = subprocess.run(["sh", "-c", command], check=False, capture_output=True, text=True)
    ended = 28 if "/events" in line else 0  # curl's exit code for a timeout: the event stream does not end by itself
    assert run.returncode == ended, f"{line}: {run.stderr}"
    assert run.stdout
