"""The file of profiles: read and written as a user and an editor would, without secrets in it."""

import stat
import tomllib
from pathlib import Path

import pytest

from tui_registry.session import profiles
from tui_registry.session.profiles import Profile, ProfileError, Profiles


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path


def write(text: str) -> None:
    profiles.config_file().parent.mkdir(parents=True, exist_ok=True)
    profiles.config_file().write_text(text, encoding="utf-8")


def test_without_a_file_there_are_no_profiles() -> None:
    assert profiles.read() == Profiles()
    assert not profiles.config_file().exists()


def test_what_is_written_is_read() -> None:
    known = Profiles(default="ü", profiles={"ü": Profile(url="https://a.example/"), "b c": Profile(url="http://b:1")})
    profiles.write(known)
    assert profiles.read() == known
    assert profiles.read().profiles["ü"].url == "https://a.example"
    profiles.write(Profiles())
    assert profiles.read() == Profiles()


def test_only_the_owner_reads_it_and_no_draft_is_left() -> None:
    profiles.write(Profiles())
    file = profiles.config_file()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert list(file.parent.iterdir()) == [file]


def test_the_example_of_the_documentation_is_read() -> None:
    write('default = "production"\n\n[profiles.production]\nurl = "https://registry.example.com"\n')
    assert profiles.read().get("production").url == "https://registry.example.com"
    tomllib.loads(profiles.config_file().read_text())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("default = ", "not valid TOML"),
        ("\udcff", "not valid TOML"),
        ("[profiles.a]\nurl = 'ftp://x'", "profiles.a.url: "),
        ("[profiles.a]\nurl = 'https://x'\ntoken = 'tr_secret'", "profiles.a.token: "),
        ("[profiles.a]", "profiles.a.url: "),
        ("colour = 'red'", "colour: "),
        ("profiles = 3", "profiles: "),
    ],
)
def test_what_cannot_be_understood_is_told_with_its_place(text: str, told: str) -> None:
    profiles.config_file().parent.mkdir(parents=True)
    profiles.config_file().write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(ProfileError) as caught:
        profiles.read()
    assert told in str(caught.value)
    assert str(profiles.config_file()) in str(caught.value)
    assert "tr_secret" not in str(caught.value)


def test_a_profile_that_is_not_there_is_told_with_those_that_are() -> None:
    known = Profiles(profiles={"a": Profile(url="https://a"), "b": Profile(url="https://b")})
    with pytest.raises(ProfileError, match=r"no profile 'c' \(known: a, b\)"):
        known.get("c")


def test_another_url_is_another_account() -> None:
    one, other = Profile(url="https://a"), Profile(url="https://b")
    assert profiles.account("x", one) != profiles.account("x", other)
