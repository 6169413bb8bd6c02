"""Tokens, URLs and files as editors, shells and clipboards give them: with line ends, blanks and byte order marks."""

import asyncio
import codecs
import subprocess
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from click.testing import CliRunner, Result
from textual.widgets import Input

from tests.live_registry import LiveRegistry
from tests.tui_registry.command_line import process, run
from tests.tui_registry.console import Console
from tests.tui_registry.keyrings import MemoryKeyring
from tests.tui_registry.samples import Samples
from tui_registry.app import ConsoleApp
from tui_registry.cli import main
from tui_registry.client.errors import Unreachable
from tui_registry.commands.exit_codes import Exit
from tui_registry.keys import keymap
from tui_registry.session import config, profiles, settings
from tui_registry.session.connection import Connection, ConnectionProblem, connect
from tui_registry.tracking.client import TrackingClient

AROUND = ["{}\r", "{}\r\n", "{}\n\n", " \t{} ", "\ufeff{}\r\n"]
IMPOSSIBLE = ["tr_ünïcode", "tr_half half", "tr_one\r\ntr_two", "tr_\x1b[31m", "tr_\u200b"]


@pytest.fixture
def vault(command_home: Path) -> Iterator[MemoryKeyring]:
    before, backend = keyring.get_keyring(), MemoryKeyring()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)


def login(url: str, token: bytes) -> Result:
    return CliRunner().invoke(main, ["login", url, "--token-stdin", "--profile", "work"], input=token)


# --- tokens


@pytest.mark.parametrize("around", AROUND)
def test_what_is_around_a_token_and_a_url_is_left_out(around: str, samples: Samples, vault: MemoryKeyring) -> None:
    model = samples.model("found")
    given = {"TUI_REGISTRY_TOKEN": around.format(samples.token), "TUI_REGISTRY_READ_ONLY": around.format("1")}
    done = run(samples, "models", "list", url=around.format(samples.url), **given)
    assert done.exit_code == 0, done.output
    assert model in done.stdout
    done = login(around.format(samples.url), around.format(samples.token).partition("\n")[0].encode() + b"\n")
    assert done.exit_code == 0, done.output
    assert list(vault.passwords.values()) == [samples.token]
    for account in vault.passwords:
        vault.passwords[account] = around.format(samples.token)
    assert connect(profile="work", environment={}).token == samples.token


def test_a_variable_from_a_file_with_windows_line_ends(samples: Samples, tmp_path: Path) -> None:
    """As a shell gives it."""
    file = tmp_path / "token"
    file.write_bytes(samples.token.encode() + b"\r\n")
    given = process(samples, "models", "list")
    given["args"] = ["sh", "-c", 'export TUI_REGISTRY_TOKEN="$(cat "$0")"; exec "$@"', str(file), *given["args"]]
    done = subprocess.run(**given, capture_output=True, check=False, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("token", IMPOSSIBLE)
def test_what_cannot_be_a_token_is_told_without_it(token: str, samples: Samples, vault: MemoryKeyring) -> None:
    done = run(samples, "models", "list", TUI_REGISTRY_TOKEN=token)
    assert done.exit_code == Exit.NOT_ALLOWED, done.output
    assert done.stderr.startswith("Error: TUI_REGISTRY_TOKEN cannot be a token: character ")
    assert token[3:] not in done.output
    profiles.change(lambda _: profiles.Profiles(profiles={"work": profiles.Profile(url=samples.url)}))
    vault.passwords["tui-registry", f"work {samples.url}"] = token
    with pytest.raises(
        ConnectionProblem, match=r"The keyring's token of 'work' cannot be a token: character"
    ) as message:
        connect(profile="work", environment={})
    assert message.value.lacking is not None
    with pytest.raises(Unreachable, match="MLFLOW_TRACKING_TOKEN cannot be a token"):
        TrackingClient(samples.url, environment={"MLFLOW_TRACKING_TOKEN": token})


@pytest.mark.parametrize("given", [b"tr_\xfcn\xefcode\n", codecs.BOM_UTF16_LE + "tr_x\r\n".encode("utf-16-le")])
def test_what_is_piped_in_another_encoding(given: bytes, registry: LiveRegistry, vault: MemoryKeyring) -> None:
    done = login(registry.url, given)
    assert done.exit_code == 1
    assert "The input cannot be a token" in done.stderr
    assert isinstance(done.exception, SystemExit)
    assert vault.passwords == {}


async def test_a_token_pasted_into_the_console(samples: Samples) -> None:
    model = samples.pending("asked")

    def lacking() -> Connection:
        raise ConnectionProblem("There is no token.", lacking=Connection(samples.url, "", "test"))

    app = ConsoleApp(lacking)
    async with app.run_test(notifications=True) as pilot:
        shown = Console(app, pilot)
        await shown.shows("There is no token.")
        await shown.press("t")
        await shown.until(lambda: isinstance(app.focused, Input), "where it is typed")
        await shown.type("ünïcode")
        await shown.press("enter")
        await shown.notifies("What was typed cannot be a token: character 1 of 7 is a blank or not ASCII")
        await shown.press("escape")
        await shown.until(lambda: not isinstance(app.focused, Input), "no line to type in")
        await shown.press("t")
        await shown.until(lambda: isinstance(app.focused, Input), "where it is typed")
        await shown.type(f" {samples.token} ")
        await shown.press("enter")
        await shown.shows("● live", model)


def test_the_tracking_servers_own_credentials(samples: Samples) -> None:
    given = {"MLFLOW_TRACKING_USERNAME": "ada\r\n", "MLFLOW_TRACKING_PASSWORD": " secret \r\n"}
    client = TrackingClient(samples.url, environment=given)
    assert client._http.headers["Authorization"] == "Basic YWRhOiBzZWNyZXQg"  # ada: secret with its blanks
    asyncio.run(client.close())


# --- URLs


@pytest.mark.parametrize(
    "url",
    ["http://host:99999", "http://host:0", "http://ho st", "http://a\x00b", "http://:80", "http://a..b", "http://[::1"],
)
def test_urls_that_lead_nowhere(url: str, samples: Samples, vault: MemoryKeyring) -> None:
    asked = [login(url, b"tr_x\n")]
    if "\x00" not in url:  # which no variable can hold
        asked.append(run(samples, "models", "list", url=url, TUI_REGISTRY_INSECURE_HTTP="1"))
    for done in asked:
        assert done.exit_code == 1, done.output
        assert isinstance(done.exception, SystemExit), done.exception


# --- files


def test_files_that_begin_with_a_byte_order_mark(command_home: Path) -> None:
    config.folder().mkdir(parents=True)
    files = {
        "profiles.toml": 'default = "work"\r\n[profiles.work]\r\nurl = "https://a.example"\r\n',
        "console.toml": 'theme = "nord"\r\nkeymap = "mine.toml"\r\n',
        "mine.toml": 'based_on = "vim"\r\n[keys]\r\nhelp = "F1"\r\n',
    }
    for name, text in files.items():
        (config.folder() / name).write_bytes(codecs.BOM_UTF8 + text.encode())
    assert profiles.read().get("work").url == "https://a.example"
    assert settings.read().theme == "nord"
    assert keymap.load("mine.toml", folder=config.folder()).keys["help"] == ("f1",)
    assert CliRunner().invoke(main, ["profiles"]).output.splitlines()[1:] == ["*  work     https://a.example"]
    settings.keep_theme("dracula")
    assert settings.read().theme == "dracula"


@pytest.mark.parametrize("text", [b"\xff\xfed\x00", codecs.BOM_UTF8 + codecs.BOM_UTF8 + b'default = "a"', b"\xfc = 1"])
def test_files_that_are_not_utf_8_are_named(text: bytes, command_home: Path) -> None:
    config.folder().mkdir(parents=True)
    (config.folder() / "profiles.toml").write_bytes(text)
    done = CliRunner().invoke(main, ["profiles"])
    assert done.exit_code == 1
    assert f"{config.folder() / 'profiles.toml'} is not valid TOML" in done.stderr
