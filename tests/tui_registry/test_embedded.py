"""``tui-registry`` without any configuration: a registry of its own, shared by consoles, ended with the last."""

import json
import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.tui_registry.terminal import Terminal, terminal

PATIENCE = 60.0  # seconds


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def state_of(home: Path) -> Path:
    (state,) = home.rglob("registry.db.server")
    return state


def open_console(stack: ExitStack, home: Path) -> Terminal:
    variables = {"HOME": str(home), "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    shown = stack.enter_context(terminal(variables=variables))
    shown.shows("● live")
    return shown


def has_ended(pid: int) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize("last_words", ["q", "killed"])
def test_shared_by_two_and_ended_with_the_last(stack: ExitStack, tmp_path: Path, last_words: str) -> None:
    first = open_console(stack, tmp_path)
    server = json.loads(state_of(tmp_path).read_text())
    second = open_console(stack, tmp_path)
    assert json.loads(state_of(tmp_path).read_text()) == server
    first.press("q")
    assert first.ends() == 0
    time.sleep(3)  # three looks of the server's
    assert httpx.get(f"{server['url']}/health").is_success
    second.shows("● live")
    if last_words == "q":
        second.press("q")
        assert second.ends() == 0
    else:
        os.kill(second.child.pid, signal.SIGKILL)
    assert has_ended(server["pid"])


def test_the_token_is_nowhere(stack: ExitStack, tmp_path: Path) -> None:
    shown = open_console(stack, tmp_path)
    server = json.loads(state_of(tmp_path).read_text())
    for pid in (shown.child.pid, server["pid"]):
        assert b"tr_" not in Path(f"/proc/{pid}/cmdline").read_bytes()
    shown.press("q")
    assert shown.ends() == 0
    assert has_ended(server["pid"])
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert files
    for file in files:
        assert b"tr_" not in file.read_bytes(), file
    database = next(file for file in files if file.name == "registry.db")
    assert database.stat().st_mode & 0o077 == 0
    assert database.parent.stat().st_mode & 0o077 == 0
    with sqlite3.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM tokens").fetchone() == (1,)
    assert b"tr_" not in shown.raw
