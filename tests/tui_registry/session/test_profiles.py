"""The file of profiles: read and written as a user and an editor would, without secrets in it."""

import stat
import tomllib
from pathlib import Path

import pytest
from textual.color import Color

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
    profiles.change(lambda _: known)
    assert profiles.read() == known
    assert profiles.read().profiles["ü"].url == "https://a.example"
    profiles.change(lambda _: Profiles())
    assert profiles.read() == Profiles()


def test_only_the_owner_reads_it_and_no_draft_is_left() -> None:
    profiles.change(lambda _: Profiles())
    file = profiles.config_file()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert list(file.parent.iterdir()) == [file]


def test_the_example_of_the_documentation_is_read() -> None:
    readme = (Path(__file__).parents[3] / "tui_registry/README.md").read_text()
    write(readme.partition("```toml\n")[2].partition("```")[0])
    tomllib.loads(profiles.config_file().read_text())
    known = profiles.read()
    assert known.default == "production"
    assert known.get("production") == Profile(
        url="https://registry.example.com",
        read_only=True,
        colour="red",
        tracking_uri="https://mlflow.example.com",
        workspace="risk",
        ca="/etc/ssl/our-authority.pem",
    )
    lab = Profile(url="http://registry.lab.example.com:5055", insecure_http=True, ask_token=True, sign_in=True)
    assert known.get("lab") == lab


def test_what_is_as_usual_is_not_written() -> None:
    profiles.change(lambda _: Profiles(profiles={"a": Profile(url="https://a")}))
    assert profiles.config_file().read_text() == '[profiles.a]\nurl = "https://a"\n'


@pytest.mark.parametrize("colour", ["red", "darkorange", "ansi_red", "#aa0000", "#AbCdEf"])
def test_colours_that_can_be_shown(colour: str) -> None:
    assert Profile(url="https://a", colour=colour).colour == colour
    assert Color.parse(colour).a == 1


def test_a_read_only_file_system_is_reported(home: Path) -> None:
    (home / "config").write_text("This is no folder.")
    with pytest.raises(ProfileError, match="cannot be written: Not a directory"):
        profiles.change(lambda _: Profiles())
    with pytest.raises(ProfileError, match="cannot be read: Not a directory"):
        profiles.read()
    assert list(home.iterdir()) == [home / "config"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("default = ", "not valid TOML"),
        ("\udcff", "not valid TOML"),
        ("[profiles.a]\nurl = 'ftp://x'", "profiles.a.url: "),
        ("[profiles.a]\nurl = 'https://x'\ntoken = 'tr_secret'", "profiles.a.token: "),
        ("[profiles.a]", "profiles.a.url: "),
        ("[profiles.a]\nurl = 'https://ada:tr_secret@x'", "profiles.a.url: must not contain a password"),
        ("[profiles.a]\nurl = 'https://x'\ntracking_uri = 'x'", "profiles.a.tracking_uri: must start with http"),
        ("[profiles.a]\nurl = 'https://x'\nread_only = 'perhaps'", "profiles.a.read_only: "),
        *(
            (f"[profiles.a]\nurl = 'https://x'\ncolour = '{colour}'", "profiles.a.colour: ")
            for colour in ("nonesuch", "#12345", "#aa000080", "transparent", "auto", "[red]", "Red", "")
        ),
        ("colour = 'red'", "colour: "),
        ("profiles = 3", "profiles: "),
    ],
)
def test_what_cannot_be_understood_is_told_with_its_place(text: str, message: str) -> None:
    profiles.config_file().parent.mkdir(parents=True)
    profiles.config_file().write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(ProfileError) as caught:
        profiles.read()
    assert message in str(caught.value)
    assert str(profiles.config_file()) in str(caught.value)
    assert "tr_secret" not in str(caught.value)


def test_a_profile_that_is_not_there_is_told_with_those_that_are() -> None:
    known = Profiles(profiles={"a": Profile(url="https://a"), "b": Profile(url="https://b")})
    with pytest.raises(ProfileError, match=r"no profile 'c' \(known: a, b\)"):
        known.get("c")


def test_another_url_is_another_account() -> None:
    one, other = Profile(url="https://a"), Profile(url="https://b")
    assert profiles.account("x", one) != profiles.account("x", other)
