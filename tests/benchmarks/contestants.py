"""The systems that are compared, each started as its operator would do, and filled with the same data over HTTP."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.http_load import Script, expect_ok, request, run
from tests.benchmarks.process_tree import children
from tests.live_registry import PROGRAM, ROOT, serving
from tests.mlflow_server import serving_mlflow
from tests.server.api import Api
from tests.server.callers import add_group

API = "/api/2.0/mlflow"
MODELS = 300
VERSIONS = 3
FILLING = 8  # connections
TIMEOUT = 600.0  # seconds
USER = "somebody"
GROUP = "managers"


@dataclass(frozen=True)
class Contestant:
    """A running server. ``pid`` is the process that was started; ``start`` the seconds that it took to be ready."""

    name: str
    url: str
    pid: int
    start: float
    token: str | None = None


def model_name(number: int) -> str:
    return f"model-{number % MODELS:04}"


@contextmanager
def ours(folder: Path) -> Iterator[Contestant]:
    """Our server with its defaults: durable writes, authentication, access lists. The caller is not an administrator,
    but a user who may manage each model by a grant to their group."""
    folder.mkdir()
    start = _cold_start(folder)
    with serving(folder) as registry:
        token = registry.token(USER)
        fill(registry.url, registry.admin_token)
        grant(registry.url, registry.admin_token)
        yield Contestant("ours", registry.url, registry.pid, start, token)


@contextmanager
def mlflow(folder: Path) -> Iterator[Contestant]:
    """MLflow's own server: SQLite, one worker, no job runners, no authentication."""
    folder.mkdir()
    before = children(os.getpid())
    began = time.perf_counter()
    with serving_mlflow(folder) as url:
        start = time.perf_counter() - began
        (pid,) = children(os.getpid()) - before
        fill(url, None)
        yield Contestant("MLflow", url, pid, start)


@contextmanager
def bare() -> Iterator[Contestant]:
    """One Starlette route on uvicorn."""
    command = [sys.executable, "-m", "tests.benchmarks.bare_route"]
    began = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            url = server.stdout.readline().strip()
            yield Contestant("bare Starlette", url, server.pid, time.perf_counter() - began)
        finally:
            server.terminate()


def _cold_start(folder: Path) -> float:
    """Seconds until a server with a new database is ready, like MLflow's here."""
    ready = folder / "cold.json"
    began = time.perf_counter()
    command = [*PROGRAM, "serve", "--database", str(folder / "cold.db"), "--port", "0", "--state-file", str(ready)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as server:
        while not ready.exists():
            assert server.poll() is None, "the server did not start"
            time.sleep(0.01)
        taken = time.perf_counter() - began
        server.terminate()
    return taken


def fill(url: str, token: str | None) -> None:
    """MODELS models with two tags each, VERSIONS versions of each with one, the first of them in Production."""

    def script(first: int) -> Script:
        for number in range(first, MODELS, FILLING):
            name = model_name(number)
            tags = [{"key": "team", "value": f"team-{number % 7}"}, {"key": "task", "value": "classification"}]
            for path, body in (
                ("registered-models/create", {"name": name, "tags": tags, "description": "A model of the benchmark."}),
                *(("model-versions/create", version_of(name, number)) for _ in range(VERSIONS)),
                ("model-versions/transition-stage", {"name": name, "version": "1", "stage": "Production"}),
            ):
                expect_ok((yield request("POST", f"{API}/{path}", token=token, body=body)))

    run(url, [script(first) for first in range(FILLING)], TIMEOUT)


def version_of(name: str, number: int) -> dict[str, object]:
    """The fields of a new version."""
    return {
        "name": name,
        "source": f"s3://bucket/models/{name}/{number}",
        "run_id": f"{number:032x}",
        "description": "Trained on the newest data.",
        "tags": [{"key": "accuracy", "value": f"0.{number}"}],
    }


def grant(url: str, token: str) -> None:
    """Let GROUP, of which USER is a member, manage each model."""
    with Api(url, token) as admin:
        (user,) = admin.get("/preview/scim/v2/Users", filter=f'userName eq "{USER}"').ok()["Resources"]
        add_group(admin, GROUP, [user["id"]])
        entries = [{"group_name": GROUP, "permission_level": "CAN_MANAGE"}]
        for number in range(MODELS):
            model = admin.get("/mlflow/databricks/registered-models/get", name=model_name(number)).ok()
            identifier = model["registered_model_databricks"]["id"]
            admin.patch(f"/permissions/registered-models/{identifier}", access_control_list=entries).ok()
