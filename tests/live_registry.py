"""A registry as its operator runs it: a child process on a loopback port, with a database of its own."""

import atexit
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import httpx
from click.testing import CliRunner

from tests.forked_process import ForkedProcess
from tui_registry_server.commands import main

DATABASE_VARIABLE = "TUI_REGISTRY_TEST_DATABASE"
"""The database of the tests' registries: SQLite files if it is not set; with BUNDLED, the PostgreSQL that comes with
the test dependencies; with a URL, such as postgresql://user@host/postgres, your own. Each registry gets a new database
there, so the user must be allowed to create databases."""

BUNDLED = "postgresql"

FORKED_VARIABLE = "TUI_REGISTRY_TEST_FORKED_SERVERS"
"""If it is set, as in .ci/run, servers are forked from a process that has imported the program: see
tests/forked_process.py. Otherwise each is started as its operator does."""

PROGRAM: tuple[str, ...] = (sys.executable, "-P", "-m", "tui_registry_server")
ROOT = Path(__file__).parent.parent
ADMIN = "admin"
TIMEOUT = 60  # seconds for the server to start, or to exit, on a loaded machine


@cache
def trusting(authority: str | None) -> ssl.SSLContext:
    """An SSL context with the authority in a file or, without one, the system's. Cached: creating one takes some 50 ms,
    and the tests create hundreds of clients."""
    return ssl.create_default_context(cafile=authority)


@dataclass(frozen=True)
class LiveRegistry:
    """``url`` has no trailing slash; ``database`` is the value of --database; ``log`` is the server's log."""

    url: str
    database: str
    admin_token: str
    pid: int
    log: Path
    _tokens: dict[str, str] = field(default_factory=dict)

    def token(self, user: str, *, admin: bool = False) -> str:
        """The user's access token. The user is created at the first call, when ``admin`` is used."""
        if user not in self._tokens:
            command(self.database, "users", "create", user, *(["--admin"] if admin else []))
            self._tokens[user] = command(self.database, "tokens", "create", user).strip()
        return self._tokens[user]

    def client(self, token: str | None = None, *, verify: str | None = None) -> httpx.Client:
        """An HTTP client of the API, with this token or as the administrator. The caller closes it. ``verify`` is as
        for Server."""
        headers = {"Authorization": f"Bearer {token or self.admin_token}"}
        return httpx.Client(base_url=f"{self.url}/api/2.0", headers=headers, verify=trusting(verify), timeout=TIMEOUT)


class Server:
    """``tui-registry serve`` as a process, which can be killed and restarted at the same address. As a context manager
    it ends the process, if it still runs. ``verify`` is the file of the authority of its TLS certificate."""

    def __init__(self, folder: Path, database: str, *options: str, verify: str | None = None) -> None:
        self._trusting = trusting(verify)
        self.log = folder / "server.log"
        self._ready = folder / "ready.json"
        # Without a drain, which most tests would only wait for.
        self._arguments = ["serve", "--drain", "0", "--database", database]
        self._arguments += ["--state-file", str(self._ready), *options]
        self._port = 0
        self._process: subprocess.Popen[bytes] | ForkedProcess | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self, *, check_health: bool = True) -> str:
        """Start it. Returns its URL, once it answers or, without ``check_health``, has written its state file."""
        self._ready.unlink(missing_ok=True)  # left by a server that was killed
        self._process = self._started([*self._arguments, "--port", str(self._port)])
        deadline = time.monotonic() + TIMEOUT
        while not self._ready.exists():
            assert self._process.poll() is None, f"the server did not start:\n{self.log.read_text()}"
            assert time.monotonic() < deadline, f"the server takes too long to start:\n{self.log.read_text()}"
            time.sleep(0.05)
        url: str = json.loads(self._ready.read_text())["url"]
        self._port = httpx.URL(url).port or 0
        if not check_health:
            return url
        reached = url.replace("//0.0.0.0:", "//127.0.0.1:")  # no certificate is for 0.0.0.0
        assert httpx.get(f"{reached}/health", timeout=TIMEOUT, verify=self._trusting).status_code == 200
        return url

    def _started(self, arguments: list[str]) -> subprocess.Popen[bytes] | ForkedProcess:
        with self.log.open("ab") as log:
            # A path for Python is for an interpreter that starts: see tests/server/test_clock.py.
            if os.environ.get(FORKED_VARIABLE) and "PYTHONPATH" not in os.environ:
                return ForkedProcess(arguments, ROOT, self.log)
            return subprocess.Popen([*PROGRAM, *arguments], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def kill(self) -> None:
        """SIGKILL, as a power failure would end it."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def end(self) -> int:
        """Its exit code, after SIGTERM if it still runs."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(TIMEOUT)
            except subprocess.TimeoutExpired:
                self._process.kill()
        return self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self.end()


@contextmanager
def serving(
    folder: Path, *options: str, maintenance: str | None = None, verify: str | None = None
) -> Iterator[LiveRegistry]:
    """A registry with one administrator, served until the block ends. It must then exit with 0 after SIGTERM, and must
    not have logged a traceback. ``options`` are added to ``serve``; ``maintenance`` is as for fresh_database,
    ``verify`` as for Server."""
    template, admin_token = _template(_maintenance(maintenance))
    with fresh_database(folder, maintenance, template) as database:
        with Server(folder, database, *options, verify=verify) as server:
            url = server.start()
            yield LiveRegistry(url, database, admin_token, server.pid, server.log, {ADMIN: admin_token})
        assert server.end() == 0, f"the server did not exit with 0:\n{server.log.read_text()}"
        logged = server.log.read_text()
        assert "Traceback" not in logged, f"the server logged a traceback:\n{logged}"


templates = ExitStack()
"""The databases that new registries are copies of, until the tests end."""
atexit.register(templates.close)  # for programs that use this without pytest


@cache
def _template(maintenance: str) -> tuple[str, str]:
    """A database with one administrator, and their token. Registries are copies of it: the schema is created once."""
    folder = templates.enter_context(TemporaryDirectory())
    database = templates.enter_context(fresh_database(Path(folder), maintenance))
    command(database, "users", "create", ADMIN, "--admin")
    return database, command(database, "tokens", "create", ADMIN).strip()


def _maintenance(given: str | None) -> str:
    return os.environ.get(DATABASE_VARIABLE, "") if given is None else given


@contextmanager
def fresh_database(folder: Path, maintenance: str | None = None, template: str | None = None) -> Iterator[str]:
    """An empty database until the block ends, on the PostgreSQL server with this maintenance database or, for "", an
    SQLite file in the folder; by default, as set by DATABASE_VARIABLE. With a template, to which nobody may be
    connected, a copy of it."""
    maintenance = _maintenance(maintenance)
    if not maintenance:
        database = folder / "registry.db"
        if template is not None:
            shutil.copy(template, database)
        yield str(database)
        return
    import psycopg

    name = f"registry_{uuid.uuid4().hex}"
    copied = f' TEMPLATE "{httpx.URL(template).path.strip("/")}"' if template is not None else ""
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"{copied}'.encode())
    try:
        yield str(httpx.URL(maintenance).copy_with(path=f"/{name}"))
    finally:
        with psycopg.connect(maintenance, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def command(database: str, *arguments: str) -> str:
    """The stdout of a command. It runs in this process: another one would take seconds to import everything."""
    result = CliRunner().invoke(main, [*arguments, "--database", database])
    assert result.exit_code == 0, f"{' '.join(arguments)}: {result.output}"
    return result.stdout
