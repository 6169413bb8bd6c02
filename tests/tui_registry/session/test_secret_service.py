"""Tokens in a real Secret Service: stored, read and removed there, and to be found nowhere else."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.live_registry import command
from tests.tui_registry.samples import OWNER, Samples
from tests.tui_registry.secret_service import secret_service
from tests.tui_registry.terminal_process import PROGRAM, ROOT, TIMEOUT, terminal
from tui_registry.client.registry import RegistryClient

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the Secret Service is Linux's")

CRASHING = """
from tui_registry.app import ConsoleApp
from tui_registry.cli import main

def action_help(self):
    token = self.connection.opened.token
    headers = {"Authorization": f"Bearer {token}"}
    raise RuntimeError(f"There is no help with {headers}")

ConsoleApp.action_help = action_help
main()
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Of nobody else; the registry's own files are elsewhere."""
    home = tmp_path / "home"
    home.mkdir()
    return home


@pytest.fixture
def service(home: Path) -> Iterator[dict[str, str]]:
    with secret_service(home) as variables:
        yield variables


@pytest.fixture
def token(samples: Samples) -> str:
    """One of OWNER's that no other test uses."""
    return command(samples.registry.database, "tokens", "create", OWNER).strip()


def run(variables: Mapping[str, str], *arguments: str, typed: str = "") -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [*PROGRAM, *arguments],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)} | dict(variables),
        cwd=ROOT,
        input=typed.encode(),
        capture_output=True,
        timeout=TIMEOUT,
        check=False,
    )


def login(variables: Mapping[str, str], samples: Samples, token: str) -> None:
    done = run(variables, "login", samples.url, "--profile", "work", "--token-stdin", typed=f"{token}\n")
    assert done.returncode == 0, done.stderr
    assert token.encode() not in done.stdout + done.stderr


def kept(variables: Mapping[str, str], account: str) -> str:
    """What the service has under an account, asked by another program than ours."""
    done = subprocess.run(
        [sys.executable, "-m", "keyring", "get", "tui-registry", account],
        env={"PATH": os.environ["PATH"]} | dict(variables),
        capture_output=True,
        timeout=TIMEOUT,
        check=False,
    )
    return done.stdout.decode().strip()


def assert_nowhere(token: str, samples: Samples, home: Path) -> None:
    """In no file of the user's, not in the server's log, and not in the list of processes, whoever's they are."""
    files = [file for file in home.rglob("*") if file.is_file()]
    assert any(file.suffix == ".keyring" for file in files)
    for file in [*files, samples.registry.log]:
        assert token.encode() not in file.read_bytes(), f"the token is in {file}"
    for process in Path("/proc").iterdir():
        for what in ("cmdline", "environ"):
            try:
                content = (process / what).read_bytes() if process.name.isdecimal() else b""
            except OSError:
                continue  # it has ended, or is somebody else's
            assert token.encode() not in content, f"the token is in {what} of process {process.name}"


def test_a_token_is_stored_read_and_removed(samples: Samples, service: dict[str, str], home: Path, token: str) -> None:
    model = samples.pending("kept")
    login(service, samples, token)
    assert kept(service, f"work {samples.url}") == token
    assert_nowhere(token, samples, home)
    with terminal(variables=service) as shown:
        shown.shows(f"{OWNER} @ work", model, "● live")
        shown.press("a")
        shown.shows("Approve this request?")
        shown.press("y")
        shown.shows("No open requests", "Approved;")
        assert_nowhere(token, samples, home)
        shown.press("q")
        assert shown.ends() == 0
    assert token.encode() not in shown.raw
    listed = run(service, "models", "list", samples.id)
    assert listed.returncode == 0, listed.stderr
    assert model in listed.stdout.decode()
    assert run(service, "logout", "work").returncode == 0
    assert kept(service, f"work {samples.url}") == ""
    assert b"work" not in run(service, "profiles").stdout
    assert_nowhere(token, samples, home)


def test_the_token_of_ones_own_registry_is_kept_once_and_ends(service: dict[str, str], home: Path) -> None:
    for _ in range(2):
        done = run(service, "models", "list")
        assert done.returncode == 0, done.stderr
    head, *rows = run(service, "tokens", "list").stdout.decode().splitlines()
    assert len(rows) == 1, "each start has made a token of its own"
    assert not rows[0][head.index("EXPIRES") :].startswith("never")
    token: str = json.loads(kept(service, f"embedded {home / '.local/share/tui-registry/registry.db'}"))["token"]
    assert [file for file in home.rglob("*") if file.is_file() and token.encode() in file.read_bytes()] == []


def test_a_crash_does_not_show_the_token(samples: Samples, service: dict[str, str], home: Path, token: str) -> None:
    model = samples.pending("crash")
    login(service, samples, token)
    with terminal(variables=service, program=(sys.executable, "-c", CRASHING), size=(120, 40)) as shown:
        shown.shows(model, "● live")
        shown.press("?")
        assert shown.ends() == 1
    said = b" ".join(shown.raw.split())  # it may be in several lines
    assert b"tui-registry crashed because of a bug" in said
    assert b"There is no help with" in said
    assert token.encode() not in shown.raw.replace(b"\r\n", b"")
    assert_nowhere(token, samples, home)


def test_a_locked_keyring_shows_the_remedies(samples: Samples, home: Path, token: str) -> None:
    with secret_service(home) as variables:
        login(variables, samples, token)
    with secret_service(home, unlocked=False) as variables:
        with terminal(variables=variables) as shown:
            shown.shows("The registry cannot be opened", "is in the keyring, but", "enter a token")
            shown.press("q")
            assert shown.ends() == 1
        done = run(variables, "models", "list")
        assert done.returncode == 4
        assert b"tui-registry --profile work --ask-token" in done.stderr
    assert token.encode() not in shown.raw


def test_without_a_service_the_remedies_are_shown_and_one_of_them_works(
    samples: Samples, home: Path, token: str
) -> None:
    with secret_service(home) as variables:
        login(variables, samples, token)
    nobody = {"HOME": str(home), "DBUS_SESSION_BUS_ADDRESS": f"unix:path={home}/run/nobody"}
    with terminal(variables=nobody) as shown:
        shown.shows("The registry cannot be opened", "TUI_REGISTRY_TOKEN", "--ask-token", "PYTHON_KEYRING_BACKEND")
        shown.press("t")
        shown.shows("hidden, not stored")
        shown.type(token)
        shown.press("enter")
        shown.shows(f"{OWNER} @ work", "No open requests", "● live")
        assert_nowhere(token, samples, home)
        shown.press("q")
        assert shown.ends() == 0
    assert token.encode() not in shown.raw
    kept = run(nobody, "login", samples.url, "--profile", "other", "--token-stdin", typed=f"{token}\n")
    assert kept.returncode == 0
    assert b"was not stored" in kept.stderr
    assert b"asks for token" in run(nobody, "profiles").stdout
    assert_nowhere(token, samples, home)


async def test_the_journal_does_not_hold_the_token(samples: Samples, token: str) -> None:
    async with RegistryClient(samples.url, token) as client:
        await client.users.me()
        await client.requests.inbox()
        assert len(client.journal.entries) == 2
        assert token not in repr(client.journal)
