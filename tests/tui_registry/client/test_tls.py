"""The console over TLS: whom it trusts, what it says of those it does not, and where no token is sent."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import keyring
import pytest
import trustme
from click.testing import CliRunner, Result

from tests.certificates import Files, issue
from tests.live_registry import LiveRegistry, Server, command, fresh_database, serving
from tests.tui_registry.console import console
from tests.tui_registry.keyrings import MemoryKeyring
from tui_registry.cli import main
from tui_registry.client.endpoint import Endpoint
from tui_registry.client.errors import Refused, Unreachable
from tui_registry.client.trust import is_plaintext, ssl_context
from tui_registry.session import profiles
from tui_registry.session.connection import ConnectionProblem, connect
from tui_registry.tracking.client import TrackingClient


@pytest.fixture(autouse=True)
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryKeyring]:
    """Nothing is known yet: no profile, and no token in the keyring."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for variable in ("URL", "TOKEN", "CA", "INSECURE_HTTP", "READ_ONLY"):
        monkeypatch.delenv(f"TUI_REGISTRY_{variable}", raising=False)
    backend = MemoryKeyring()
    before = keyring.get_keyring()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return issue(tmp_path_factory.mktemp("certificates"), "server")


@pytest.fixture(scope="module")
def secure(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    with serving(tmp_path_factory.mktemp("secure"), *files.options, verify=files.authority) as live:
        with live.client(verify=files.authority) as admin:
            admin.post("/mlflow/registered-models/create", json={"name": "iris"})
        yield live


def run(*arguments: str, typed: str = "", **environment: str) -> Result:
    return CliRunner().invoke(main, arguments, input=typed, env=environment)


def login(registry: LiveRegistry, *options: str, url: str = "") -> Result:
    return run("login", url or registry.url, "--token-stdin", *options, typed=f"{registry.admin_token}\n")


def test_a_profile_has_its_authority(secure: LiveRegistry, files: Files, vault: MemoryKeyring) -> None:
    refused = login(secure, "--profile", "work")
    assert refused.exit_code == 1
    assert "not signed by a trusted authority" in refused.stderr
    assert "--ca FILE" in refused.stderr
    assert vault.passwords == {}

    assert login(secure, "--profile", "work", "--ca", files.authority).exit_code == 0
    assert profiles.read().get("work").ca == files.authority
    assert f"CA {files.authority}" in run("profiles").stdout
    assert "iris" in run("models", "list").stdout
    assert login(secure, "--profile", "work").exit_code == 0  # it stays

    assert run("profiles", "set", "work", "--ca", "").exit_code == 0
    refused = run("models", "list")
    assert refused.exit_code == 6
    assert "not signed by a trusted authority" in refused.stderr


def test_an_authority_besides_profiles(secure: LiveRegistry, files: Files) -> None:
    known = {"TUI_REGISTRY_URL": secure.url, "TUI_REGISTRY_TOKEN": secure.admin_token}
    refused = run("models", "list", **known)
    assert "TUI_REGISTRY_CA" in refused.stderr
    assert "iris" in run("models", "list", **known, TUI_REGISTRY_CA=files.authority).stdout
    assert "iris" in run("models", "list", **known, SSL_CERT_FILE=files.authority).stdout  # the system's


def test_an_authority_is_the_only_one(files: Files) -> None:
    """Who names one's own does not want to trust the others as well."""
    assert len(ssl_context("https://x", files.authority).get_ca_certs()) == 1


@pytest.mark.parametrize(
    "content", [None, "", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_files_that_hold_no_authority(content: str | None, secure: LiveRegistry, tmp_path: Path) -> None:
    file = tmp_path / "authority.pem"
    if content is not None:
        file.write_text(content)
    refused = login(secure, "--profile", "work", "--ca", str(file))
    assert refused.exit_code == 1
    assert str(file) in refused.stderr
    profiles.change(lambda _: profiles.Profiles(profiles={"work": profiles.Profile(url=secure.url, ca=str(file))}))
    with pytest.raises(ConnectionProblem, match=r"authority\.pem"):
        connect(profile="work", environment={})
    assert run("profiles", "set", "work", "--ca", str(file)).exit_code == 1


@contextmanager
def presenting(folder: Path, files: Files) -> Iterator[str]:
    """The URL of a registry with a certificate that need not be good."""
    with ExitStack() as stack:
        database = stack.enter_context(fresh_database(folder))
        command(database, "users", "create", "admin", "--admin")
        yield stack.enter_context(Server(folder, database, *files.options, verify=None)).start(check_health=False)


WRONG = {
    "expired": (("127.0.0.1",), -1, "has expired: the server's operator must renew it"),
    "another host's": (("registry.example.com",), 30, "is for another host: use the name in the certificate"),
}


@pytest.mark.parametrize(("hosts", "days", "message"), WRONG.values(), ids=WRONG)
def test_certificates_that_are_wrong(
    hosts: tuple[str, ...], days: int, message: str, tmp_path: Path, vault: MemoryKeyring
) -> None:
    files = issue(tmp_path, "wrong", *hosts, days=days)
    with presenting(tmp_path, files) as url:
        refused = run("login", url, "--token-stdin", "--ca", files.authority, typed="tr_x\n")
    assert refused.exit_code == 1
    assert f"{url} cannot be reached: its certificate {message}" in refused.stderr
    assert vault.passwords == {}


def test_an_authority_of_the_same_name_is_another(secure: LiveRegistry, tmp_path: Path) -> None:
    impostor = issue(tmp_path, "impostor", authority=trustme.CA())
    refused = login(secure, "--ca", impostor.authority)
    assert refused.exit_code == 1
    assert "its certificate is not" in refused.stderr


def test_where_no_tls_is_spoken(registry: LiveRegistry) -> None:
    refused = login(registry, url=registry.url.replace("http://", "https://"))
    assert "it does not use TLS there: does its URL start with http://" in refused.stderr


async def test_the_console(secure: LiveRegistry, files: Files) -> None:
    endpoint = Endpoint.of(secure.url, files.authority)
    async with console(secure.url, secure.admin_token, endpoint=endpoint) as shown:
        await shown.shows("● live")
        await shown.press("2")
        await shown.shows("iris")


async def test_the_console_where_nobody_is_believed(secure: LiveRegistry) -> None:
    async with console(secure.url, secure.admin_token, (120, 40)) as shown:
        await shown.shows("no connection", "cannot be reached: its certificate is not", "--ca FILE")


async def test_a_tracking_server_is_checked_by_mlflows_own_variable(secure: LiveRegistry, files: Files) -> None:
    """Any server will do, as long as its certificate is looked at."""
    for environment, ca in (({"MLFLOW_TRACKING_SERVER_CERT_PATH": files.authority}, None), ({}, files.authority)):
        async with TrackingClient(secure.url, ca=ca, environment=environment) as client:
            with pytest.raises(Refused):
                await client.experiments()
    insecure = {"MLFLOW_TRACKING_INSECURE_TLS": "true"}
    async with TrackingClient(secure.url, environment=insecure) as client:
        with pytest.raises(Unreachable, match="not signed by a trusted authority"):
            await client.experiments()
    with pytest.raises(Unreachable, match="cannot be read"):
        TrackingClient(secure.url, ca="/nowhere/authority.pem", environment={})


# --- without TLS


@pytest.mark.parametrize(
    ("url", "is_in_plaintext"),
    [
        ("http://registry.example.com", True), ("http://10.0.0.1:5055", True), ("http://localhost.example.com", True),
        ("http://[2001:db8::1]", True), ("http://127.0.0.1.example.com", True), ("http://0.0.0.0", True),
        ("http://127.0.0.1:5055", False), ("http://127.8.8.8", False), ("http://localhost:1", False),
        ("http://[::1]:5055", False), ("https://registry.example.com", False),
    ],
)  # fmt: skip
def test_what_is_sent_in_plaintext(url: str, is_in_plaintext: bool) -> None:
    assert is_plaintext(url) == is_in_plaintext


@contextmanager
def listening() -> Iterator[tuple[str, list[bytes]]]:
    """A URL of this machine that is not loopback's, as far as anybody can tell, and what was sent there."""
    heard: list[bytes] = []
    with socket.create_server(("0.0.0.0", 0)) as listener:

        def listen() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    heard.append(connection.recv(65536))
                    connection.sendall(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield f"http://0.0.0.0:{listener.getsockname()[1]}", heard
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def test_no_token_is_sent_in_the_open_unless_that_is_said(vault: MemoryKeyring) -> None:
    with listening() as (url, heard):
        refused = run("login", url, "--token-stdin", "--profile", "open", typed="tr_secret\n")
        assert refused.exit_code == 1
        assert "--insecure-http" in refused.stderr
        profiles.change(lambda _: profiles.Profiles(default="open", profiles={"open": profiles.Profile(url=url)}))
        keyring.set_password("tui-registry", f"open {url}", "tr_secret")
        for words in (("models", "list"), ("requests", "list"), ("activity",)):
            refused = run(*words)
            assert refused.exit_code == 1
            assert "tui-registry profiles set open --insecure-http" in refused.stderr
        known = {"TUI_REGISTRY_URL": url, "TUI_REGISTRY_TOKEN": "tr_secret"}
        for value in ("", "0", "no"):
            refused = run("models", "list", **known, TUI_REGISTRY_INSECURE_HTTP=value)
            assert "TUI_REGISTRY_INSECURE_HTTP=1" in refused.stderr
        assert heard == []

        assert run("models", "list", **known, TUI_REGISTRY_INSECURE_HTTP="1").exit_code == 4
        assert run("profiles", "set", "open", "--insecure-http").exit_code == 0
        assert "token sent unencrypted" in run("profiles").stdout
        assert run("models", "list").exit_code == 4
        assert len(heard) == 2
        assert all(b"Bearer tr_secret" in each for each in heard)
        # Said of one URL, it does not hold for another.
        moved = run("login", url.replace("0.0.0.0", "[::]"), "--token-stdin", "--profile", "open", typed="tr_secret\n")
        assert "--insecure-http" in moved.stderr
        assert len(heard) == 2
