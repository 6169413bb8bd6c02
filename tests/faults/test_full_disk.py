"""A full disk, a read-only database, a damaged one: clear errors, no lost changes, and recovery."""

import os
import random
import resource
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.faults.history import check
from tests.live_registry import DATABASE_VARIABLE, LiveRegistry, Server, command, serving
from tests.server.api import Api
from tui_registry_server.commands import main
from tui_registry_server.store.engine import database_url, make_engine

pytestmark = pytest.mark.skipif(bool(os.environ.get(DATABASE_VARIABLE)), reason="of SQLite's file")
TEXT = "d" * 20_000
ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A small file system."""
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", folder], check=False)
    if mounted.returncode:
        pytest.skip("this root may not mount")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def fill_until_refused(api: Api, prefix: str) -> list[str]:
    """The models whose creation was acknowledged, up to the first that was not."""
    made: list[str] = []
    for number in range(2000):
        name = f"{prefix}-{number}"
        answer = api.post("/mlflow/registered-models/create", name=name, description=TEXT)
        if answer.status != 200:
            message = answer.refused(503, "TEMPORARILY_UNAVAILABLE")
            assert "Nothing was changed" in message
            assert "disk" in message
            return made
        made.append(name)
    raise AssertionError("it was never refused")


def all_is_well(live: LiveRegistry, made: list[str]) -> None:
    engine = make_engine(database_url(live.database), write=False)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").fetchall() == [("ok",)]
        check(connection)
        names = {row[0] for row in connection.exec_driver_sql("SELECT name FROM registered_models")}
    engine.dispose()
    assert set(made) <= names, "what was acknowledged is there"


def go_through(live: LiveRegistry, fill: Callable[[], object], relieve: Callable[[], object]) -> None:
    """Concurrent writes until the disk is full; reads at the same time; and writes again when there is space."""
    with Api(live.url, live.admin_token) as api:
        api.post("/mlflow/registered-models/create", name="first").ok()
        fill()
        made: list[str] = []

        def write(writer: int) -> None:
            with Api(live.url, live.admin_token) as own:
                made.extend(fill_until_refused(own, f"w{writer}"))

        writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
        for each in writers:
            each.start()
        for each in writers:
            each.join()
        assert api.get("/mlflow/registered-models/get", name="first").ok(), "it can still be read"
        assert api.get("/mlflow/registered-models/search", max_results=10).ok()
        relieve()
        api.post("/mlflow/registered-models/create", name="afterwards", description=TEXT).ok()
        all_is_well(live, [*made, "first", "afterwards"])
    print(f"{len(made)} models before nothing more was written; all there")


def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    """A limit of the process, for users who cannot mount a file system."""
    with serving(tmp_path) as live:
        none = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        size = 2_000_000
        go_through(
            live,
            partial(resource.prlimit, live.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY)),
            partial(resource.prlimit, live.pid, resource.RLIMIT_FSIZE, none),
        )


@ROOT_ONLY
def test_a_full_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "small", "12m") as folder, serving(folder) as live:
        ballast = folder / "ballast"
        ballast.write_bytes(b"\0" * 6_000_000)
        go_through(live, lambda: None, ballast.unlink)


@ROOT_ONLY
def test_a_backup_that_does_not_fit(tmp_path: Path) -> None:
    """No partial file is left."""
    with serving(tmp_path) as live, small_disk(tmp_path / "small", "100k") as folder:
        for arguments in (
            ["backup", str(folder / "b"), "--database", live.database],
            ["audit", "export", "--output", str(folder / "log"), "--database", live.database],
        ):
            with Api(live.url, live.admin_token) as api:
                for number in range(100):
                    name = f"{arguments[0]}-{number}"
                    api.post("/mlflow/registered-models/create", name=name, description=TEXT).ok()
                    api.patch("/mlflow/registered-models/update", name=name, description="x" + TEXT).ok()
            result = CliRunner().invoke(main, arguments)
            assert result.exit_code == 1, result.output
            assert result.stderr.startswith("Error: ")
            assert "full" in result.stderr or "No space left" in result.stderr
            assert not list(folder.iterdir()), "nothing that could be taken for whole"


@contextmanager
def read_only(file: Path, tmp_path: Path) -> Iterator[Path]:
    """A read-only database: by its mode or, for root, by its file system."""
    if os.geteuid() != 0:
        file.chmod(0o400)
        file.parent.chmod(0o500)
        try:
            yield file
        finally:
            file.parent.chmod(0o700)
        return
    with small_disk(tmp_path / "locked", "20m") as folder:
        copy = Path(shutil.copy(file, folder))
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        yield copy


def test_a_database_that_may_not_be_written(tmp_path: Path) -> None:
    """Commands that have to write report it, and exit."""
    (tmp_path / "own").mkdir()
    file = tmp_path / "own" / "registry.db"
    command(str(file), "users", "create", "admin", "--admin")
    with read_only(file, tmp_path) as locked:
        before = locked.read_bytes()
        for arguments in (["serve", "--port", "0"], ["users", "create", "bob"], ["tokens", "create", "admin"]):
            result = CliRunner().invoke(main, [*arguments, "--database", str(locked)])
            assert result.exit_code == 1, result.output
            assert "readonly" in result.stderr or "read-only" in result.stderr.lower(), result.stderr
            assert "Traceback" not in result.output
        assert locked.read_bytes() == before


def test_pages_that_were_overwritten(tmp_path: Path) -> None:
    """What can be read may be served; other requests get an error, and the server keeps running."""
    with serving(tmp_path) as live, Api(live.url, live.admin_token) as api:
        for number in range(200):
            api.post("/mlflow/registered-models/create", name=f"m{number:03}", description=TEXT).ok()
    file = Path(live.database)
    content = bytearray(file.read_bytes())
    chance = random.Random(1)
    pages = [slice(start, start + 4096) for start in range(0, len(content), 4096)]
    described = [page for page in pages if content[page].count(b"d") > 3000]  # the models', and not the grants'
    for page in chance.sample(described, 100):
        content[page] = chance.randbytes(4096)
    file.write_bytes(content)
    with Server(tmp_path, str(file)) as server, Api(server.start(), live.admin_token) as api:
        answers = [api.get("/mlflow/registered-models/get", name=f"m{number:03}") for number in range(200)]
        assert {answer.status for answer in answers} == {200, 503}
        refused = next(answer for answer in answers if answer.status == 503)
        assert "malformed" in refused.refused(503, "TEMPORARILY_UNAVAILABLE")
        assert server.end() == 0
    assert "Traceback" not in server.log.read_text()
    backup = CliRunner().invoke(main, ["backup", str(tmp_path / "b"), "--database", str(file)])
    assert (backup.exit_code, "damaged" in backup.stderr) == (1, True)
    assert not (tmp_path / "b").exists(), "nobody takes it for a backup"
