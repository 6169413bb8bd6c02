"""Proxies: never for this machine, as users expect for others, and never a traceback or a password on the screen."""

import ast
import os
import re
import ssl
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.certificates import Files, issue
from tests.live_registry import LiveRegistry
from tests.tui_registry.command_line import run
from tests.tui_registry.console import console
from tests.tui_registry.recording_server import everywhere, recorder, unused_port
from tests.tui_registry.samples import Samples
from tests.tui_registry.terminal_process import PROGRAM, ROOT, UNWANTED
from tui_registry.cli import main
from tui_registry.client.endpoint import Endpoint, EndpointError
from tui_registry.client.errors import Refused
from tui_registry.client.loopback import is_loopback
from tui_registry.tracking.client import TrackingClient

REMOTE = "http://registry.example.com:5055"
WELL_MEANT = "localhost,127.0.0.1,[::1],fd00::/8,[fe80::]/10,::1/128, .example.org , http://a.example"
"""What is written in NO_PROXY, and some of what programs have stumbled over."""


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the one who runs the tests."""
    for name in (*everywhere(""), "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)


def use(monkeypatch: pytest.MonkeyPatch, variables: Mapping[str, str]) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def login(url: str, **variables: str) -> Result:
    return CliRunner().invoke(main, ["login", url, "--token-stdin"], input="tr_x\n", env=variables)


# --- this machine


@pytest.mark.parametrize("more", [{}, {"NO_PROXY": WELL_MEANT}, {"ALL_PROXY": "socks5://127.0.0.1:1"}])
def test_a_command_on_a_registry_of_this_machine(samples: Samples, more: dict[str, str]) -> None:
    model = samples.model("close")
    with recorder() as proxy:
        done = run(samples, "models", "list", **everywhere(proxy.url) | more)
        assert done.exit_code == 0, done.output
        assert model in done.stdout
        assert proxy.connections == 0


def test_a_command_on_ones_own_registry(tmp_path: Path) -> None:
    """The token of its administrator stays here; so do the looks at whether the server runs."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(UNWANTED)}
    with recorder() as proxy:
        own = {"HOME": str(tmp_path), "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
        done = subprocess.run(
            [*PROGRAM, "models", "list"],
            env=kept | {"PYTHONPATH": str(ROOT)} | own | everywhere(proxy.url),
            cwd=ROOT,
            capture_output=True,
            check=False,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        assert proxy.connections == 0


async def test_the_console_its_events_and_the_tracking_server(
    samples: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    with recorder() as proxy:
        use(monkeypatch, everywhere(proxy.url) | {"NO_PROXY": WELL_MEANT})
        model = samples.pending("close")
        async with console(samples.url, samples.token) as shown:
            await shown.shows("● live", model)
        async with TrackingClient(samples.url) as client:
            with pytest.raises(Refused):
                await client.run("1")
        assert proxy.connections == 0


def test_logging_in_on_this_machine(registry: LiveRegistry, command_home: Path) -> None:
    with recorder() as proxy:
        done = login(registry.url, **everywhere(proxy.url))
        assert f"{registry.url} does not accept this token" in done.stderr
        assert proxy.connections == 0


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True),
        ("LOCALHOST.", True),
        ("registry.localhost", True),
        ("127.0.0.1", True),
        ("127.200.3.4", True),
        ("127.1", True),
        ("0x7f.1", True),
        ("2130706433", True),
        ("0.0.0.0", True),
        ("::1", True),
        ("0:0:0:0:0:0:0:1", True),
        ("::ffff:127.0.0.1", True),
        ("::ffff:7f00:1", True),
        ("::ffff:10.0.0.1", False),
        ("128.0.0.1", False),
        ("fe80::1%eth0", False),
        ("localhost.example.com", False),
        ("127.0.0.1.example.com", False),
        ("notlocalhost", False),
        ("1and1.example", False),
        ("", False),
        (None, False),
    ],
)
def test_what_this_machine_is(host: str | None, here: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_loopback(host) is here
    if host and not host.endswith((".", "eth0")):
        use(monkeypatch, everywhere("http://proxy.example.com:3128"))
        url = f"http://[{host}]:5055" if ":" in host else f"http://{host}:5055"
        assert (Endpoint.of(url).proxy is None) is here


# --- other machines


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("scheme", ["http://", ""])
def test_another_host_is_reached_through_the_proxy(samples: Samples, variable: str, scheme: str) -> None:
    model = samples.model("far")
    with recorder(forward_to=samples.url) as proxy:
        named = {variable: f"{scheme}ada:s%40crt@127.0.0.1:{proxy.port}", "TUI_REGISTRY_INSECURE_HTTP": "1"}
        done = run(samples, "models", "list", url=REMOTE, **named)
        assert done.exit_code == 0, done.output
        assert model in done.stdout
        assert all(head.startswith(f"GET {REMOTE}/api/2.0/") for head in proxy.requests)
        assert "Proxy-Authorization: Basic YWRhOnNAY3J0" in proxy.requests[0]


def test_a_proxy_that_speaks_tls_is_checked_by_the_systems_authorities(samples: Samples, tmp_path: Path) -> None:
    files = issue(tmp_path, "proxy")
    with recorder(forward_to=samples.url, context=server_context(files)) as proxy:
        named = {"http_proxy": f"https://127.0.0.1:{proxy.port}", "TUI_REGISTRY_INSECURE_HTTP": "1"}
        refused = run(samples, "models", "list", url=REMOTE, **named)
        assert "(http_proxy), cannot be reached: its certificate is not signed by a trusted authority" in refused.stderr
        assert proxy.requests == []
        done = run(samples, "models", "list", url=REMOTE, **named, SSL_CERT_FILE=files.authority)
        assert done.exit_code == 0, done.output
        assert len(proxy.requests) == 1


def server_context(files: Files) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    return context


def test_a_proxy_that_is_away_is_named_without_its_password(samples: Samples) -> None:
    port = unused_port()
    named = {"https_proxy": f"http://ada:hunter2@127.0.0.1:{port}"}
    done = run(samples, "models", "list", url="https://registry.example.com", **named)
    message = f"https://registry.example.com, through the proxy 127.0.0.1:{port} (https_proxy), cannot be reached"
    assert message in done.stderr
    assert "hunter2" not in done.output


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("http://ada:hunter2[@proxy.example.com:3128", "proxy.example.com:3128"),
        ("http://ada:hunter2]@proxy.example.com", "proxy.example.com"),
        ("http://ada:@hunter2@proxy.example.com:3128", "proxy.example.com:3128"),
        ("http://ada:hunter2\\@[fd00::7]:3128", "[fd00::7]:3128"),
        ("ada:hunter2%@Proxy.Example.com:3128/", "proxy.example.com:3128"),
    ],
)
def test_a_proxy_is_shown_without_its_password(value: str, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, {"HTTP_PROXY": value})
    assert str(Endpoint.of(REMOTE)) == f"{REMOTE}, through the proxy {shown} (HTTP_PROXY),"


UNUSABLE = {
    "no port": "http://127.0.0.1:port",
    "a large port": "http://ada:hunter2@127.0.0.1:99999",
    "no host": "http://ada:hunter2@",
    "another kind": "ftp://ada:hunter2@proxy.example.com",
    "a host that is none": "http://ada:hunter2@proxy..example",
    "half an address": "http://[::1",
    "a line end": "http://ada:hunter2@proxy.example.com\r\nX: y",
    "a sign in a password": "http://ada:12#hunter2@proxy.example.com",
    "a slash in a password": "http://ada:12/hunter2@proxy.example.com",
    "no more than a password": "ada:hunter2",
    "SOCKS": "socks5://ada:hunter2@127.0.0.1:1080",
    "SOCKS as GNOME writes it": "socks://127.0.0.1:1080/",
}


@pytest.mark.parametrize("value", UNUSABLE.values(), ids=UNUSABLE)
def test_a_proxy_that_cannot_be_used_is_one_sentence(
    value: str, samples: Samples, command_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "socksio", None)  # as where it is not installed
    url = "https://registry.example.com"
    for done in (run(samples, "models", "list", url=url, ALL_PROXY=value), login(url, ALL_PROXY=value)):
        assert done.exit_code == 1, done.output
        assert "ALL_PROXY" in done.stderr
        assert "hunter2" not in done.output
        assert "Traceback" not in done.output
        assert done.exception is None or isinstance(done.exception, SystemExit)
    use(monkeypatch, {"ALL_PROXY": value})
    with pytest.raises(EndpointError, match="ALL_PROXY"):
        Endpoint.of(REMOTE)
    use(monkeypatch, {"NO_PROXY": "registry.example.com"})
    assert Endpoint.of(REMOTE).proxy is None


@pytest.mark.parametrize(
    ("no_proxy", "url", "direct"),
    [
        ("*", REMOTE, True),
        ("a.example, *", REMOTE, True),
        ("registry.example.com", REMOTE, True),
        ("Registry.Example.COM.", REMOTE, True),
        ("example.com", REMOTE, True),
        (".example.com", REMOTE, True),
        ("*.example.com", REMOTE, True),
        ("a.example\texample.com", REMOTE, True),
        ("http://registry.example.com/", REMOTE, True),
        ("https://registry.example.com", REMOTE, False),
        ("example.com:5055", REMOTE, True),
        ("example.com:443", REMOTE, False),
        ("example.com:80", "http://registry.example.com", True),
        ("example.com:443", "https://registry.example.com", True),
        ("ample.com", REMOTE, False),
        ("example", REMOTE, False),
        ("registry", REMOTE, False),
        ("", REMOTE, False),
        (",,", REMOTE, False),
        (".", REMOTE, False),
        ("[", REMOTE, False),
        ("[::1", REMOTE, False),
        ("example.com:port", REMOTE, False),
        ("example.com:" + 5000 * "9", REMOTE, False),
        ("[fd00::7]:" + 5000 * "9", "http://[fd00::7]:5055", False),
        ("[fd00::]/" + 5000 * "9", "http://[fd00::7]:5055", False),
        ("10.0.0.7", "http://10.0.0.7:5055", True),
        ("10.0.0.7:5055", "http://10.0.0.7:5055", True),
        ("10.0.0.7:80", "http://10.0.0.7:5055", False),
        ("10.0.0.0/8", "http://10.0.0.7:5055", True),
        ("10.0.0.7/8", "http://10.1.2.3:5055", True),
        ("10.0.0.0/99", "http://10.0.0.7:5055", False),
        ("192.168.0.0/16", "http://10.0.0.7:5055", False),
        ("10.0.0.0/8", REMOTE, False),
        ("0.0.7", "http://10.0.0.7:5055", False),
        ("fd00::7", "http://[fd00::7]:5055", True),
        ("[fd00::7]", "http://[fd00:0:0::7]:5055", True),
        ("[fd00::7]:5055", "http://[fd00::7]:5055", True),
        ("[fd00::7]:80", "http://[fd00::7]:5055", False),
        ("fd00::/8", "http://[fd00::7]:5055", True),
        ("[fd00::]/8", "http://[fd00::7]:5055", True),
        ("[fd00::/8]", "http://[fd00::7]:5055", True),
        ("fe80::/10", "http://[fd00::7]:5055", False),
        ("10.0.0.0/8", "http://[::ffff:10.0.0.7]:5055", True),
        ("::ffff:10.0.0.7", "http://10.0.0.7:5055", True),
    ],
)
@pytest.mark.parametrize("variable", ["no_proxy", "NO_PROXY"])
def test_whom_no_proxy_names(
    variable: str, no_proxy: str, url: str, direct: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, everywhere("http://proxy.example.com:3128") | {variable: no_proxy})
    assert (Endpoint.of(url).proxy is None) is direct


def test_the_lower_case_goes_first_even_if_it_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, {"HTTP_PROXY": "http://upper.example", "http_proxy": "http://lower.example"})
    assert str(Endpoint.of(REMOTE).proxy) == "lower.example (http_proxy)"
    use(monkeypatch, {"http_proxy": ""})
    assert Endpoint.of(REMOTE).proxy is None
    use(monkeypatch, {"ALL_PROXY": "http://all.example"})
    assert str(Endpoint.of(REMOTE).proxy) == "all.example (ALL_PROXY)"


# --- whoever else could be sent a token


def test_a_redirect_is_not_followed(samples: Samples) -> None:
    with recorder() as other, recorder(redirect_to=f"{other.url}/api/2.0/mlflow/registered-models/search") as registry:
        done = run(samples, "models", "list", url=registry.url)
        assert done.exit_code != 0
        assert "The server redirects" in done.stderr
        assert len(registry.requests) == 1
        assert other.connections == 0


def test_clients_are_made_in_one_place() -> None:
    """What makes a client or calls without one is named in no other module."""
    makers = re.compile(
        r"Client|AsyncClient|HTTPTransport|AsyncHTTPTransport|get|post|put|patch|delete|head|options|request|stream"
    )
    found = []
    for file in (ROOT / "tui_registry").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="httpx"), attr=attr)) if makers.fullmatch(attr):
                    found.append(file.relative_to(ROOT / "tui_registry").as_posix())
                case ast.ImportFrom(module=str(module)) if module.partition(".")[0] in {"httpx", "requests", "urllib3"}:
                    found.append(f"{file}: imports from {module}")
                case ast.Name(id="urlopen") | ast.Attribute(attr="urlopen"):
                    found.append(f"{file}: urlopen")
    assert set(found) == {"client/endpoint.py"}
