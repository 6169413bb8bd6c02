"""The console without any configuration: a registry of one's own, shared, ended with the last console, and private."""

import contextlib
import json
import os
import re
import signal
import sqlite3
from pathlib import Path

import httpx
import keyring
import pytest

from tests.tui_registry.keyrings import MemoryKeyring
from tests.tui_registry.terminal_process import Terminal, terminal
from tests.waiting import until
from tui_registry.session.embedded import EmbeddedRegistry

TOKEN = re.compile(rb"tr_[A-Za-z0-9_-]{16,}")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


def variables(home: Path) -> dict[str, str]:
    return {"HOME": str(home), "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}


def beside(home: Path, suffix: str = "") -> Path:
    return home / ".local" / "share" / "tui-registry" / f"registry.db{suffix}"


def server_pid(home: Path) -> int:
    pid: int = json.loads(beside(home, ".server").read_text())["pid"]
    return pid


def runs(pid: int) -> bool:
    """Whether a process runs; one that has ended and is only not yet asked for its exit code does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def opened(shown: Terminal) -> None:
    shown.shows("@ local", "No open requests", "● live")


def quit_console(shown: Terminal) -> None:
    shown.press("q")
    assert shown.ends() == 0


def test_two_consoles_share_a_server_that_ends_with_the_last(home: Path) -> None:
    with terminal(variables=variables(home)) as one:
        opened(one)
        pid = server_pid(home)
        with terminal(variables=variables(home)) as other:
            opened(other)
            assert server_pid(home) == pid
            quit_console(one)
            other.press("2")
            other.shows("No models that you can read", "● live")
            assert runs(pid)
            quit_console(other)
    until(lambda: not runs(pid), "the server has ended")
    assert not beside(home, ".server").exists()
    assert "Traceback" not in beside(home, ".log").read_text()


def test_two_consoles_that_start_at_once_share_a_server(home: Path) -> None:
    with terminal(variables=variables(home)) as one, terminal(variables=variables(home)) as other:
        opened(one)
        opened(other)
        pid = server_pid(home)
        quit_console(one)
        quit_console(other)
    until(lambda: not runs(pid), "the server has ended")


def test_a_killed_console_does_not_leave_a_server_behind(home: Path) -> None:
    with terminal(variables=variables(home)) as shown:
        opened(shown)
        pid = server_pid(home)
        os.kill(shown.child.pid, signal.SIGKILL)
        until(lambda: not runs(pid), "the server has ended")


def test_the_token_is_nowhere_but_in_memory(home: Path) -> None:
    with terminal(variables=variables(home)) as shown:
        opened(shown)
        pid = server_pid(home)
        for process in (pid, shown.child.pid):
            for what in ("cmdline", "environ"):
                content = Path(f"/proc/{process}/{what}").read_bytes()
                assert not TOKEN.search(content), f"the token is in {what} of {process}"
        assert_no_token_in_files(home)
        quit_console(shown)
    until(lambda: not runs(pid), "the server has ended")
    assert_no_token_in_files(home)
    assert not TOKEN.search(shown.raw)
    with contextlib.closing(sqlite3.connect(beside(home))) as connection:
        assert connection.execute("SELECT count(*) FROM tokens").fetchone() == (1,)


def assert_no_token_in_files(home: Path) -> None:
    files = [file for file in home.rglob("*") if file.is_file()]
    assert beside(home) in files
    for file in files:
        assert not TOKEN.search(file.read_bytes()), file
        assert not file.stat().st_mode & 0o077 or not file.parent.stat().st_mode & 0o077, f"others can read {file}"


def test_a_database_that_cannot_be_opened_is_reported(home: Path) -> None:
    beside(home).parent.mkdir(parents=True)
    beside(home).write_bytes(b"This is not a database. " * 1000)
    with terminal(variables=variables(home)) as shown:
        shown.shows("The registry cannot be opened", "could not be started", "r try again")
        shown.press("q")
        assert shown.ends() == 1
    assert b"Traceback" not in shown.raw


@pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")  # it is meant to
def test_the_token_is_kept_in_the_keyring(home: Path) -> None:
    before, vault = keyring.get_keyring(), MemoryKeyring()
    keyring.set_keyring(vault)
    try:
        tokens = []
        for _ in range(2):
            registry = EmbeddedRegistry(beside(home))
            tokens.append(registry.open())
            path = f"{registry.url}/api/2.0/preview/scim/v2/Me"
            answer = httpx.get(path, headers={"Authorization": f"Bearer {tokens[-1]}"})
            assert answer.json()["userName"] == registry.user
            registry.close()
            until(lambda: not beside(home, ".server").exists(), "the server has ended")
    finally:
        keyring.set_keyring(before)
    assert tokens[0] == tokens[1]
    assert [json.loads(kept)["token"] for kept in vault.passwords.values()] == [tokens[0]]
