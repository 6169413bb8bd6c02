"""MLflow's own server, as its operator runs it: a child process on a loopback port, with an SQLite file."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

TIMEOUT = 120  # seconds to start; it takes fifteen on a quiet machine
DATABASE = "mlflow.db"


@contextmanager
def serving_mlflow(folder: Path) -> Iterator[str]:
    """The URL of a server until the block ends. Its database and its artifacts are in the folder; an existing database
    is used."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    arguments = ["--backend-store-uri", f"sqlite:///{folder / DATABASE}", "--port", str(port), "--workers", "1"]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "mlflow",
                "server",
                *arguments,
                "--artifacts-destination",
                str(folder / "artifacts"),
            ],
            cwd=folder,
            # Without its job runners, ten processes that evaluate language models.
            env=os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
            stdout=log,
            stderr=log,
            start_new_session=True,  # so that its child processes are ended with it
        )
    with server:
        try:
            _wait(server, url)
            yield url
        finally:
            os.killpg(server.pid, signal.SIGTERM)


def _wait(server: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        assert server.poll() is None
        try:
            if httpx.get(f"{url}/health").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError("MLflow's server takes too long to start")
