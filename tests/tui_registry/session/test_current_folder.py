"""Nothing in the folder that a command is run from is run, whatever it is called."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.live_registry import TIMEOUT
from tests.tui_registry.terminal_process import UNWANTED, terminal
from tests.variants import variant
from tests.waiting import until

SCRIPT = Path(sys.executable).with_name("tui-registry")
DECOYS = sorted({
    *sys.stdlib_module_names, "server", "tui_registry", "tui_registry_server", "tests", "click", "httpx", "keyring",
    "pydantic", "sqlalchemy", "alembic", "starlette", "uvicorn", "uvloop", "platformdirs", "textual", "sitecustomize",
})  # fmt: skip


def plant(folder: Path, names: list[str]) -> Path:
    """A folder of modules, each of which says that it ran."""
    folder.mkdir(exist_ok=True)
    ran = folder / "ran"
    for name in names:
        (folder / f"{name}.py").write_text(
            f"open({str(ran)!r}, 'a').write({name!r} + '\\n')\nraise SystemExit('mine')\n"
        )
    return ran


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith((*UNWANTED, "PYTHON"))}
    return kept | {"HOME": str(tmp_path / "home"), "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}


def run(program: list[str], folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        program,
        check=False,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def journey(script: list[str], folder: Path, environment: dict[str, str]) -> None:
    """Every command that starts another interpreter, or is one of the server's."""
    registry = ["--database", "registry.db"]
    run([*script, "models", "list"], folder, environment)  # on the registry of one's own, which it starts and ends
    run([*script, "users", "create", "ann", "--admin", *registry], folder, environment)
    run([*script, "tokens", "create", "ann", *registry], folder, environment)
    assert "ann" in run([*script, "tokens", "list", *registry], folder, environment)
    run([*script, "audit", "verify", *registry], folder, environment)
    run([*script, "audit", "export", *registry, "--output", "log.jsonl"], folder, environment)
    run([*script, "backup", "backup.db", *registry], folder, environment)
    run([*script, "restore", "backup.db", "--database", "restored.db"], folder, environment)
    run([*script, "migrate", "registry.db", "moved.db"], folder, environment)
    serves([*script, "serve", "--port", "0", "--state-file", "state", *registry], folder, environment)


def serves(program: list[str], folder: Path, environment: dict[str, str]) -> None:
    with subprocess.Popen(program, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True) as server:
        try:
            state = folder / "state"
            until(lambda: state.exists() or server.poll() is not None, "the server's state")
            assert json.loads(state.read_text())["url"]
        finally:
            server.terminate()


def test_no_command_runs_what_lies_there(tmp_path: Path, environment: dict[str, str]) -> None:
    ran = plant(tmp_path / "folder", DECOYS)
    journey([str(SCRIPT)], ran.parent, environment)
    assert not ran.exists(), ran.read_text()


def test_neither_do_the_modules_where_python_lets_them_be_first(tmp_path: Path, environment: dict[str, str]) -> None:
    """``python -m`` without ``-P`` puts the folder first, until our own first line has run."""
    ran = plant(tmp_path / "folder", ["server", "secrets", "json", "ssl", "click", "sqlite3", "logging", "asyncio"])
    for module in ("tui_registry", "tui_registry_server"):
        run([sys.executable, "-m", module, "users", "create", module, *("--database", "r.db")], ran.parent, environment)
    run([sys.executable, "-m", "tui_registry", "models", "list"], ran.parent, environment)
    assert not ran.exists(), ran.read_text()


@pytest.mark.parametrize("path", [".", *(variant(path) for path in ("{folder}", ":/nowhere"))])
def test_nor_a_stray_package_on_pythonpath(tmp_path: Path, environment: dict[str, str], path: str) -> None:
    """A project of somebody's own may well have a package ``server``, and an empty entry means the current folder."""
    ran = plant(tmp_path / "folder", ["server"])
    environment["PYTHONPATH"] = path.format(folder=ran.parent)
    run([str(SCRIPT), "models", "list"], ran.parent, environment)
    if "{" not in path:
        plant(ran.parent, ["sqlalchemy", "alembic", "uvicorn", "starlette"])
    run([str(SCRIPT), "users", "create", "ann", "--database", "registry.db"], ran.parent, environment)
    assert not ran.exists(), ran.read_text()


@pytest.mark.parametrize("arguments", [[], variant(["demo"])])
def test_the_console_and_the_demo_neither(tmp_path: Path, environment: dict[str, str], arguments: list[str]) -> None:
    ran = plant(tmp_path / "folder", DECOYS)
    with terminal(
        *arguments, program=[str(SCRIPT)], variables=environment | {"PYTHONPATH": ""}, cwd=ran.parent
    ) as shown:
        shown.shows("Inbox", "● live")
        shown.press("q")
        assert shown.ends() == 0
    assert not ran.exists(), ran.read_text()
