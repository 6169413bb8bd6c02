"""Signing in with a real OpenID provider by a device's code, as over SSH, and staying signed in."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import keyring
import pytest
from click.testing import CliRunner, Result
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as FailingKeyring

from tests.live_registry import LiveRegistry, serving
from tests.openid.provider import CLIENT, Provider
from tests.tui_registry.console import console
from tests.tui_registry.keyrings import MemoryKeyring
from tui_registry.cli import main
from tui_registry.commands import device_code
from tui_registry.session import live_connection, openid
from tui_registry.session.connection import connect
from tui_registry.session.openid import DeviceCode, SignInEndedError
from tui_registry.session.openid_session import OpenIdSession

pytestmark = [pytest.mark.slow_install, pytest.mark.usefixtures("command_home")]


@pytest.fixture(scope="module")
def company(openid_provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    scope = "openid profile email groups offline_access"
    options = ("--oidc-issuer", openid_provider.issuer, "--oidc-client-id", CLIENT, "--oidc-scope", scope)
    with serving(tmp_path_factory.mktemp("company"), *options) as live:
        yield live


@pytest.fixture(autouse=True)
def _impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openid, "INTERVAL", 1)


@contextmanager
def using(backend: KeyringBackend) -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(backend)
    try:
        yield
    finally:
        keyring.set_keyring(before)


@pytest.fixture
def vault() -> Iterator[MemoryKeyring]:
    backend = MemoryKeyring()
    with using(backend):
        yield backend


def person(provider: Provider, name: str) -> Callable[[DeviceCode], None]:
    """Somebody who reads the code on the screen, and signs in with a browser."""
    shown = device_code.show

    def show(code: DeviceCode) -> None:
        shown(code)
        assert code.verification_uri_complete is not None
        threading.Thread(target=provider.agree, args=(code.verification_uri_complete, name)).start()

    return show


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def kept(vault: MemoryKeyring) -> dict[str, Any]:
    (text,) = vault.passwords.values()
    content: dict[str, Any] = json.loads(text)
    return content


def test_from_sign_in_to_logout(
    openid_provider: Provider,
    company: LiveRegistry,
    vault: MemoryKeyring,
    command_home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    openid_provider.person("ada@example.com", "risk", seconds=3)
    with monkeypatch.context() as patch:
        patch.setattr(device_code, "show", person(openid_provider, "ada@example.com"))
        done = run("login", company.url, "--profile", "work")
    assert done.exit_code == 0, done.output
    assert f"open {openid_provider.issuer}/device" in done.stderr
    assert "single sign-on" in run("profiles").stdout
    first = kept(vault)
    assert first["token"] not in done.output
    for file in command_home.rglob("*"):
        assert not file.is_file() or not any(first[each] in file.read_text() for each in ("token", "refresh_token"))
    assert "risk" in run("users", "show", "ada@example.com").stdout

    openid_provider.person("ada@example.com", "risk", seconds=3600)
    time.sleep(2)  # until it is due
    assert "ada@example.com" in run("users", "list").stdout
    renewed = kept(vault)
    assert renewed["token"] != first["token"]
    assert renewed["refresh_token"] != first["refresh_token"]  # the provider gives each only once
    assert "ada@example.com" in run("users", "list").stdout
    assert kept(vault) == renewed

    # Several consoles find at the same time that it is due: one renews it, the others take what that has stored.
    opened = connect(profile="work", environment={})
    assert opened.sign_in is not None
    due = replace(opened.sign_in, expiry=0.0)
    due.store(opened.sign_in.account)
    with ThreadPoolExecutor(4) as pool:
        all_of_them = list(pool.map(lambda _: due.renewed(command_home), range(4)))
    assert {each.refresh_token for each in all_of_them} == {kept(vault)["refresh_token"]}
    assert kept(vault)["refresh_token"] != renewed["refresh_token"]

    last = OpenIdSession.read(next(iter(vault.passwords.values())), "")
    assert last is not None
    assert run("logout", "work").exit_code == 0
    assert vault.passwords == {}
    with pytest.raises(SignInEndedError):
        last.provider.renew(last.refresh_token)


async def test_the_console_stays_signed_in(
    openid_provider: Provider, company: LiveRegistry, vault: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    openid_provider.person("grace@hopper.example", seconds=4)
    monkeypatch.setattr(device_code, "show", person(openid_provider, "grace@hopper.example"))
    monkeypatch.setattr(live_connection, "TOKEN_CHECK_INTERVAL", 0.2)
    assert run("login", company.url).exit_code == 0
    opened = connect(environment={})
    assert opened.sign_in is not None
    openid_provider.person("grace@hopper.example", seconds=3600)
    async with console(company.url, opened.token, sign_in=opened.sign_in) as shown:
        await shown.shows("grace @ test", "● live")

        def is_renewed() -> bool:
            now = shown.app.connection.opened
            return now is not None and now.token != opened.token and now.token == kept(vault)["token"]

        await shown.until(is_renewed, "the sign-in is renewed")
        await shown.press("2")
        await shown.shows("Models", "● live")


def test_without_a_keyring_nothing_is_stored(
    openid_provider: Provider, company: LiveRegistry, command_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    openid_provider.person("no keyring@example.com")
    monkeypatch.setattr(device_code, "show", person(openid_provider, "no keyring@example.com"))
    with using(FailingKeyring()):  # type: ignore[no-untyped-call]  # keyring's own
        done = run("login", company.url, "--profile", "bare")
        assert (done.exit_code, "was not stored" in done.stderr) == (0, True)
        assert "stored nowhere" in run("--profile", "bare", "users", "list").stderr
        asked = connect(profile="bare", ask_token=True, environment={}, show_code=device_code.show)
        assert asked.sign_in is not None
        assert asked.sign_in.account == ""
    assert not any("eyJ" in file.read_text() for file in command_home.rglob("*") if file.is_file())


def test_access_tokens_are_taken_as_before(
    company: LiveRegistry, vault: MemoryKeyring, capsys: pytest.CaptureFixture[str]
) -> None:
    done = CliRunner().invoke(main, ["login", company.url, "--token"], input=f"{company.admin_token}\n")
    assert done.exit_code == 0, done.output
    assert list(vault.passwords.values()) == [company.admin_token]


def test_a_code_is_shown_as_a_picture_that_can_be_scanned() -> None:
    from tui_registry.terminal.qr_code import qr_code

    lines = qr_code("https://login.example.com/device?user_code=ABCD-EFGH")
    assert {len(line) for line in lines} == {len(lines[0])}
    assert len(lines) <= 20  # fits beside the text into 80x24
    assert set("".join(lines)) <= set("█▀▄ ")
    assert qr_code("x" * 5000) == []
