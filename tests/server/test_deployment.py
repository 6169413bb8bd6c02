"""The files in server/deploy: they parse, name options that exist, and the proxies pass everything on."""

import re
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import click
import httpx
import pytest

from tests.certificates import issue
from tests.live_registry import ROOT, TIMEOUT, LiveRegistry, serving, trusting
from tests.server.scripted_tracking_server import answer, serving_script
from tui_registry_server.commands import main

DEPLOY = ROOT / "server" / "deploy"
UNIT = DEPLOY / "systemd" / "tui-registry.service"
MOST_EXPOSED = 20  # tenths: what systemd-analyze calls OK ends at 4.9
OLD_PYTHONS_ONLY = {"tomli"}
UPLOAD = 8 * 1024 * 1024  # bytes: more than a proxy keeps in memory


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


def documents(*names: str) -> list[Any]:
    yaml = pytest.importorskip("yaml")
    return [each for name in names for each in yaml.safe_load_all((DEPLOY / name).read_text())]


def check_options(arguments: list[str]) -> None:
    """A command and its options, as click reads them; values stay as they are."""
    command = main.commands[arguments[0]]
    known = {name for each in command.params if isinstance(each, click.Option) for name in each.opts}
    given = {each.partition("=")[0] for each in arguments[1:] if each.startswith("--")}
    assert given <= known, given - known


def test_the_unit(tmp_path: Path) -> None:
    text = UNIT.read_text()
    (line,) = re.findall(r"^ExecStart=((?:.*\\\n)*.*)", text, re.MULTILINE)
    program, *arguments = shlex.split(line.replace("\\\n", " "))
    assert program == "/opt/tui-registry/bin/tui-registry"
    check_options(arguments)
    if shutil.which("systemd-analyze") is None:
        return
    unit = tmp_path / UNIT.name
    unit.write_text(text.replace(program, "/bin/true"))
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, check=False, timeout=TIMEOUT
    )
    assert unit.name not in verified.stderr, verified.stderr
    security = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSED}", UNIT],
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT,
    )
    assert security.returncode == 0, security.stdout[-300:]


def test_the_container() -> None:
    (compose,) = documents("container/compose.yaml")
    registry = compose["services"]["registry"]
    check_options(registry["command"])
    assert registry["read_only"]
    for service in compose["services"].values():
        assert service["healthcheck"]["test"]
        assert set(service["secrets"]) <= compose["secrets"].keys()
        named = {str(value) for value in service["environment"].values() if "/run/secrets/" in str(value)}
        assert {Path(each).name for each in named} <= set(service["secrets"])
    steps = (DEPLOY / "container" / "Containerfile").read_text()
    built = (ROOT / registry["build"]["context"].replace("../../..", ".")).resolve()
    assert (built / registry["build"]["dockerfile"]) == DEPLOY / "container" / "Containerfile"
    for sources in re.findall(r"^COPY (?!--from)(.*)", steps, re.MULTILINE):
        assert all((ROOT / source).exists() for source in sources.split()[:-1]), sources
    locked = set(re.findall(r"^([a-z-]+)==", (ROOT / ".ci" / "requirements.lock").read_text(), re.MULTILINE))
    (tools,) = re.findall(r"\^\(([a-z|-]+)\)==", steps)
    needed = {"hatchling", *(re.split("[^a-z-]", each)[0] for each in requires("hatchling") or ())} - OLD_PYTHONS_ONLY
    assert set(tools.split("|")) == needed
    assert needed <= locked
    assert re.search(r"^USER \d+:\d+$", steps, re.MULTILINE)


def test_kubernetes() -> None:
    found = documents("kubernetes/registry.yaml", "kubernetes/backup.yaml")
    assert [each["kind"] for each in found] == [
        "Deployment",
        "Service",
        "PodDisruptionBudget",
        "PersistentVolumeClaim",
        "CronJob",
    ]
    for pod in (found[0]["spec"]["template"]["spec"], found[4]["spec"]["jobTemplate"]["spec"]["template"]["spec"]):
        (container,) = pod["containers"]
        check_options(container["args"])
        assert pod["securityContext"]["runAsNonRoot"]
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
    served = found[0]["spec"]["template"]
    assert found[1]["spec"]["selector"].items() <= served["metadata"]["labels"].items()
    probes = {
        kind: served["spec"]["containers"][0][f"{kind}Probe"]["httpGet"]["path"] for kind in ("liveness", "readiness")
    }
    assert probes == {"liveness": "/health", "readiness": "/ready"}


@contextmanager
def nginx(folder: Path, upstream: str) -> Iterator[tuple[str, str]]:
    """Its URL, with the path, and the authority of its certificate."""
    files, port = issue(folder, "proxy"), free_port()
    site = (DEPLOY / "nginx" / "tui-registry.conf").read_text()
    for before, after in (
        ("127.0.0.1:5055", upstream),
        ("listen 443", f"listen 127.0.0.1:{port}"),
        ("/etc/ssl/registry.pem", files.certificate),
        ("/etc/ssl/private/registry.key", files.key),
    ):
        assert before in site
        site = site.replace(before, after)
    temporary = " ".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file = folder / "nginx.conf"
    file.write_text(
        f"pid {folder}/pid; error_log stderr; daemon off; worker_processes 1; events {{}} "
        f"http {{ access_log off; {temporary}\n{site} }}"
    )
    subprocess.run(["nginx", "-t", "-q", "-p", folder, "-c", file], check=True, timeout=TIMEOUT)
    with running(["nginx", "-p", str(folder), "-c", str(file)], folder, port):
        yield f"https://127.0.0.1:{port}/registry", files.authority


@contextmanager
def caddy(folder: Path, upstream: str) -> Iterator[tuple[str, str]]:
    files, port = issue(folder, "proxy"), free_port()
    file = folder / "Caddyfile"
    original = (DEPLOY / "caddy" / "Caddyfile").read_text()
    assert "127.0.0.1:5055" in original
    site = original.replace("127.0.0.1:5055", upstream)
    (name,) = re.findall(r"^(registry\.example\.com) \{$", site, re.MULTILINE)
    site = site.replace(f"\n{name} {{", f"\nhttps://127.0.0.1:{port} {{\n\ttls {files.certificate} {files.key}")
    options = "{\n\tadmin off\n\tauto_https disable_redirects\n\tgrace_period 1s\n}\n"
    file.write_text(options + site)
    subprocess.run(
        ["caddy", "validate", "--config", DEPLOY / "caddy" / "Caddyfile", "--adapter", "caddyfile"],
        check=True,
        timeout=TIMEOUT,
        capture_output=True,
        env={"HOME": str(folder), "PATH": "/usr/bin:/bin"},
    )
    with running(["caddy", "run", "--config", str(file), "--adapter", "caddyfile"], folder, port):
        yield f"https://127.0.0.1:{port}/registry", files.authority


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def running(command: list[str], folder: Path, port: int) -> Iterator[None]:
    with (folder / "proxy.log").open("wb") as log:
        environment = {"HOME": str(folder), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        deadline = time.monotonic() + TIMEOUT
        while True:
            assert process.poll() is None, (folder / "proxy.log").read_text()
            assert time.monotonic() < deadline
            try:
                socket.create_connection(("127.0.0.1", port)).close()
            except OSError:
                time.sleep(0.05)
            else:
                break
        yield
    finally:
        process.terminate()
        process.wait(TIMEOUT)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveRegistry, list[int]]]:
    """A server behind a proxy, and the sizes of the uploads that its tracking server has got."""
    sizes: list[int] = []

    def store(request: Any) -> None:
        sizes.append(0)
        left = int(request.headers["Content-Length"])
        while left and (read := request.rfile.read(min(left, 65536))):
            left -= len(read)
            sizes[-1] += len(read)
        answer(request, 200, {})

    with ExitStack() as stack:
        tracking = stack.enter_context(serving_script())
        tracking.reply = store
        options = ("--trusted-proxy", "127.0.0.1", "--tracking-uri", f"http://127.0.0.1:{tracking.server_port}")
        yield stack.enter_context(serving(tmp_path_factory.mktemp("proxied"), *options)), sizes


@pytest.mark.parametrize(
    "proxy", [pytest.param(nginx, marks=needs("nginx")), pytest.param(caddy, marks=needs("caddy"))]
)
def test_through_a_proxy(
    live: tuple[LiveRegistry, list[int]], tmp_path: Path, proxy: Callable[[Path, str], Any]
) -> None:
    """A change, its event at once, and an upload of which the first part arrives before the last one is sent."""
    registry, sizes = live
    headers = {"Authorization": f"Bearer {registry.admin_token}"}
    sent: list[int] = []

    def parts() -> Iterator[bytes]:
        yield b"x" * (UPLOAD // 2)
        deadline = time.monotonic() + TIMEOUT
        while not sizes or not sizes[-1]:
            assert time.monotonic() < deadline, "the proxy stores the upload before it sends it on"
            time.sleep(0.02)
        sent.append(sizes[-1])
        yield b"x" * (UPLOAD - UPLOAD // 2)

    with (
        proxy(tmp_path, registry.url.removeprefix("http://")) as (url, authority),
        httpx.Client(base_url=url, headers=headers, verify=trusting(authority), timeout=TIMEOUT) as client,
    ):
        assert client.get("/health").status_code == 200
        with client.stream("GET", "/api/2.0/mlflow/events") as events:
            lines = events.iter_lines()
            assert any(line == "event: ready" for line in lines)
            made = client.post("/api/2.0/mlflow/registered-models/create", json={"name": proxy.__name__})
            assert made.status_code == 200, made.text
            assert any(line == "event: activity" for line in lines)
        sizes.clear()
        target = "/api/2.0/mlflow-artifacts/artifacts/1/model.bin"
        stored = client.put(target, content=parts(), headers={"Content-Length": str(UPLOAD)})
        assert stored.status_code == 200, stored.text
        assert sizes == [UPLOAD]
        assert sent[0] < UPLOAD
