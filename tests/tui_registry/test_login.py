"""Logging in: the token goes to the keyring and nowhere else, the profile to a file without secrets."""

from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring

from tests.live_registry import LiveRegistry
from tui_registry.session import credentials, profiles
from tui_registry.session.connection import ConnectionProblem, connect
from tui_registry.session.login import LoginError, login, logout


class Pocket(KeyringBackend):
    """A keyring that keeps what it is given as long as the test runs."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # keyring has no types
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return tmp_path


@pytest.fixture
def pocket() -> Iterator[Pocket]:
    before = keyring.get_keyring()
    pocket = Pocket()
    keyring.set_keyring(pocket)
    yield pocket
    keyring.set_keyring(before)


@pytest.fixture
def no_keyring() -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(NoKeyring())  # type: ignore[no-untyped-call]  # keyring's own, without types
    yield
    keyring.set_keyring(before)


def files(home: Path) -> str:
    return "".join(file.read_text() for file in home.rglob("*") if file.is_file())


def test_in_and_out(registry: LiveRegistry, pocket: Pocket, home: Path) -> None:
    token = registry.admin_token
    assert login(registry.url + "/", "work", token) == "work"
    assert list(pocket.kept.values()) == [token]
    assert token not in files(home)
    assert profiles.config_file().stat().st_mode & 0o077 == 0
    connection = connect(environment={})
    assert (connection.url, connection.token, connection.label) == (registry.url, token, "work")
    assert token not in repr(connection)
    logout("work")
    assert pocket.kept == {}
    assert profiles.read().profiles == {}


def test_the_name_is_the_host_if_none_is_given(registry: LiveRegistry, pocket: Pocket) -> None:
    assert login(registry.url, None, registry.admin_token) == registry.url.removeprefix("http://")


def test_a_changed_url_does_not_get_the_token(registry: LiveRegistry, pocket: Pocket) -> None:
    login(registry.url, "work", registry.admin_token)
    file = profiles.config_file()
    file.write_text(file.read_text().replace("127.0.0.1", "localhost"))
    with pytest.raises(ConnectionProblem, match="no token for profile 'work'"):
        connect(environment={})


def test_the_environment_comes_before_the_default_profile(registry: LiveRegistry, pocket: Pocket) -> None:
    login(registry.url, "work", registry.admin_token)
    given = {"TUI_REGISTRY_URL": "http://elsewhere:1/", "TUI_REGISTRY_TOKEN": "t"}
    assert connect(environment=given).url == "http://elsewhere:1"
    assert connect(profile="work", environment=given).url == registry.url


@pytest.mark.parametrize(
    ("url", "token", "told"),
    [
        ("registry.example.com", "t", "must begin with http"),
        ("http://127.0.0.1:1", "t", "cannot be reached"),
        ("", "t", "must begin with http"),
    ],
)
def test_what_cannot_be(url: str, token: str, told: str, pocket: Pocket) -> None:
    with pytest.raises(LoginError, match=told):
        login(url, None, token)
    assert pocket.kept == {}


def test_a_wrong_token_is_not_kept(registry: LiveRegistry, pocket: Pocket, home: Path) -> None:
    with pytest.raises(LoginError, match="does not accept this token"):
        login(registry.url, None, "wrong")
    assert pocket.kept == {}
    assert files(home) == ""


def test_without_a_keyring_nothing_is_kept_and_remedies_are_named(
    registry: LiveRegistry, no_keyring: None, home: Path
) -> None:
    with pytest.raises(LoginError, match="TUI_REGISTRY_TOKEN") as error:
        login(registry.url, "work", registry.admin_token)
    assert all(remedy in str(error.value) for remedy in credentials.REMEDIES)
    assert files(home) == ""


@pytest.mark.parametrize(
    "content", ["default = 3", "[profiles.x]\nurl = 'ftp://x'", "this is not TOML", "surprise = 1"]
)
def test_a_file_that_cannot_be_understood_is_named(content: str) -> None:
    file = profiles.config_file()
    file.parent.mkdir(parents=True)
    file.write_text(content)
    with pytest.raises(ConnectionProblem, match=r"profiles\.toml"):
        connect(environment={})


def test_a_profile_that_is_not_there() -> None:
    with pytest.raises(ConnectionProblem, match="no profile 'nowhere'"):
        connect(profile="nowhere", environment={})


def test_a_url_without_a_token() -> None:
    with pytest.raises(ConnectionProblem, match="TUI_REGISTRY_TOKEN"):
        connect(environment={"TUI_REGISTRY_URL": "http://127.0.0.1:1"})
