"""The console's own settings: read and kept as a user and an editor would, and what they do."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.tui_registry.console import console
from tests.tui_registry.samples import Samples
from tui_registry.screens.dialogs.themes import Themes
from tui_registry.session import config, settings
from tui_registry.session.saved_view import SavedView
from tui_registry.session.settings import Settings, SettingsError
from tui_registry.terminal.environment import prepare


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("TEXTUAL_THEME", raising=False)
    return tmp_path


def write(text: str) -> None:
    settings.config_file().parent.mkdir(parents=True, exist_ok=True)
    settings.config_file().write_text(text, encoding="utf-8")


def test_without_a_file_the_terminal_decides() -> None:
    assert settings.read() == Settings(theme=None, keymap="default", mouse=None)
    assert not settings.config_file().exists()


def test_the_example_of_the_documentation_is_read() -> None:
    write('theme = "nord"\nkeymap = "vim"      # or "default"\nmouse = false\nold_days = 180\n')
    assert settings.read() == Settings(theme="nord", keymap="vim", mouse=False, old_days=180)


@pytest.mark.parametrize(
    ("text", "message", "remedy"),
    [
        ("theme = ", "not valid TOML", ""),
        ("theme = 3", "theme: ", "the name of a theme"),
        ("theme = ''", "theme: ", "the name of a theme"),
        ("keymap = ['vim']", "keymap: ", 'keymap = "default", "vim", or the path'),
        ("mouse = 'off'", "mouse: ", "mouse = true or mouse = false"),
        ("mouse = 1", "mouse: ", "mouse = true or mouse = false"),
        ("old_days = 0", "old_days: ", "a number of days from 1 to 36500"),
        ("[views.risk]\nplace = 'models'\ncolumn = 'x'", "views.risk.column: ", "Write [views.NAME]"),
        ("[views.'a b']\nplace = 'models'", "views.a b", "a name of letters, digits, - and _"),
        ("colour = 'red'", "colour: ", "The settings are theme, keymap, mouse, views"),
    ],
)
def test_what_cannot_be_understood_is_reported_with_file_key_and_remedy(text: str, message: str, remedy: str) -> None:
    write(text)
    with pytest.raises(SettingsError) as caught:
        settings.read()
    for part in (str(settings.config_file()), message, remedy):
        assert part in str(caught.value)


def test_all_that_is_wrong_is_reported_at_once() -> None:
    write("mouse = 'off'\ntheme = 3\n")
    with pytest.raises(SettingsError, match=r"theme: .*mouse: "):
        settings.read()


def test_a_theme_is_kept_beside_the_other_settings_for_the_owner_alone() -> None:
    write('keymap = "vim"\nmouse = false\n')
    settings.keep_theme("nord")
    assert settings.read() == Settings(theme="nord", keymap="vim", mouse=False)
    assert stat.S_IMODE(settings.config_file().stat().st_mode) == 0o600
    assert list(settings.config_file().parent.iterdir()) == [settings.config_file()]


def test_what_the_user_wrote_beside_what_is_kept_stays() -> None:
    mine = (
        "# my console\n\n'keymap' = 'vim'  # as at home\ntheme='dracula' # for now\n\n"
        "# my views\n[views.a]\n# of my team\nplace = 'models'  # all\n\n# the last\n[views.b]\nplace = 'board'\n"
    )
    write(mine)
    settings.keep_theme("nord")
    settings.keep_view("a", SavedView(place="inbox", filter='"x" # y', columns=["model"]))
    settings.keep_view("c", SavedView(place="tokens", sort="age desc", key="f6"))
    assert settings.config_file().read_text() == (
        mine.replace("theme='dracula'", 'theme = "nord"').replace(
            "place = 'models'  # all\n",
            'place = "inbox"\nfilter = "\\"x\\" # y"\ncolumns = [\n    "model",\n]\n',
        )
        + '\n[views.c]\nplace = "tokens"\nsort = "age desc"\nkey = "f6"\n'
    )
    write('views = { a = { place = "inbox" } }\n')
    with pytest.raises(SettingsError, match="change it in an editor"):
        settings.keep_view("b", SavedView(place="inbox"))
    assert settings.config_file().read_text() == 'views = { a = { place = "inbox" } }\n'


def test_a_file_that_is_not_understood_is_not_written_over() -> None:
    write("mouse = 'off'\n")
    with pytest.raises(SettingsError):
        settings.keep_theme("nord")
    assert settings.config_file().read_text() == "mouse = 'off'\n"


def test_a_write_that_fails_leaves_the_file_and_no_draft() -> None:
    file = config.folder() / "console.toml"
    config.write(file, {"theme": "nord"})
    with pytest.raises(TypeError):
        config.write(file, {"theme": object()})
    assert file.read_text() == 'theme = "nord"\n'
    assert list(file.parent.iterdir()) == [file]


def test_views_that_are_saved_at_once_are_all_saved() -> None:
    names = [f"view-{number}" for number in range(16)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: settings.keep_view(name, SavedView(place="models")), names))
    assert sorted(settings.read().views) == sorted(names)
    assert list(settings.config_file().parent.iterdir()) == [settings.config_file()]


def test_a_console_that_hangs_while_it_writes_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    settings.keep_theme("nord")
    monkeypatch.setattr(config, "LOCK_TIMEOUT", 0.1)
    with config.locked(config.folder()), pytest.raises(SettingsError, match=r"cannot be written: .* hangs\."):
        settings.keep_theme("gruvbox")
    settings.keep_theme("gruvbox")
    assert settings.read().theme == "gruvbox"


@pytest.mark.parametrize(
    ("environment", "chosen", "theme", "mouse"),
    [
        ({}, Settings(), None, True),
        ({}, Settings(theme="nord", mouse=False), None, False),  # the application takes the theme from the settings
        ({"SSH_TTY": "x"}, Settings(theme="nord"), "ansi-dark", False),
        ({"SSH_TTY": "x"}, Settings(theme="ansi-light", mouse=True), "ansi-light", True),
        ({"SSH_TTY": "x", "TEXTUAL_THEME": "nord"}, Settings(theme="ansi-light"), "nord", False),
        ({"NO_COLOR": "1"}, Settings(theme="nord"), "ansi-dark", True),
        ({"NO_COLOR": "1", "TEXTUAL_THEME": "nord"}, Settings(), "ansi-dark", True),
        ({"NO_COLOR": "1", "TEXTUAL_THEME": "ansi-light"}, Settings(), "ansi-light", True),
        ({"NO_COLOR": ""}, Settings(theme="nord"), None, True),
        ({"TUI_REGISTRY_MOUSE": "0"}, Settings(mouse=True), None, False),
        ({"TUI_REGISTRY_MOUSE": "1", "SSH_TTY": "x"}, Settings(mouse=False), "ansi-dark", True),
    ],
)
def test_the_environment_wins_then_the_terminal_then_the_settings(
    environment: dict[str, str], chosen: Settings, theme: str | None, mouse: bool
) -> None:
    assert prepare(environment, chosen) == mouse
    assert environment.get("TEXTUAL_THEME") == theme


async def test_a_theme_is_seen_as_the_cursor_moves_and_kept(samples: Samples) -> None:
    async with console(samples.url, samples.token) as shown:
        await shown.shows("No open requests")
        before = shown.app.theme
        await shown.press("f9")
        await shown.until(lambda: isinstance(shown.app.screen, Themes), "the themes")
        await shown.press("g", "down")
        await shown.until(lambda: shown.app.theme == "ansi-light", "the theme under the cursor")
        await shown.press("escape")
        assert shown.app.theme == before
        assert not settings.config_file().exists()
        await shown.press("f9")
        await shown.until(lambda: isinstance(shown.app.screen, Themes), "the themes")
        await shown.press("g", "enter")
        await shown.notifies("Theme ansi-dark", str(settings.config_file()))
        assert shown.app.theme == "ansi-dark"
    assert settings.read().theme == "ansi-dark"


async def test_a_theme_that_cannot_be_kept_is_reported(samples: Samples) -> None:
    write("mouse = 'off'\n")
    async with console(samples.url, samples.token) as shown:
        await shown.shows("No open requests")
        await shown.press("f9")
        await shown.until(lambda: isinstance(shown.app.screen, Themes), "the themes")
        await shown.press("enter")
        await shown.notifies("Not saved", "mouse = true or mouse = false")


async def test_the_console_begins_with_the_theme_of_the_settings(samples: Samples) -> None:
    async with console(samples.url, samples.token, settings=Settings(theme="nord")) as shown:
        await shown.shows("No open requests")
        assert shown.app.theme == "nord"
        assert shown.messages == ""


async def test_a_theme_that_there_is_not_is_reported(samples: Samples) -> None:
    async with console(samples.url, samples.token, settings=Settings(theme="norrd")) as shown:
        await shown.shows("No open requests")
        await shown.notifies("There is no theme 'norrd'. F9 lists the themes.")
        assert shown.app.theme == "textual-dark"


async def test_without_colours_only_themes_that_need_none_are_offered(
    samples: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TEXTUAL_THEME", "ansi-dark")
    async with console(samples.url, samples.token) as shown:
        await shown.shows("No open requests")
        await shown.press("f9")
        await shown.shows("ansi-dark", "ansi-light")
        await shown.hides("nord", "gruvbox")
