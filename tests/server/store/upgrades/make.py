"""Creates the registries that test_upgrades.py upgrades, each by the program that had that schema.

    python -m tests.server.store.upgrades.make 662be60 65f68c0 751be30 9523ffb da732e4 aa0d7c8

takes the commits that changed the schema, checks each out into a folder, serves a registry with it, fills it, and
stores the SQLite file next to this one, compressed.
"""

import gzip
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from tests.live_registry import ROOT

FOLDER = Path(__file__).parent
API = "/api/2.0/mlflow"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for commit in sys.argv[1:]:
            program = Path(folder) / commit
            _git("worktree", "add", "--detach", str(program), commit)
            try:
                file = Path(folder) / f"{commit}.db"
                _fill(program, str(file))
                with closing(sqlite3.connect(file)) as database:
                    database.execute("PRAGMA journal_mode = DELETE")
                    database.execute("VACUUM")
                (FOLDER / f"{commit}.sqlite.gz").write_bytes(gzip.compress(file.read_bytes(), mtime=0))
            finally:
                _git("worktree", "remove", "--force", str(program))


def _git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def _fill(program: Path, database: str) -> None:
    """A registry with some of everything, by its own commands and over HTTP."""

    named = program / "server" / "tui_registry_server"
    python = (sys.executable, "-m", named.name if named.exists() else "server")  # the package's name in that commit
    environment = os.environ | {"PYTHONPATH": str(named.parent if named.exists() else program)}

    def command(*arguments: str) -> str:
        called = [*python, *arguments, "--database", database]
        return subprocess.run(
            called, cwd=program, env=environment, check=True, capture_output=True, text=True
        ).stdout.strip()

    command("users", "create", "admin", "--admin")
    token = command("tokens", "create", "admin")
    state = program / "state.json"
    server = subprocess.Popen(
        [*python, "serve", "--database", database, "--port", "0", "--state-file", str(state)],
        cwd=program,
        env=environment,
    )
    try:
        while not state.exists():
            assert server.poll() is None
            time.sleep(0.1)
        _ask_for_everything(json.loads(state.read_text())["url"], token)
    finally:
        server.terminate()
        server.wait()


def _ask_for_everything(url: str, token: str) -> None:
    assert urlsplit(url).hostname == "127.0.0.1"

    def call(path: str, **fields: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        with urlopen(Request(url + path, json.dumps(fields).encode(), headers)) as answer:
            result: dict[str, Any] = json.load(answer)
        return result

    tag = {"key": "team", "value": "Größe 🙂"}
    for number in range(3):
        name = f"model-{number}"
        call(f"{API}/registered-models/create", name=name, description="[b]\x1b[31m", tags=[tag])
        for version in range(1, 4):
            call(f"{API}/model-versions/create", name=name, source=f"s3://{version}", tags=[tag])
        call(f"{API}/model-versions/transition-stage", name=name, version="1", stage="Production")
        call(f"{API}/transition-requests/create", name=name, version="2", stage="Production", comment="please")
        call(f"{API}/comments/create", name=name, version="2", comment="good")
        call(f"{API}/registered-models/alias", name=name, alias="champion", version="1")
    call(f"{API}/registered-models/create", name="gone")
    call("/api/2.0/preview/scim/v2/Groups", displayName="risk")


if __name__ == "__main__":
    main()
