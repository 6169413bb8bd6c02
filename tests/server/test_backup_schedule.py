"""Backups on a schedule: verified, only so many kept, nothing else touched, and never several at once."""

import os
import shutil
import sqlite3
import stat
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.faults.test_full_disk import ROOT_ONLY, small_disk
from tests.live_registry import DATABASE_VARIABLE, PROGRAM, ROOT, TIMEOUT, LiveRegistry, Server, serving
from tests.postgresql import bundled_server
from tests.server.api import Api
from tests.server.audit_log import verify
from tui_registry_server.commands import main
from tui_registry_server.rules.backup_schedule import time_of

SQLITE_ONLY = pytest.mark.skipif(bool(os.environ.get(DATABASE_VARIABLE)), reason="of an SQLite file")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def backups(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if time_of(file.name) is not None and file.is_file())


def wait_for(condition: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)


@SQLITE_ONLY
def test_a_server_backs_up(tmp_path: Path) -> None:
    folder, moved = tmp_path / "backups", tmp_path / "moved"
    folder.mkdir()
    others = ["registry-1-20200101T000000Z.db", "registry-notes.db", "notes.txt"]
    for name in others:
        (folder / name).write_text("mine")
    options = ("--backup-every", "1s", "--backup-keep", "1", "--backup-folder", str(folder))
    with serving(tmp_path, *options) as live, Api(live.url, live.admin_token) as api:
        api.post("/mlflow/registered-models/create", name="kept").ok()
        seen: set[Path] = set()

        def new_ones(count: int) -> bool:
            seen.update(file for file in backups(folder) if file.name not in others)
            return len(seen) >= count

        wait_for(lambda: new_ones(1), live.log)
        (name,) = {file.name for file in seen}
        (folder / f".{name}.x.partial").write_text("left by one that was killed")
        (folder / name.replace("-2026", "-2019", 1).replace("-2027", "-2019", 1)).mkdir()  # not a file
        wait_for(lambda: new_ones(2), live.log)
        folder.rename(moved)
        wait_for(lambda: "not backed up: There is no folder" in live.log.read_text(), live.log)
        shutil.copytree(moved, folder)
        wait_for(lambda: "is backed up again" in live.log.read_text(), live.log)
        newest = backups(folder)[-1]
        assert stat.S_IMODE(newest.stat().st_mode) == 0o600
        copy = shutil.copy(newest, tmp_path / "copy.db")
        assert verify(str(copy)).exit_code == 0
        with closing(sqlite3.connect(copy)) as database:
            assert database.execute("SELECT name FROM registered_models").fetchall() == [("kept",)]
    left = {each.name for each in folder.iterdir()}
    assert {*others} < left
    own = [file.name for file in backups(folder) if file.name not in others]
    assert len(own) == 1
    assert not [each for each in left if "partial" in each], "neither the one that was there, nor one of its end"
    assert len(left) == len(others) + len(own) + 2, "besides a folder and a lock"


@SQLITE_ONLY
def test_one_that_is_not_sound_is_not_kept(fresh_registry: LiveRegistry, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    arguments = ("backup", "--folder", str(folder), "--keep", "1", "--database", fresh_registry.database)
    assert run(*arguments).exit_code == 1, "there is no such folder"
    folder.mkdir()
    with Api(fresh_registry.url, fresh_registry.admin_token) as api:
        api.post("/mlflow/registered-models/create", name="churn").ok()
    first = run(*arguments)
    assert first.exit_code == 0, first.output
    again = run(*arguments, "--every", "1h")
    assert (again.exit_code, again.stdout) == (0, first.stdout), "it is not due"
    with closing(sqlite3.connect(fresh_registry.database)) as database:
        database.executescript("DROP TRIGGER activities_no_update; UPDATE activities SET user_id = 'x'")
    refused = run(*arguments)
    assert refused.exit_code == 1
    assert "is not what was written" in refused.output
    assert [str(file) for file in backups(folder)] == [first.stdout.strip()]
    assert len(list(folder.iterdir())) == 2, "besides the lock"


@SQLITE_ONLY
@ROOT_ONLY
def test_on_a_full_disk_the_old_ones_stay(fresh_registry: LiveRegistry, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "1m") as folder:
        arguments = ("backup", "--folder", str(folder), "--keep", "1", "--database", fresh_registry.database)
        first = run(*arguments)
        assert first.exit_code == 0, first.output
        (folder / "filler").write_bytes(b"x" * (1024 * 1024 - sum(file.stat().st_size for file in backups(folder))))
        refused = run(*arguments)
        assert refused.exit_code == 1
        assert "full" in refused.output
        assert {each.name for each in folder.iterdir() if not each.name.endswith(".lock")} == {
            Path(first.stdout.strip()).name,
            "filler",
        }


@pytest.mark.variant
def test_servers_on_one_postgresql_take_turns(tmp_path: Path) -> None:
    import psycopg

    folder = tmp_path / "backups"
    folder.mkdir()
    options = ("--backup-every", "2s", "--backup-folder", str(folder))
    with bundled_server() as postgresql, serving(tmp_path, *options, maintenance=postgresql.url) as live:
        (tmp_path / "second").mkdir()
        with Server(tmp_path / "second", live.database, *options) as second:
            second.start()
            wait_for(lambda: len(backups(folder)) >= 2, live.log)
        times = [time_of(file.name) or 0 for file in backups(folder)]
        assert all(later - earlier >= 2000 for earlier, later in pairwise(times)), times
        assert verify(str(shutil.copy(backups(folder)[-1], tmp_path / "copy.db"))).exit_code == 0
        with psycopg.connect(live.database) as held:
            held.execute("SELECT pg_advisory_xact_lock(7469726567697375)")
            waiting = subprocess.Popen(
                [*PROGRAM, "backup", "--folder", str(tmp_path / "second"), "--database", live.database], cwd=ROOT
            )
            time.sleep(2)
            assert waiting.poll() is None, "another machine is backing up"
        assert waiting.wait(TIMEOUT) == 0
        assert len(backups(tmp_path / "second")) == 1


@pytest.mark.parametrize(
    "options",
    [
        ("--backup-every", "1h"),
        ("--backup-folder", "/backups"),
        ("--backup-keep", "3"),
        ("--backup-every", "1w", "--backup-folder", "/backups"),
    ],
)
def test_options_that_do_not_go_together(options: tuple[str, ...]) -> None:
    assert run("serve", *options).exit_code == 2
