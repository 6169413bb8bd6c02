"""Logging in and out by the commands, against the real server, with keyrings that work and ones that do not."""

import json
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from click.testing import CliRunner, Result
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as FailingKeyring
from keyring.backends.null import Keyring as NullKeyring

from tests.live_registry import LiveRegistry
from tests.tui_registry.keyrings import HangingKeyring, LockedKeyring, MemoryKeyring, NotStoringKeyring
from tests.tui_registry.samples import OWNER
from tui_registry.cli import main
from tui_registry.session import connection, credentials, profiles
from tui_registry.session.connection import Connection, ConnectionProblem, connect

VARIABLES = ("TUI_REGISTRY_URL", "TUI_REGISTRY_TOKEN", "TUI_REGISTRY_READ_ONLY", "TUI_REGISTRY_TRACKING_URI")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


@pytest.fixture
def vault() -> Iterator[MemoryKeyring]:
    """The process's keyring."""
    backend = MemoryKeyring()
    before = keyring.get_keyring()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)


@pytest.fixture
def broken(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[KeyringBackend]:
    """The process's keyring, of a kind that does not work."""
    monkeypatch.setattr(credentials, "TIMEOUT", 0.2)
    backend: KeyringBackend = request.param()
    before = keyring.get_keyring()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)
    if isinstance(backend, HangingKeyring):
        backend.ended.set()


BROKEN = pytest.mark.parametrize(
    "broken", [FailingKeyring, NullKeyring, NotStoringKeyring, LockedKeyring, HangingKeyring], indirect=True
)


def run(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(main, arguments, input=typed)


def login(registry: LiveRegistry, *options: str) -> Result:
    return run("login", registry.url, "--token-stdin", *options, typed=f"{registry.token(OWNER)}\n")


def assert_nowhere(secret: str, home: Path) -> None:
    for file in home.rglob("*"):
        assert not file.is_file() or secret.encode() not in file.read_bytes(), file


def test_a_token_goes_to_the_keyring_and_comes_back(registry: LiveRegistry, vault: MemoryKeyring, home: Path) -> None:
    done = login(registry, "--profile", "work")
    assert done.exit_code == 0, done.output
    assert "tui-registry --profile work" in done.output
    assert list(vault.passwords.values()) == [registry.token(OWNER)]
    for opened in (connect(environment={}), connect(profile="work", environment={})):
        assert (opened.url, opened.token, opened.label) == (registry.url, registry.token(OWNER), "work")
        assert registry.token(OWNER) not in repr(opened)
    assert registry.token(OWNER) not in done.output
    assert_nowhere(registry.token(OWNER), home)


def test_the_token_is_asked_for_without_showing_it(registry: LiveRegistry, vault: MemoryKeyring) -> None:
    done = run("login", registry.url, typed=f"{registry.token(OWNER)}\n")
    assert done.exit_code == 0, done.output
    assert registry.token(OWNER) not in done.output
    assert len(vault.passwords) == 1


def test_the_first_profile_is_the_default_and_named_for_its_host(registry: LiveRegistry, vault: MemoryKeyring) -> None:
    assert login(registry).exit_code == 0
    assert login(registry, "--profile", "second").exit_code == 0
    host = registry.url.partition("://")[2]
    _, first, second = run("profiles").output.splitlines()
    assert first.split() == ["*", host, registry.url]
    assert second.split() == ["second", registry.url]
    assert first.index(registry.url) == second.index(registry.url)
    assert len(vault.passwords) == 2


def test_logging_out_forgets(registry: LiveRegistry, vault: MemoryKeyring) -> None:
    login(registry, "--profile", "one")
    login(registry, "--profile", "two")
    assert run("logout", "one").exit_code == 0
    assert run("profiles").output.splitlines()[1:] == [f"*  two      {registry.url}"]
    assert run("logout", "two").exit_code == 0
    assert vault.passwords == {}
    assert run("profiles").stdout == ""
    again = run("logout", "two")
    assert again.exit_code == 1
    assert "There is no profile 'two'" in again.output


def test_what_a_profile_says_besides_stays_when_logging_in_again(registry: LiveRegistry, vault: MemoryKeyring) -> None:
    said = ("--read-only", "--colour", "red", "--tracking-uri", "https://mlflow.example.com/")
    assert login(registry, "--profile", "work", *said).exit_code == 0
    assert login(registry, "--profile", "work", "--colour", "#00aa00").exit_code == 0
    opened = connect(environment={})
    assert (opened.read_only, opened.colour, opened.tracking_uri) == (True, "#00aa00", "https://mlflow.example.com")
    assert "read-only, #00aa00 header, runs at https://mlflow.example.com" in run("profiles").output
    assert login(registry, "--profile", "work", "--read-write", "--colour", "").exit_code == 0
    opened = connect(environment={})
    assert (opened.read_only, opened.colour, opened.tracking_uri) == (False, None, "https://mlflow.example.com")
    assert len(vault.passwords) == 1


def test_a_profile_that_lacks_its_token_lacks_nothing_else(vault: MemoryKeyring) -> None:
    work = profiles.Profile(url="https://a.example", read_only=True, colour="red", tracking_uri="https://runs.example")
    profiles.change(lambda _: profiles.Profiles(profiles={"work": work}))
    with pytest.raises(ConnectionProblem) as caught:
        connect(profile="work", environment={})
    assert caught.value.lacking == Connection(
        "https://a.example", "", "work", read_only=True, colour="red", tracking_uri="https://runs.example"
    )
    assert vault.passwords == {}


def test_logging_in_elsewhere_forgets_the_token_of_before(registry: LiveRegistry, vault: MemoryKeyring) -> None:
    login(registry, "--profile", "work", "--read-only")
    other = registry.url.replace("127.0.0.1", "localhost")
    done = run("login", other, "--profile", "work", "--token-stdin", typed=f"{registry.token(OWNER)}\n")
    assert done.exit_code == 0, done.output
    assert [account for _, account in vault.passwords] == [f"work {other}"]
    assert profiles.read().get("work").read_only


def test_profiles_are_changed_and_listed_as_json(registry: LiveRegistry, vault: MemoryKeyring) -> None:
    login(registry, "--profile", "one")
    login(registry, "--profile", "two", "--colour", "red")
    assert run("profiles", "default", "two").exit_code == 0
    done = run("profiles", "set", "one", "--read-only", "--tracking-uri", "http://runs:5000")
    assert done.output == f"one, {registry.url}, read-only, runs at http://runs:5000\n"
    said = {"read_only": False, "colour": None, "tracking_uri": None, "ca": None, "insecure_http": False}
    said |= {"workspace": None, "ask_token": False, "sign_in": False}
    assert json.loads(run("profiles", "--json").stdout) == {
        "default": "two",
        "profiles": {
            "one": said | {"url": registry.url, "read_only": True, "tracking_uri": "http://runs:5000"},
            "two": said | {"url": registry.url, "colour": "red"},
        },
    }
    assert len(vault.passwords) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("profiles", "default", "nowhere"), "no profile 'nowhere'"),
        (("profiles", "set", "nowhere", "--read-only"), "no profile 'nowhere'"),
        (("profiles", "set", "work", "--colour", "nonesuch"), "colour: 'nonesuch' must be the name of a colour"),
        (("profiles", "set", "work", "--tracking-uri", "runs"), "tracking_uri: must start with http"),
        (("profiles", "set", "work", "--workspace", "A/b"), "workspace: must be the name of a workspace"),
    ],
)
def test_a_profile_that_cannot_be_so_stays(
    registry: LiveRegistry, vault: MemoryKeyring, arguments: tuple[str, ...], message: str
) -> None:
    login(registry, "--profile", "work")
    before = profiles.read()
    done = run(*arguments)
    assert done.exit_code == 1
    assert message in done.stderr
    assert profiles.read() == before
    assert vault.passwords


def test_a_login_with_a_colour_that_is_none_keeps_nothing(registry: LiveRegistry, vault: MemoryKeyring) -> None:
    done = login(registry, "--colour", "nonesuch")
    assert done.exit_code == 1
    assert "colour: 'nonesuch'" in done.stderr
    assert vault.passwords == {}
    assert profiles.read().profiles == {}


@pytest.mark.parametrize(
    ("value", "read_only"), [("1", True), ("yes", True), ("treu", True), ("0", False), ("false", False), ("", False)]
)
def test_the_environment_makes_anything_read_only(
    registry: LiveRegistry, vault: MemoryKeyring, value: str, read_only: bool
) -> None:
    login(registry, "--profile", "work", "--tracking-uri", "https://work.example")
    given = {
        "TUI_REGISTRY_URL": "https://env.example",
        "TUI_REGISTRY_TOKEN": "tr_env",
        "TUI_REGISTRY_READ_ONLY": value,
        "TUI_REGISTRY_TRACKING_URI": "https://runs.example/",
    }
    of_environment, of_profile = connect(environment=given), connect(profile="work", environment=given)
    assert (of_environment.read_only, of_environment.tracking_uri) == (read_only, "https://runs.example")
    assert (of_profile.read_only, of_profile.tracking_uri) == (read_only, "https://work.example")
    assert vault.passwords


def test_a_url_that_was_changed_does_not_get_the_token(registry: LiveRegistry, vault: MemoryKeyring) -> None:
    login(registry, "--profile", "work")
    file = profiles.config_file()
    file.write_text(file.read_text().replace(registry.url, "https://elsewhere.example"))
    with pytest.raises(ConnectionProblem, match="There is no token for profile 'work'") as caught:
        connect(environment={})
    assert caught.value.lacking is not None
    assert len(vault.passwords) == 1


@pytest.mark.parametrize(
    ("url", "token", "message"),
    [
        ("{url}", "tr_wrong", "does not accept this token"),
        ("{url}", "", "No token was given"),
        ("{url}", "ünïcode", "cannot be a token: character 1 of 7 is a blank or not ASCII"),
        ("http://127.0.0.1:9", "tr_any", "cannot be reached"),
        ("{url}/nowhere", "tr_any", "answered 404: is it a registry?"),
        ("registry.example.com", "tr_any", "must start with http://"),
        ("http://", "tr_any", ""),
        ("http://[", "tr_any", ""),
        ("http://a b", "tr_any", ""),
    ],
)
def test_a_login_that_fails_says_why_and_keeps_nothing(
    registry: LiveRegistry, vault: MemoryKeyring, url: str, token: str, message: str
) -> None:
    done = run("login", url.format(url=registry.url), "--token-stdin", typed=f"{token}\n")
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit), repr(done.exception)
    assert message in done.output
    assert not token or token not in done.output
    assert vault.passwords == {}
    assert profiles.read().profiles == {}


@BROKEN
def test_without_a_keyring_the_profile_is_kept_and_its_token_is_not(
    registry: LiveRegistry, broken: KeyringBackend, home: Path
) -> None:
    assert keyring.get_keyring() is broken
    done = login(registry, "--profile", "work", "--read-only")
    assert done.exit_code == 0, done.output
    assert "was not stored" in done.stderr
    saved = profiles.read().get("work")
    assert (saved.url, saved.ask_token, saved.read_only) == (registry.url, True, True)
    assert "asks for token" in run("profiles").stdout
    assert_nowhere(registry.token(OWNER), home)
    with pytest.raises(ConnectionProblem, match="stored nowhere") as caught:
        connect(environment={})
    assert caught.value.lacking is not None
    assert run("logout", "work").exit_code == 0
    assert profiles.read().profiles == {}


def test_logging_out_removes_the_token_of_an_earlier_login(registry: LiveRegistry, vault: MemoryKeyring) -> None:
    login(registry, "--profile", "work")
    saved = profiles.read()
    profiles.change(
        lambda _: saved.model_copy(update={"profiles": {"work": profiles.Profile(url=registry.url, ask_token=True)}})
    )
    assert vault.passwords
    assert run("logout", "work").exit_code == 0
    assert vault.passwords == {}


def test_a_login_with_a_keyring_ends_the_questions(registry: LiveRegistry, vault: MemoryKeyring) -> None:
    profiles.change(lambda _: profiles.Profiles(profiles={"work": profiles.Profile(url=registry.url, ask_token=True)}))
    assert login(registry, "--profile", "work").exit_code == 0
    assert not profiles.read().get("work").ask_token
    assert connect(profile="work", environment={}).token == registry.token(OWNER)
    assert vault.passwords


def test_the_token_of_the_environment_is_for_the_registry_that_it_names(
    registry: LiveRegistry, vault: MemoryKeyring
) -> None:
    login(registry, "--profile", "work")
    mine = {"TUI_REGISTRY_TOKEN": "tr_env\n"}
    elsewhere, same = {"TUI_REGISTRY_URL": "https://env.example"}, {"TUI_REGISTRY_URL": f"{registry.url}/"}
    assert connect(environment=mine).token == "tr_env"
    assert connect(profile="work", environment=mine).token == registry.token(OWNER)
    assert connect(profile="work", environment=mine | same, switched=True).token == "tr_env"
    assert connect(profile="work", environment=mine | same).token == "tr_env"
    assert connect(profile="work", environment=mine | elsewhere).token == registry.token(OWNER)
    with pytest.raises(ConnectionProblem, match="TUI_REGISTRY_TOKEN cannot be a token"):
        connect(environment={"TUI_REGISTRY_TOKEN": "two words"})
    assert vault.passwords


@BROKEN
def test_a_profile_without_its_keyring_lacks_but_the_token(broken: KeyringBackend) -> None:
    profiles.change(
        lambda _: profiles.Profiles(default="work", profiles={"work": profiles.Profile(url="https://a.example")})
    )
    with pytest.raises(ConnectionProblem) as caught:
        connect(environment={})
    assert caught.value.lacking is not None
    assert caught.value.lacking.url == "https://a.example"
    if not isinstance(broken, NullKeyring | NotStoringKeyring):
        assert credentials.remedies("work") in str(caught.value)


def test_the_environment_wins_over_the_default_profile(registry: LiveRegistry, vault: MemoryKeyring) -> None:
    login(registry)
    given = {"TUI_REGISTRY_URL": "https://env.example/", "TUI_REGISTRY_TOKEN": "tr_env"}
    opened = connect(environment=given)
    assert (opened.url, opened.token) == ("https://env.example", "tr_env")
    host = registry.url.partition("://")[2]
    assert connect(profile=host, environment=given).token == registry.token(OWNER)
    assert vault.passwords


@pytest.mark.parametrize(
    ("given", "message", "lacks_token"),
    [
        ({"TUI_REGISTRY_URL": "https://a.example"}, "TUI_REGISTRY_TOKEN is not", True),
        ({"TUI_REGISTRY_URL": "a.example", "TUI_REGISTRY_TOKEN": "tr_x"}, "TUI_REGISTRY_URL: must start", False),
        ({"TUI_REGISTRY_URL": "https://a:b@c", "TUI_REGISTRY_TOKEN": "tr_x"}, "must not contain a password", False),
        (
            {"TUI_REGISTRY_URL": "https://a", "TUI_REGISTRY_TOKEN": "tr_x", "TUI_REGISTRY_TRACKING_URI": "sqlite:///x"},
            "TUI_REGISTRY_TRACKING_URI: must start",
            False,
        ),
    ],
)
def test_an_environment_that_lacks_something(given: dict[str, str], message: str, lacks_token: bool) -> None:
    with pytest.raises(ConnectionProblem, match=message) as caught:
        connection.connect(environment=given)
    assert (caught.value.lacking is not None) == lacks_token


def test_a_profile_that_is_not_there_or_cannot_be_read() -> None:
    with pytest.raises(ConnectionProblem, match="no profile 'nowhere'"):
        connect(profile="nowhere", environment={})
    profiles.config_file().parent.mkdir(parents=True)
    profiles.config_file().write_text("this is not TOML")
    with pytest.raises(ConnectionProblem, match=r"profiles\.toml is not valid TOML"):
        connect(environment={})


def test_the_console_is_not_opened_into_a_pipe(registry: LiveRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUI_REGISTRY_URL", registry.url)
    monkeypatch.setenv("TUI_REGISTRY_TOKEN", registry.token(OWNER))
    done = run()
    assert done.exit_code == 1
    assert "needs a terminal" in done.output
