"""Backups while others write, and restoring them: nothing is lost, and no file is overwritten."""

import os
import shutil
import sqlite3
import stat
import threading
import time
from contextlib import closing
from pathlib import Path

import pexpect
import pytest
from click.testing import CliRunner, Result

from tests.bulk_models import insert_models
from tests.live_registry import DATABASE_VARIABLE, PROGRAM, ROOT, LiveRegistry, Server, command, fresh_database, serving
from tests.server.api import Api
from tests.server.audit_log import verify
from tui_registry_server.commands import main

MODEL_COUNT = 10_000
REWRITE = """
    CREATE TEMP TABLE guard AS SELECT sql FROM sqlite_master WHERE name = 'activities_no_update';
    DROP TRIGGER activities_no_update;
    UPDATE activities SET user_id = 'x' WHERE sequence = 2;
    PRAGMA writable_schema = ON;
    INSERT INTO sqlite_master
        SELECT 'trigger', 'activities_no_update', 'activities', 0, sql FROM guard;
"""
"""Changes a record of the log, and recreates the trigger that protects it."""

SQLITE_ONLY = pytest.mark.skipif(
    bool(os.environ.get(DATABASE_VARIABLE)), reason="of files; PostgreSQL's databases are not put aside"
)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def names(url: str, token: str) -> list[str]:
    with Api(url, token) as api:
        found = api.get("/mlflow/registered-models/search", max_results=1000).ok()
    return [model["name"] for model in found.get("registered_models", [])]


def add(api: Api, name: str) -> None:
    api.post("/mlflow/registered-models/create", name=name, description="d" * 2000).ok()


@pytest.fixture
def backed_up(fresh_registry: LiveRegistry, tmp_path: Path) -> Path:
    """A backup of a registry with a model."""
    with Api(fresh_registry.url, fresh_registry.admin_token) as api:
        add(api, "kept")
    file = tmp_path / "registry.backup"
    assert run("backup", str(file), "--database", fresh_registry.database).exit_code == 0
    return file


def test_under_writers_and_back(fresh_registry: LiveRegistry, tmp_path: Path) -> None:
    """Each backup is a snapshot: it has everything acknowledged before, without gaps; and it can be served."""
    insert_models(fresh_registry, MODEL_COUNT, "wanted")  # enough that copying them takes several steps
    stop = threading.Event()
    acknowledged: list[list[str]] = [[], [], []]

    def write(writer: int) -> None:
        with Api(fresh_registry.url, fresh_registry.admin_token) as api:
            while not stop.is_set():
                name = f"w{writer}-{len(acknowledged[writer]):05}"
                add(api, name)
                acknowledged[writer].append(name)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(len(acknowledged))]
    for thread in threads:
        thread.start()
    sizes = []
    try:
        for number in range(3):
            deadline = time.monotonic() + 60
            while min(map(len, acknowledged)) < 10 * (number + 1):
                assert time.monotonic() < deadline
                time.sleep(0.01)
            before = [len(each) for each in acknowledged]
            file = tmp_path / f"{number}.backup"
            result = run("backup", str(file), "--database", fresh_registry.database)
            assert result.exit_code == 0, result.output
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            assert verify(str(file)).exit_code == 0
            with closing(sqlite3.connect(file)) as database:
                held = [name for (name,) in database.execute("SELECT name FROM registered_models")]
            for writer, count in enumerate(before):
                mine = sorted(name for name in held if name.startswith(f"w{writer}-"))
                assert len(mine) >= count
                assert mine == [f"w{writer}-{each:05}" for each in range(len(mine))]
            sizes.append(len(held))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    print(f"backups of {sizes} models while {sum(map(len, acknowledged))} were written")
    assert not list(tmp_path.glob(".*partial*"))
    with fresh_database(tmp_path / "restored") as target:
        result = run("restore", str(file), "--database", target)
        assert result.exit_code == 0, result.output
        assert verify(target, "--head", result.stdout.strip()).exit_code == 0
        (tmp_path / "second").mkdir()
        with Server(tmp_path / "second", target) as server:
            url = server.start()
            assert len(names(url, fresh_registry.admin_token)) == 1000, "the first page, by an old token"
            with Api(url, fresh_registry.admin_token) as api:
                add(api, "after")
            assert server.end() == 0
        assert verify(target).exit_code == 0


def test_a_file_that_is_there_stays(backed_up: Path, fresh_registry: LiveRegistry) -> None:
    before = backed_up.read_bytes()
    result = run("backup", str(backed_up), "--database", fresh_registry.database)
    assert (result.exit_code, "already" in result.stderr) == (1, True)
    assert backed_up.read_bytes() == before


def test_where_there_is_no_registry(tmp_path: Path) -> None:
    result = run("backup", str(tmp_path / "b"), "--database", str(tmp_path / "none.db"))
    assert (result.exit_code, "There is no database" in result.stderr) == (1, True)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there(fresh_registry: LiveRegistry, tmp_path: Path) -> None:
    result = run("backup", str(tmp_path / "none" / "b"), "--database", fresh_registry.database)
    assert (result.exit_code, "There is no folder" in result.stderr) == (1, True)


def test_what_is_no_backup_is_refused(backed_up: Path, tmp_path: Path) -> None:
    """And no partial file is left."""
    corrupted = tmp_path / "corrupted"
    whole = backed_up.read_bytes()

    def altered(statement: str) -> None:
        shutil.copy(backed_up, corrupted)
        with closing(sqlite3.connect(corrupted)) as database:
            database.executescript(statement)

    def overwritten() -> None:
        middle = len(whole) // 2
        corrupted.write_bytes(whole[:middle] + os.urandom(8192) + whole[middle + 8192 :])

    for corrupt, message in (
        (lambda: corrupted.write_bytes(b"text" * 5000), "not a database"),
        (lambda: corrupted.write_bytes(b""), "not of a registry"),
        (lambda: corrupted.write_bytes(whole[: len(whole) // 2]), "damaged"),
        (overwritten, "damaged"),
        (lambda: altered("DROP TABLE alembic_version"), "not of a registry"),
        (lambda: altered("UPDATE alembic_version SET version_num = '9999'"), "written by a newer one"),
        (lambda: altered(REWRITE), "Record 2"),
    ):
        corrupt()
        with fresh_database(tmp_path / "target") as target:
            result = run("restore", str(corrupted), "--database", target)
            assert (result.exit_code, message in result.stderr) == (1, True), result.output
            assert "Traceback" not in result.output
        assert not (tmp_path / "target").exists() or not list((tmp_path / "target").iterdir())
    result = run("restore", str(tmp_path / "nowhere"), "--database", str(tmp_path / "t.db"))
    assert (result.exit_code, "There is no file" in result.stderr) == (1, True)


@SQLITE_ONLY
def test_what_is_in_the_way_is_put_aside_only_when_asked_to(backed_up: Path, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    with serving(folder) as other:
        with Api(other.url, other.admin_token) as api:
            add(api, "in the way")
        result = run("restore", str(backed_up), "--database", other.database)
        assert (result.exit_code, "--force" in result.stderr) == (1, True)
        result = run("restore", "--force", str(backed_up), "--database", other.database)
        assert (result.exit_code, "in use" in result.stderr) == (1, True)
        assert names(other.url, other.admin_token) == ["in the way"], "it continues without interruption"
    result = run("restore", "--force", str(backed_up), "--database", other.database)
    assert result.exit_code == 0, result.output
    (kept,) = folder.glob("registry.db.before-restore-*")
    for file, held in ((other.database, "kept"), (kept, "in the way")):
        with closing(sqlite3.connect(file)) as database:
            assert database.execute("SELECT name FROM registered_models").fetchall() == [(held,)]
        assert stat.S_IMODE(Path(file).stat().st_mode) == 0o600


@SQLITE_ONLY
def test_what_was_put_aside_in_the_same_second_stays(backed_up: Path, tmp_path: Path) -> None:
    place = tmp_path / "place.db"
    options = ["--force", str(backed_up), "--database", str(place)]
    for number in range(6):
        with closing(sqlite3.connect(place)) as database:
            database.execute(f"PRAGMA user_version = {number}").close()
            database.execute("CREATE TABLE IF NOT EXISTS more (word)").close()
        result = run("restore", *options)
        assert result.exit_code == 0, result.output
    kept = set()
    for file in tmp_path.glob("place.db.before-restore-*"):
        with closing(sqlite3.connect(file)) as database:
            kept |= set(database.execute("PRAGMA user_version"))
    assert kept == {(number,) for number in range(6)}


@SQLITE_ONLY
def test_what_a_killed_server_left_is_no_part_of_what_is_put_there(backed_up: Path, tmp_path: Path) -> None:
    """SQLite would apply the write-ahead log of a deleted database to a new one of the same name."""
    folder = tmp_path / "killed"
    folder.mkdir()
    place, log = folder / "registry.db", folder / "registry.db-wal"
    command(str(place), "users", "create", "admin", "--admin")
    token = command(str(place), "tokens", "create", "admin").strip()
    with Server(folder, str(place)) as server, Api(server.start(), token) as api:
        add(api, "gone")
        server.kill()
    place.unlink()
    left = log.read_bytes()
    assert left
    for arguments in (
        ["restore", str(backed_up), "--database", str(place)],
        ["backup", str(place), "--database", str(backed_up)],
    ):
        result = run(*arguments)
        assert (result.exit_code, f"{log} exists already" in result.stderr) == (1, True), result.output
    result = run("restore", "--force", str(backed_up), "--database", str(place))
    assert result.exit_code == 0, result.output
    (kept,) = folder.glob("registry.db.before-restore-*-wal")
    assert f"The previous database is now {kept}" in result.stderr
    assert kept.read_bytes() == left
    assert verify(str(place)).stdout == result.stdout, "its head is the one that was printed"
    with closing(sqlite3.connect(place)) as database:
        assert database.execute("SELECT name FROM registered_models").fetchall() == [("kept",)]


@SQLITE_ONLY
def test_a_damaged_registry_is_replaced(backed_up: Path, tmp_path: Path) -> None:
    place = tmp_path / "damaged.db"
    place.write_bytes(b"\0" * 8192)
    result = run("restore", "--force", str(backed_up), "--database", str(place))
    assert result.exit_code == 0, result.output
    assert verify(str(place)).exit_code == 0
    (kept,) = tmp_path.glob("damaged.db.before-restore-*")
    assert kept.read_bytes() == b"\0" * 8192


@SQLITE_ONLY
def test_both_show_how_far_they_are(backed_up: Path, tmp_path: Path) -> None:
    place = str(tmp_path / "there.db")
    copied = str(tmp_path / "again.backup")
    for arguments, label in (
        (["restore", str(backed_up), "--database", place], "Restoring"),
        (["backup", copied, "--database", place], "Backing up"),
    ):
        shown = pexpect.spawn(PROGRAM[0], [*PROGRAM[1:], *arguments], cwd=ROOT, encoding="utf-8", timeout=60)
        shown.expect(label)
        shown.expect("100%|(\\d+)/\\1")
        shown.expect(pexpect.EOF)
        shown.close()
        assert shown.exitstatus == 0


@SQLITE_ONLY
def test_nobody_else_may_read_the_files(tmp_path: Path) -> None:
    """Whatever the umask is."""
    before = os.umask(0)
    try:
        folder = tmp_path / "new" / "folder"
        with Server(tmp_path, str(folder / "registry.db")) as server:
            server.start()
            run("backup", str(tmp_path / "open.backup"), "--database", str(folder / "registry.db"))
            shown = [folder, *folder.iterdir(), tmp_path / "ready.json"]
            modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in shown}
            server.end()
    finally:
        os.umask(before)
    assert modes.pop("folder") == 0o700
    assert len(modes) >= 3, "the database, its log and that log's index"
    assert set(modes.values()) == {0o600}, modes
    assert stat.S_IMODE((tmp_path / "open.backup").stat().st_mode) == 0o600
