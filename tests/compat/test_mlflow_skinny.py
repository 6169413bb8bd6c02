"""Compatibility with older MLflow versions: their skinny packages, unmodified, each installed into a virtual
environment that is cached for the next run.

Without a package index to install from, skip it with ``-m "not slow_install"``.
"""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.compat.virtual_environment import python_with
from tests.live_registry import LiveRegistry
from tests.variants import variant

OLD = ("setuptools<81", "protobuf<5")
"""What MLflow 1.30 and 2.0 need in their old versions: pkg_resources and protobuf."""

pytestmark = [pytest.mark.slow_install, pytest.mark.timeout(900)]


@pytest.fixture
def source(tmp_path: Path) -> str:
    """The URI of a model's files."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "MLmodel").write_text("flavors: {}\n")
    return folder.as_uri()


def journey(script: str, python: Path, registry: LiveRegistry, source: str, folder: Path) -> dict[str, Any]:
    """The output of a script in this folder."""
    variables = {
        "MLFLOW_TRACKING_URI": (folder / "mlruns").as_uri(),
        "MLFLOW_REGISTRY_URI": registry.url,
        "MLFLOW_TRACKING_TOKEN": registry.admin_token,
    }
    run = subprocess.run(
        [python, "-W", "ignore", Path(__file__).with_name(script), source],
        env=os.environ | variables,
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    result: dict[str, Any] = json.loads(run.stdout)
    return result


@pytest.mark.variant
def test_mlflow_2(request: pytest.FixtureRequest, registry: LiveRegistry, source: str, tmp_path: Path) -> None:
    python = python_with(request.config.cache, "mlflow-skinny-2.22", "mlflow-skinny==2.22.*")
    result = journey("mlflow_2_journey.py", python, registry, source, tmp_path)
    assert result.pop("mlflow").startswith("2.22.")
    name = "made with MLflow 2"
    assert result == {
        "model": [name, "Straight lines", {"task": "regression"}, {"champion": "2"}],
        "champion": ["2", "Production", source, "r1", ["champion"]],
        "stages": {"1": "Archived", "2": "Production", "3": "None"},
        "latest": ["1", "2", "3"],
        "page": 2,
        "third": [{"checked": "yes"}, "the third"],
        "refused": "RESOURCE_DOES_NOT_EXIST",
        "files": {"/1": True, "/Production": True, "/latest": True, "@champion": True},
        "left": [],
    }


@pytest.mark.parametrize("version", [variant("1.30.1"), variant("2.0.1")])
def test_mlflow_of_the_time_of_the_turn(
    version: str, request: pytest.FixtureRequest, fresh_registry: LiveRegistry, source: str, tmp_path: Path
) -> None:
    """1.30 calls /preview/mlflow, lists models, and has no aliases; 2.0 has no list."""
    name = f"mlflow-skinny-{version}"
    python = python_with(request.config.cache, name, f"mlflow-skinny=={version}", *OLD)
    result = journey("mlflow_1_journey.py", python, fresh_registry, source, tmp_path)
    assert result.pop("mlflow") == version
    name = "made long ago"
    names = sorted([name, *(f"{name} {number}" for number in range(4))])
    listed = [{each: [] for each in names} | {name: ["1", "2", "3"], f"{name} 3": ["1"]}, 3]
    assert result.pop("listed", None) == (listed if version.startswith("1.") else None)
    stages = [["1", "Archived"], ["2", "Production"], ["3", "None"]]
    assert result == {
        "bare": ["1", "", "", "", "READY", "None"],
        "model": [name, "Lines", {"team": "risk"}],
        "latest of the model": stages,
        "third": ["the third", "r3", {"checked": "yes"}, True],
        "run link": "https://host/r2",
        "stages": ["None", "Staging", "Production", "Archived"],
        "latest": ["1", "2", "3"],
        "latest in production": ["2"],
        "uri": True,
        "searched": [names, 3],
        "versions": stages,
        "by run": ["2"],
        "refused": [
            "RESOURCE_DOES_NOT_EXIST",
            "RESOURCE_DOES_NOT_EXIST",
            "RESOURCE_ALREADY_EXISTS",
            "INVALID_PARAMETER_VALUE",
        ],
        "files": {"/1": True, "/Production": True, "/latest": True},
        "renamed": ["1", "2"],
        "left": [],
    }
