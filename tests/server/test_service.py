"""The server as a process: it starts, reports that it is ready, exits on a signal, and reports why it cannot start."""

import fcntl
import json
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from tests.live_registry import PROGRAM, ROOT, TIMEOUT, command
from tests.server.api import Api
from tests.server.streams import stream
from tests.variants import variant
from tui_registry_server.commands import main


@dataclass
class Server:
    process: subprocess.Popen[str]
    url: str
    token: str
    state_file: Path

    def ended(self) -> tuple[int, str]:
        """The exit code, and stderr."""
        _, stderr = self.process.communicate(timeout=TIMEOUT)
        return self.process.returncode, stderr


@contextmanager
def served(folder: Path, *options: str) -> Iterator[Server]:
    """A server with the folder's database, ready."""
    database, state_file = str(folder / "registry.db"), folder / "state.json"
    if not Path(database).exists():
        command(database, "users", "create", "admin", "--admin")
    token = command(database, "tokens", "create", "admin").strip()
    state_file.unlink(missing_ok=True)
    with run("--database", database, "--port", "0", "--state-file", str(state_file), *options) as process:
        deadline = time.monotonic() + TIMEOUT
        while not state_file.exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield Server(process, json.loads(state_file.read_text())["url"], token, state_file)


@contextmanager
def run(*options: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*PROGRAM, "serve", "--drain", "0", *options], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(number: signal.Signals, tmp_path: Path) -> None:
    """Also with open and abandoned streams, and idle connections."""
    with served(tmp_path) as server, ExitStack() as stack:
        assert httpx.get(f"{server.url}/health").json() == {"status": "OK"}
        state = json.loads(server.state_file.read_text())
        assert state == {"url": server.url, "pid": server.process.pid}
        assert server.state_file.stat().st_mode & 0o077 == 0
        api = stack.enter_context(Api(server.url, server.token))
        with stream(api):
            pass
        events = [stack.enter_context(stream(api)) for _ in range(3)]
        api.get("/mlflow/registered-models/list").ok()
        server.process.send_signal(number)
        assert [each.rest() for each in events] == [[], [], []]
        status, stderr = server.ended()
        assert status == 0
        assert "Traceback" not in stderr
        assert stderr.count("\n") == 1  # the line with its URL
        assert not server.state_file.exists()


def test_a_drain(tmp_path: Path) -> None:
    """Not ready, but serving, and asking clients to reconnect; a second signal stops it at once."""
    with served(tmp_path, "--drain", "60") as server, httpx.Client(base_url=server.url) as client:
        assert client.get("/ready").json() == {"status": "OK"}
        server.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + TIMEOUT
        while (answer := client.get("/ready")).status_code == 200:
            assert time.monotonic() < deadline
        assert answer.status_code == 503
        assert "shutting down" in answer.json()["message"]
        assert answer.headers["connection"] == "close"
        assert client.get("/health").status_code == 200
        with Api(server.url, server.token) as api:
            api.post("/mlflow/registered-models/create", name="late").ok()
        server.process.send_signal(signal.SIGTERM)
        status, stderr = server.ended()
        assert (status, stderr.count("\n")) == (1, 1)
        assert not server.state_file.exists()


def test_what_systemd_is_notified_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(TIMEOUT)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "100000")
        with served(tmp_path, "--drain", "0.1") as server:
            notifications = [manager.recv(1000).decode() for _ in range(4)]
            server.process.send_signal(signal.SIGTERM)
            assert server.ended()[0] == 0
        manager.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                notifications.append(manager.recv(1000).decode())
    assert f"READY=1\nSTATUS=Serving on {server.url}" in notifications[:2]
    assert notifications.count("WATCHDOG=1") >= 3
    assert notifications.count("STOPPING=1") == 1
    assert notifications.count("EXTEND_TIMEOUT_USEC=20100000") == 1, "as long as it drains, systemd does not kill it"


def test_what_was_answered_is_there_after_a_crash(tmp_path: Path) -> None:
    with served(tmp_path) as server, Api(server.url, server.token) as api:
        for number in range(20):
            api.post("/mlflow/registered-models/create", name=f"model-{number}").ok()
        server.process.kill()
    with served(tmp_path) as server, Api(server.url, server.token) as api:
        assert len(api.get("/mlflow/registered-models/list").ok()["registered_models"]) == 20


def test_it_ends_with_the_last_who_needs_it(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with lock.open("w") as first, lock.open() as second:
        for holder in (first, second):
            fcntl.flock(holder, fcntl.LOCK_SH)
        with served(tmp_path, "--end-with", str(lock)) as server:
            first.close()
            assert httpx.get(f"{server.url}/health").status_code == 200
            with pytest.raises(subprocess.TimeoutExpired):
                server.process.wait(3)  # it checks every second
            second.close()
            assert server.ended()[0] == 0


@pytest.mark.parametrize("host", [variant("a..b"), "a" * 300, "\u202eevil.example"])
def test_a_host_that_is_no_name(host: str, tmp_path: Path) -> None:
    """And there is no crash report."""
    with run("--database", str(tmp_path / "registry.db"), "--host", host) as process:
        _, stderr = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 1
    assert "is not the name of a host" in stderr
    assert "--host" in stderr
    assert stderr.count("\n") == 1


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with run("--database", str(tmp_path / "registry.db"), "--port", port) as process:
            _, stderr = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 1
    assert stderr.startswith(f"Error: Cannot listen on 127.0.0.1 port {port}")
    assert "--port" in stderr
    assert stderr.count("\n") == 1


def test_protected_versions(tmp_path: Path) -> None:
    """Databricks' rule, if the operator wants it."""
    with served(tmp_path, "--protect-active-versions") as server, Api(server.url, server.token) as api:
        api.post("/mlflow/registered-models/create", name="m").ok()
        where = {"name": "m", "version": "1"}
        api.post("/mlflow/model-versions/create", name="m", source="s3://x").ok()
        for stage in ("Staging", "Production"):
            api.post("/mlflow/model-versions/transition-stage", **where, stage=stage).ok()
            for refused in (
                api.delete("/mlflow/model-versions/delete", **where),
                api.delete("/mlflow/registered-models/delete", name="m"),
                api.post("/mlflow/registered-models/rename", name="m", new_name="n"),
            ):
                assert stage in refused.refused(400, "INVALID_STATE")
        api.post("/mlflow/model-versions/transition-stage", **where, stage="Archived").ok()
        api.post("/mlflow/registered-models/rename", name="m", new_name="n").ok()
        api.delete("/mlflow/model-versions/delete", name="n", version="1").ok()
        api.delete("/mlflow/registered-models/delete", name="n").ok()


def _garbage(folder: Path) -> str:
    (folder / "garbage").write_bytes(b"This is no database, and quite long enough to be taken for one. " * 100)
    return str(folder / "garbage")


def _newer(folder: Path) -> str:
    database = folder / "newer.db"
    command(str(database), "users", "create", "somebody")
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    return str(database)


BAD_DATABASES = {
    "a folder": str,
    "garbage": _garbage,
    "a newer schema": _newer,
    "below a file": lambda folder: _garbage(folder) + "/registry.db",
    "an unknown scheme": lambda folder: "nosuch://host/registry",
    "a database that is not supported": lambda folder: "mysql://host/registry",
    "no URL": lambda folder: "://",
    "a bad port": lambda folder: "postgresql://host:port/registry",
    "nobody there": lambda folder: "postgresql://127.0.0.1:1/registry",
}


@pytest.mark.parametrize("make", BAD_DATABASES.values(), ids=BAD_DATABASES)
@pytest.mark.parametrize(
    "words", [("users", "create", "x"), variant(("tokens", "create", "x")), ("serve", "--port", "0")]
)
def test_a_database_that_cannot_be_used(words: tuple[str, ...], make: object, tmp_path: Path) -> None:
    assert callable(make)
    result = CliRunner().invoke(main, [*words, "--database", make(tmp_path)])
    assert result.exit_code == 1, result.output
    assert result.stderr.startswith("Error: ")
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.stdout == ""


@pytest.mark.parametrize("name", ["", " ", " x", "a:b", "a\nb", "x" * 257, "\udcff", "taken", "TAKEN"])
def test_impossible_users(name: str, tmp_path: Path) -> None:
    database = str(tmp_path / "registry.db")
    command(database, "users", "create", "taken")
    result = CliRunner().invoke(main, ["users", "create", "--database", database, "--", name])
    code = 2 if name == "\udcff" else 1  # not valid text
    assert (result.exit_code, result.stderr[:7]) == (code, "Error: ")


def test_tokens_for_nobody(tmp_path: Path) -> None:
    database = str(tmp_path / "registry.db")
    command(database, "users", "create", "somebody")
    result = CliRunner().invoke(main, ["tokens", "create", "somebody", "nobody", "--database", database])
    assert (result.exit_code, result.stdout) == (1, "")
    assert "users create nobody" in result.stderr
