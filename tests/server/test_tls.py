"""The server with TLS, and what it says without."""

import contextlib
import os
import shutil
import signal
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import trustme
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization

from tests.certificates import Files, issue
from tests.live_registry import LiveRegistry, command, fresh_database, serving
from tests.live_registry import Server as Process
from tests.server.sockets import connect, rest
from tests.variants import variant
from tui_registry_server.commands import main


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return issue(tmp_path_factory.mktemp("certificates"), "server")


@pytest.fixture(scope="module")
def secure(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    """A registry with TLS and small limits."""
    small = ("--limit", "head_seconds=2", "--limit", "stalled_seconds=1", "--limit", "connections=30")
    with serving(tmp_path_factory.mktemp("secure"), *files.options, *small, verify=files.authority) as live:
        yield live


def client(secure: LiveRegistry, files: Files) -> httpx.Client:
    headers = {"Authorization": f"Bearer {secure.admin_token}"}
    trusting = ssl.create_default_context(cafile=files.authority)
    return httpx.Client(base_url=f"{secure.url}/api/2.0", headers=headers, verify=trusting, timeout=60)


def test_calls_and_events(secure: LiveRegistry, files: Files) -> None:
    assert secure.url.startswith("https://")
    with client(secure, files) as api, api.stream("GET", "/mlflow/events") as events:
        lines = events.iter_lines()
        assert any(line == "event: ready" for line in lines)
        assert api.post("/mlflow/registered-models/create", json={"name": "m"}).status_code == 200
        assert any(line == "event: activity" for line in lines)


def test_nobody_is_served_who_speaks_no_tls(secure: LiveRegistry) -> None:
    where = urlsplit(secure.url)
    plain = f"http://{where.netloc}/health"
    with pytest.raises(httpx.TransportError):
        httpx.get(plain)
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(f"{secure.url}/health", verify=ssl.create_default_context())


def handshake(secure: LiveRegistry, files: Files, newest: ssl.TLSVersion) -> str | None:
    context = ssl.create_default_context(cafile=files.authority)
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.maximum_version = newest
    context.set_ciphers("ALL:@SECLEVEL=0")
    where = urlsplit(secure.url)
    with (
        socket.create_connection((where.hostname or "", where.port or 0), timeout=60) as raw,
        context.wrap_socket(raw, server_hostname=where.hostname) as connection,
    ):
        return connection.version()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_versions(secure: LiveRegistry, files: Files) -> None:
    assert handshake(secure, files, ssl.TLSVersion.TLSv1_3) == "TLSv1.3"
    assert handshake(secure, files, ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
    for old in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            handshake(secure, files, old)


def test_who_never_shakes_hands_is_cut_off(secure: LiveRegistry, files: Files) -> None:
    """More silent connections than the limit; others are served all the time."""
    with contextlib.ExitStack() as stack:
        silent = [stack.enter_context(connect(secure.url)) for _ in range(60)]
        with client(secure, files) as api:
            began = time.monotonic()
            while time.monotonic() - began < 3:
                assert api.get("/token/list").status_code == 200
                time.sleep(0.2)
        for each in silent:
            each.settimeout(20)
            assert rest(each).ended


def test_a_slow_head_and_a_reader_who_stops(secure: LiveRegistry, files: Files) -> None:
    context = ssl.create_default_context(cafile=files.authority)
    with client(secure, files) as api:
        api.post("/mlflow/registered-models/create", json={"name": "big"})
        for _ in range(70):
            version = {"name": "big", "source": "s3://x", "description": "x" * 90_000}
            assert api.post("/mlflow/model-versions/create", json=version).status_code == 200
    with context.wrap_socket(connect(secure.url), server_hostname="127.0.0.1") as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 408 ")
    with context.wrap_socket(connect(secure.url, receive=20_000), server_hostname="127.0.0.1") as connection:
        connection.settimeout(30)
        connection.sendall(
            b"GET /api/2.0/mlflow/model-versions/search HTTP/1.1\r\nHost: x\r\n"
            + f"Authorization: Bearer {secure.admin_token}\r\n\r\n".encode()
        )
        time.sleep(4)
        taken = 0
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            while chunk := connection.recv(65536):
                taken += len(chunk)
        print(f"\nof 6,300,000 bytes, {taken:,} were taken before the reader was cut off")
        assert taken < 70 * 90_000


def test_a_renewed_certificate_is_served_after_sighup(tmp_path: Path) -> None:
    """Open connections stay; a certificate and a key that do not match change nothing."""
    authority = trustme.CA()
    old = issue(tmp_path, "old", authority=authority)
    new, other = (issue(tmp_path, name, authority=authority) for name in ("new", "other"))
    with fresh_database(tmp_path) as database:
        command(database, "users", "create", "admin", "--admin")
        with Process(tmp_path, database, *old.options, verify=old.authority) as server:
            url = server.start()
            trusting = ssl.create_default_context(cafile=old.authority)
            with httpx.Client(base_url=url, verify=trusting) as kept:
                assert kept.get("/health").status_code == 200
                before = served_certificate(url)
                shutil.copy(new.certificate, old.certificate)  # not yet the key
                renew(server, "does not belong")
                assert served_certificate(url) == before
                shutil.copy(new.key, old.key)
                renew(server, "was renewed")
                assert served_certificate(url) == ssl.PEM_cert_to_DER_cert(first_of(new.certificate)) != before
                shutil.copy(other.certificate, old.certificate)
                Path(old.key).unlink()
                renew(server, "cannot be read")
                assert served_certificate(url) == ssl.PEM_cert_to_DER_cert(first_of(new.certificate))
                assert kept.get("/health").status_code == 200


def first_of(file: str) -> str:
    return Path(file).read_text().partition("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n"


def served_certificate(url: str) -> bytes:
    where = urlsplit(url)
    pem = ssl.get_server_certificate((where.hostname or "", where.port or 0))
    return ssl.PEM_cert_to_DER_cert(pem)


def renew(server: Process, message: str) -> None:
    before = server.log.read_text().count(message)
    os.kill(server.pid, signal.SIGHUP)
    deadline = time.monotonic() + 30
    while server.log.read_text().count(message) == before:
        assert time.monotonic() < deadline, server.log.read_text()
        time.sleep(0.02)


def _encrypted(folder: Path, files: Files) -> tuple[str, str]:
    key = serialization.load_pem_private_key(Path(files.key).read_bytes(), None)
    encrypted = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    )
    (folder / "encrypted.pem").write_bytes(encrypted)
    return files.certificate, str(folder / "encrypted.pem")


def _broken(folder: Path, files: Files) -> tuple[str, str]:
    lines = Path(files.certificate).read_text().splitlines()
    (folder / "broken.pem").write_text("\n".join([*lines[:3], "!!!", *lines[4:]]))
    return str(folder / "broken.pem"), files.key


def _der(folder: Path, files: Files) -> tuple[str, str]:
    (folder / "server.der").write_bytes(ssl.PEM_cert_to_DER_cert(first_of(files.certificate)))
    return str(folder / "server.der"), files.key


BAD_FILES = {
    "no certificate": (lambda folder, files: (str(folder / "none"), files.key), "certificate", "No such file"),
    "no key": (lambda folder, files: (files.certificate, str(folder / "none")), "key", "No such file"),
    "a folder": (lambda folder, files: (str(folder), files.key), "certificate", "directory"),
    "another's key": (
        lambda folder, files: (files.certificate, issue(folder, "other").key),
        "key",
        "does not belong to the certificate",
    ),
    "an encrypted key": (_encrypted, "key", "is encrypted"),
    "the two exchanged": (lambda folder, files: (files.key, files.certificate), "certificate", "cannot be used"),
    "a broken certificate": (_broken, "certificate", "cannot be used"),
    "not PEM": (_der, "certificate", "is not a PEM file"),
}


@pytest.mark.parametrize(("make", "which", "why"), BAD_FILES.values(), ids=BAD_FILES)
def test_files_that_cannot_be_used(make: object, which: str, why: str, files: Files, tmp_path: Path) -> None:
    assert callable(make)
    certificate, key = make(tmp_path, files)
    options = ["--tls-cert", certificate, "--tls-key", key, "--port", "0", "--database", str(tmp_path / "r.db")]
    result = CliRunner().invoke(main, ["serve", *options])
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: The TLS {which} ")
    assert why in result.stderr
    assert not (tmp_path / "r.db").exists()


@pytest.mark.parametrize("option", ["--tls-cert", "--tls-key"])
def test_one_file_is_not_enough(option: str, files: Files) -> None:
    result = CliRunner().invoke(main, ["serve", option, files.certificate])
    assert result.exit_code == 2
    assert "go together" in result.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_without_tls_only_this_machine_is_served(host: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["serve", "--host", host, "--port", "0", "--database", str(tmp_path / "r.db")])
    assert result.exit_code == 2
    for option in ("--tls-cert", "--tls-key", "--insecure-http"):
        assert option in result.stderr
    assert not (tmp_path / "r.db").exists()


@pytest.mark.parametrize("host", [variant("127.0.0.1"), variant("127.0.0.2"), "localhost", "::1"])
def test_this_machine_is_served_without(host: str, tmp_path: Path) -> None:
    with serving(tmp_path, "--host", host) as live:
        assert live.url.startswith("http://")
        assert "Warning" not in live.log.read_text()


def test_others_are_served_without_if_that_is_said(tmp_path: Path) -> None:
    with serving(tmp_path, "--host", "0.0.0.0", "--insecure-http") as live:
        assert "Warning: listening on 0.0.0.0 without TLS." in live.log.read_text()


def test_others_are_served_with_tls(files: Files, tmp_path: Path) -> None:
    with serving(tmp_path, "--host", "0.0.0.0", *files.options, verify=files.authority) as live:
        assert "Warning" not in live.log.read_text()
