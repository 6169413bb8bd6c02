"""A registry as its operator runs it: a child process on a loopback port, over a database of its own."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from click.testing import CliRunner

from server.commands import main

DATABASE_VARIABLE = "TUI_REGISTRY_TEST_DATABASE"
"""Where the tests keep their registries: in SQLite files if it is not set. BUNDLED means the PostgreSQL that comes with
the test dependencies; a URL, as postgresql://user@host/postgres, one of your own. Each registry gets a new database
there, so the user needs the right to create some."""

BUNDLED = "postgresql"

PROGRAM = (sys.executable, "-m", "server")
ROOT = Path(__file__).parent.parent
ADMIN = "admin"
PATIENCE = 60  # seconds for the server to start, or to end; a loaded machine takes some


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

    def client(self, token: str | None = None) -> httpx.Client:
        """An HTTP client of the API, as the administrator unless a token says otherwise. The caller closes it."""
        headers = {"Authorization": f"Bearer {token or self.admin_token}"}
        return httpx.Client(base_url=f"{self.url}/api/2.0", headers=headers, timeout=PATIENCE)


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[LiveRegistry]:
    """A registry with one administrator, served until the block ends. It must then end by itself when asked to, and
    must not have failed unexpectedly on the way. ``options`` are added to ``serve``."""
    with fresh_database(folder) as database:
        command(database, "users", "create", ADMIN, "--admin")
        admin_token = command(database, "tokens", "create", ADMIN).strip()
        ready, log = folder / "ready.json", folder / "server.log"
        with log.open("wb") as stream:
            server = subprocess.Popen(
                [*PROGRAM, "serve", "--database", database, "--port", "0", "--state-file", str(ready), *options],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
            )
        with server:
            try:
                url = _wait(server, ready, log)
                yield LiveRegistry(url, database, admin_token, server.pid, log, {ADMIN: admin_token})
            finally:
                server.send_signal(signal.SIGTERM)
                try:
                    server.wait(PATIENCE)
                except subprocess.TimeoutExpired:
                    server.kill()
        said = log.read_text()
        assert server.returncode == 0, f"the server ended with {server.returncode}:\n{said}"
        assert "Traceback" not in said, f"the server failed on the way:\n{said}"


@contextmanager
def fresh_database(folder: Path) -> Iterator[str]:
    """An empty database, gone after the block: an SQLite file in the folder, or what DATABASE_VARIABLE asks for."""
    maintenance = os.environ.get(DATABASE_VARIABLE)
    if not maintenance:
        yield str(folder / "registry.db")
        return
    import psycopg

    name = f"registry_{uuid.uuid4().hex}"
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
        try:
            yield str(httpx.URL(maintenance).copy_with(path=f"/{name}"))
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def command(database: str, *arguments: str) -> str:
    """What a command prints on stdout. It runs in this process: another one would take seconds to load everything."""
    result = CliRunner().invoke(main, [*arguments, "--database", database])
    assert result.exit_code == 0, f"{' '.join(arguments)}: {result.output}"
    return result.stdout


def _wait(server: subprocess.Popen[bytes], ready: Path, log: Path) -> str:
    """The server's URL, once it answers."""
    deadline = time.monotonic() + PATIENCE
    while not ready.exists():
        assert server.poll() is None, f"the server did not start:\n{log.read_text()}"
        assert time.monotonic() < deadline, f"the server takes too long to start:\n{log.read_text()}"
        time.sleep(0.05)
    url: str = json.loads(ready.read_text())["url"]
    assert httpx.get(f"{url}/health", timeout=PATIENCE).status_code == 200
    return url
