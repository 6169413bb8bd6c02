"""MLflow 2 works too: its skinny form, installed apart into a virtual environment that is kept for the next run.

Without a package index to install from, leave it out with ``-m "not slow_install"``.
"""

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.live_registry import LiveRegistry

REQUIREMENT = "mlflow-skinny==2.22.*"

pytestmark = [pytest.mark.slow_install, pytest.mark.timeout(900)]


@pytest.fixture(scope="session")
def python_with_mlflow_2(request: pytest.FixtureRequest) -> Path:
    """An interpreter whose MLflow is a 2."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    folder: Path = request.config.cache.mkdir(f"mlflow-skinny-2.22-python-{version}")
    python, installed = folder / "bin" / "python", folder / "installed"
    if not installed.exists():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", REQUIREMENT], check=True)
        installed.touch()
    return python


def test_mlflow_2(python_with_mlflow_2: Path, registry: LiveRegistry, tmp_path: Path) -> None:
    source = tmp_path / "model"
    source.mkdir()
    (source / "MLmodel").write_text("flavors: {}\n")
    variables = {
        "MLFLOW_TRACKING_URI": (tmp_path / "mlruns").as_uri(),
        "MLFLOW_REGISTRY_URI": registry.url,
        "MLFLOW_TRACKING_TOKEN": registry.admin_token,
    }
    script = Path(__file__).with_name("mlflow_2_journey.py")
    run = subprocess.run(
        [python_with_mlflow_2, "-W", "ignore", script, source.as_uri()],
        env=os.environ | variables,
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    result = json.loads(run.stdout)
    assert result.pop("mlflow").startswith("2.22.")
    name = "made with MLflow 2"
    assert result == {
        "model": [name, "Straight lines", {"task": "regression"}, {"champion": "2"}],
        "champion": ["2", "Production", source.as_uri(), "r1", ["champion"]],
        "stages": {"1": "Archived", "2": "Production", "3": "None"},
        "latest": ["1", "2", "3"],
        "page": 2,
        "third": [{"checked": "yes"}, "the third"],
        "refused": "RESOURCE_DOES_NOT_EXIST",
        "files": {"/1": True, "/Production": True, "/latest": True, "@champion": True},
        "left": [],
    }
