"""The usual case over SSH: no keyring. The profile is kept, its token is asked for, and goes nowhere else."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.tui_registry.console import SIZES
from tests.tui_registry.samples import OWNER, Samples
from tests.tui_registry.terminal_process import PROGRAM, ROOT, TIMEOUT, UNWANTED, terminal
from tests.variants import variant
from tui_registry.commands.exit_codes import Exit


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """A home without profiles, and a keyring that fails."""
    return {"HOME": str(tmp_path), "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}


def run(variables: Mapping[str, str], *arguments: str, typed: str = "") -> "subprocess.CompletedProcess[str]":
    kept = {name: value for name, value in os.environ.items() if not name.startswith(UNWANTED)}
    return subprocess.run(
        [*PROGRAM, *arguments],
        env=kept | {"PYTHONPATH": str(ROOT)} | dict(variables),
        cwd=ROOT,
        input=typed,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


@pytest.fixture
def logged_in(samples: Samples, bare: dict[str, str]) -> dict[str, str]:
    done = run(bare, "login", samples.url, "--profile", "work", "--token-stdin", typed=f"{samples.token}\n")
    assert done.returncode == 0, done.stderr
    assert "The token is valid, but was not stored" in done.stderr
    return bare


def assert_nowhere(token: str, home: str) -> None:
    assert not [file for file in Path(home).rglob("*") if file.is_file() and token.encode() in file.read_bytes()]


@SIZES
def test_who_logs_in_is_asked_again_when_the_console_starts(
    samples: Samples, bare: dict[str, str], size: tuple[int, int]
) -> None:
    with terminal("login", samples.url, "--profile", "work", variables=bare, size=size) as shown:
        shown.shows("Token:")
        shown.type(f"{samples.token}\r")
        shown.shows("The token is valid, but was not stored")
        assert shown.ends() == 0
    assert samples.token.encode() not in shown.raw
    with terminal(variables=bare, size=size) as shown:
        shown.shows(f"Token for {samples.url}")
        shown.type(f"{samples.token}\r")
        shown.shows(f"{OWNER} @ work", "● live")
        shown.press("q")
        assert shown.ends() == 0
    assert_nowhere(samples.token, bare["HOME"])


def test_a_command_asks_for_the_token_in_a_terminal(samples: Samples, logged_in: dict[str, str]) -> None:
    model = samples.model("asked")
    with terminal("models", "list", variables=logged_in) as shown:
        shown.shows(f"Token for {samples.url}")
        shown.type(f"{samples.token}\r")
        shown.shows(model)
        assert shown.ends() == 0
    assert samples.token.encode() not in shown.raw
    assert_nowhere(samples.token, logged_in["HOME"])


def test_a_script_takes_it_from_the_environment_or_is_told_how(samples: Samples, logged_in: dict[str, str]) -> None:
    model = samples.model("scripted")
    message = run(logged_in, "models", "list")
    assert message.returncode == Exit.NOT_ALLOWED
    assert "tui-registry --profile work --ask-token" in message.stderr
    assert "TUI_REGISTRY_TOKEN" in message.stderr
    done = run(logged_in | {"TUI_REGISTRY_TOKEN": samples.token}, "models", "list")
    assert done.returncode == 0, done.stderr
    assert model in done.stdout


@pytest.mark.parametrize(
    "arguments", [(), variant(("--profile", "work")), variant(("--profile", "work", "--ask-token"))]
)
def test_the_console_asks_before_it_draws(
    samples: Samples, logged_in: dict[str, str], arguments: tuple[str, ...]
) -> None:
    with terminal(*arguments, variables=logged_in) as shown:
        shown.shows(f"Token for {samples.url}")
        assert b"\x1b[?1049h" not in shown.raw
        shown.type(f"{samples.token}\r")
        shown.shows(f"{OWNER} @ work", "● live")
        shown.press("q")
        assert shown.ends() == 0
    assert_nowhere(samples.token, logged_in["HOME"])


def test_the_console_takes_it_from_the_environment(samples: Samples, logged_in: dict[str, str]) -> None:
    with terminal(variables=logged_in | {"TUI_REGISTRY_TOKEN": samples.token}) as shown:
        shown.shows(f"{OWNER} @ work", "● live")
        shown.press("q")
        assert shown.ends() == 0


def test_no_other_registry_is_opened_for_a_token_that_was_to_be_entered(bare: dict[str, str]) -> None:
    with terminal("--ask-token", variables=bare) as shown:
        shown.shows("no default profile,", "tui-registry login URL")
        assert shown.ends() == Exit.REFUSED
    assert not list(Path(bare["HOME"]).rglob("registry.db*"))


def test_what_is_entered_wrongly_is_reported_in_words_of_this_program(
    samples: Samples, logged_in: dict[str, str]
) -> None:
    with terminal("models", "list", variables=logged_in) as shown:
        shown.shows("Token for")
        shown.type("\r")
        shown.shows("No token was entered")
        assert shown.ends() == Exit.REFUSED
    message = run(logged_in | {"TUI_REGISTRY_TOKEN": "tr_wrong"}, "models", "list")
    assert message.returncode == Exit.NOT_ALLOWED
    assert f"tui-registry login {samples.url}" in message.stderr
    assert "TUI_REGISTRY_TOKEN" in message.stderr
    assert "Bearer" not in message.stderr


def test_another_profile_is_asked_for_its_own_token(samples: Samples, logged_in: dict[str, str]) -> None:
    """Not the one that TUI_REGISTRY_URL names."""
    other = {"TUI_REGISTRY_URL": samples.url.replace("127.0.0.1", "localhost"), "TUI_REGISTRY_TOKEN": samples.token}
    with terminal(variables=logged_in | other) as shown:
        shown.shows(" @ localhost", "● live")
        shown.press("P")
        shown.shows("not a profile")
        shown.press("j")
        shown.shows("asks for token")
        shown.press("enter")
        shown.shows(f"Token for {samples.url}")
        shown.type(f"{samples.token}\r")
        shown.shows(f"{OWNER} @ work", "● live")
        shown.press("q")
        assert shown.ends() == 0
