"""A registry as its operator runs it: a child process on a loopback port, over a database of its own."""

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

from tui_registry_server.commands import main

DATABASE_VARIABLE = "TUI_REGISTRY_TEST_DATABASE"
"""Where the tests keep their registries: in SQLite files if it is not set. BUNDLED means the PostgreSQL that comes with
the test dependencies; a URL, as postgresql://user@host/postgres, one of your own. Each registry gets a new database
there, so the user needs the right to create some."""

BUNDLED = "postgresql"

PROGRAM = (sys.executable, "-P", "-m", "tui_registry_server")
ROOT = Path(__file__).parent.parent
ADMIN = "admin"
TIMEOUT = 60  # seconds for the server to start, or to end; a loaded machine takes some


@cache
def trusting(authority: str | None) -> ssl.SSLContext:
    """What trusts the authority in a file or, without one, the system's. Each is read once: it takes some 50 ms, and
    the tests make hundreds of clients."""
    return ssl.create_default_context(cafile=authority)


@dataclass(frozen=True)
class LiveRegistry:
    """``url`` has no slash at its end; ``database`` is what --database takes; ``log`` is what the server wrote."""

    url: str
    database: str
    admin_token: str
    pid: int
    log: Path
    _tokens: dict[str, str] = field(default_factory=dict)

    def token(self, user: str, *, admin: bool = False) -> str:
        """The user's access token. The user is created when first asked for; ``admin`` counts only then."""
        if user not in self._tokens:
            command(self.database, "users", "create", user, *(["--admin"] if admin else []))
            self._tokens[user] = command(self.database, "tokens", "create", user).strip()
        return self._tokens[user]

    def client(self, token: str | None = None, *, verify: str | None = None) -> httpx.Client:
        """An HTTP client of the API, as the administrator unless a token says otherwise. The caller closes it.
        ``verify`` is as for Server."""
        headers = {"Authorization": f"Bearer {token or self.admin_token}"}
        return httpx.Client(base_url=f"{self.url}/api/2.0", headers=headers, verify=trusting(verify), timeout=TIMEOUT)


class Server:
    """``tui-registry serve`` as a process, which can be killed and started again at the same address. As a context
    manager it ends the process, if it still runs. ``verify`` is the file of an authority to check its TLS by."""

    def __init__(self, folder: Path, database: str, *options: str, verify: str | None = None) -> None:
        self._trusting = trusting(verify)
        self.log = folder / "server.log"
        self._ready = folder / "ready.json"
        self._arguments = [*PROGRAM, "serve", "--database", database, "--state-file", str(self._ready), *options]
        self._port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self, *, look: bool = True) -> str:
        """The server's URL, once it answers, or without a ``look`` says that it would."""
        self._ready.unlink(missing_ok=True)  # one that was killed leaves it
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._arguments, "--port", str(self._port)],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + TIMEOUT
        while not self._ready.exists():
            assert self._process.poll() is None, f"the server did not start:\n{self.log.read_text()}"
            assert time.monotonic() < deadline, f"the server takes too long to start:\n{self.log.read_text()}"
            time.sleep(0.05)
        url: str = json.loads(self._ready.read_text())["url"]
        self._port = httpx.URL(url).port or 0
        if not look:
            return url
        reached = url.replace("//0.0.0.0:", "//127.0.0.1:")  # which no certificate is for
        assert httpx.get(f"{reached}/health", timeout=TIMEOUT, verify=self._trusting).status_code == 200
        return url

    def kill(self) -> None:
        """As the machine's loss of power would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def end(self) -> int:
        """Its exit code, after it was asked to end if it has not."""
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
    """A registry with one administrator, served until the block ends. It must then end by itself when asked to, and
    must not have failed unexpectedly on the way. ``options`` are added to ``serve``; ``maintenance`` is as for
    fresh_database, ``verify`` as for Server."""
    template, admin_token = _template(_maintenance(maintenance))
    with fresh_database(folder, maintenance, template) as database:
        with Server(folder, database, *options, verify=verify) as server:
            url = server.start()
            yield LiveRegistry(url, database, admin_token, server.pid, server.log, {ADMIN: admin_token})
        assert server.end() == 0, f"the server ended badly:\n{server.log.read_text()}"
        said = server.log.read_text()
        assert "Traceback" not in said, f"the server failed on the way:\n{said}"


templates = ExitStack()
"""What registries begin as copies of, until the tests end."""
atexit.register(templates.close)  # where no tests are run


@cache
def _template(maintenance: str) -> tuple[str, str]:
    """A database with one administrator, and their token. Registries begin as copies of it: the schema is made once."""
    folder = templates.enter_context(TemporaryDirectory())
    database = templates.enter_context(fresh_database(Path(folder), maintenance))
    command(database, "users", "create", ADMIN, "--admin")
    return database, command(database, "tokens", "create", ADMIN).strip()


def _maintenance(given: str | None) -> str:
    return os.environ.get(DATABASE_VARIABLE, "") if given is None else given


@contextmanager
def fresh_database(folder: Path, maintenance: str | None = None, template: str | None = None) -> Iterator[str]:
    """An empty database, gone after the block: an SQLite file in the folder, or what DATABASE_VARIABLE asks for; or on
    the very PostgreSQL server of a maintenance database, or for "" an SQLite file. With a template, which nobody may
    have open, a copy of it."""
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
    """What a command prints on stdout. It runs in this process: another one would take seconds to load everything."""
    result = CliRunner().invoke(main, [*arguments, "--database", database])
    assert result.exit_code == 0, f"{' '.join(arguments)}: {result.output}"
    return result.stdout
