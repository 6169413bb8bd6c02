"""A server killed at random moments, repeatedly, under concurrent writes: everything that was acknowledged is stored
afterwards, and nothing is half done."""

import http.client
import random
import shutil
import sqlite3
import struct
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.faults.forked_server import ForkedServer
from tests.faults.history import check
from tests.faults.rounds import ROUNDS
from tests.live_registry import command, fresh_database
from tests.server.api import Answer, Api
from tests.waiting import until
from tui_registry_server.store.engine import database_url, make_engine

WRITERS = 4
MODELS = ("alpha", "beta")
WRITES = 60  # before the write-ahead log is truncated
LONGEST = 0.12  # seconds until the server is killed


@dataclass
class Acknowledged:
    """What the server has acknowledged."""

    versions: set[tuple[str, str]] = field(default_factory=set)
    activities: set[str] = field(default_factory=set)
    tags: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    writes: int = 0


class Gone(Exception):
    """The server has been killed."""


def write(url: str, token: str, seed: int, done: Acknowledged) -> None:
    """One writer, until the server is killed. A tag's value may be the acknowledged one, or the one sent last."""
    chance = random.Random(seed)
    with Api(url, token) as api:

        def send(path: str, **fields: object) -> Answer:
            try:
                answer = api.post(f"/mlflow/{path}", **fields)
            except (OSError, http.client.HTTPException):
                raise Gone from None
            done.writes += answer.status == 200
            return answer

        try:
            while True:
                name = chance.choice(MODELS)
                version = send("model-versions/create", name=name, source="s3://x").ok()["model_version"]["version"]
                done.versions.add((name, version))
                of = {"name": name, "version": version}
                tag = done.tags.setdefault((name, version), set())
                for value in ("first", "second"):
                    tag.add(value)
                    send("model-versions/set-tag", **of, key="k", value=value).ok()
                    tag.intersection_update({value})
                stage = chance.choice(("Staging", "Production"))
                if chance.random() < 0.5:
                    send("transition-requests/create", **of, stage=stage).ok()
                    answer = send("transition-requests/approve", **of, stage=stage, archive_existing_versions=True)
                    done.activities.add(answer.ok()["activity"]["id"])
                else:
                    moved = send("model-versions/transition-stage", **of, stage=stage, archive_existing_versions=True)
                    assert moved.status == 200
        except Gone:
            return


def look(database: str, done: Acknowledged) -> int:
    """Everything acknowledged is stored; returns the number of records."""
    engine = make_engine(database_url(database), write=False)
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                assert connection.exec_driver_sql("PRAGMA integrity_check").fetchall() == [("ok",)]
                assert connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall() == []
            records = check(connection)
            named = "FROM model_versions v JOIN registered_models m ON m.id = v.model_id"
            there = {(row[0], str(row[1])) for row in connection.exec_driver_sql(f"SELECT m.name, v.version {named}")}
            assert done.versions <= there, f"lost: {done.versions - there}"
            recorded = {row[0] for row in connection.exec_driver_sql("SELECT id FROM activities")}
            assert done.activities <= recorded, f"lost: {done.activities - recorded}"
            tagged = (
                "SELECT m.name, t.version, t.value FROM version_tags t JOIN registered_models m ON m.id = t.model_id"
            )
            values = {(row[0], str(row[1])): row[2] for row in connection.exec_driver_sql(tagged)}
            for key, possible in done.tags.items():
                assert values.get(key) in possible | ({None} if len(possible) == 1 else set()), key
            return records
    finally:
        engine.dispose()


def kill_again_and_again(forked: ForkedServer, database: str, token: str, rounds: int, done: Acknowledged) -> int:
    chance = random.Random(rounds)
    records = 0
    for number in range(rounds):
        url = forked.start(database)
        if number == 0:
            with Api(url, token) as api:
                for name in MODELS:
                    api.post("/mlflow/registered-models/create", name=name).ok()
        writers = [
            threading.Thread(target=write, args=(url, token, number * WRITERS + writer, done))
            for writer in range(WRITERS)
        ]
        before = done.writes
        for writer in writers:
            writer.start()
        if number % 2:  # in every other round not before a write was acknowledged, however slow the machine is
            until(lambda: done.writes > before, "a write")  # noqa: B023
        time.sleep(chance.random() * LONGEST)
        forked.kill()
        for writer in writers:
            writer.join()
        if number % 5 == 4 or number == rounds - 1:  # lost changes stay lost: not every round has to check all
            records = look(database, done)
    return records


KILLS = max(5, ROUNDS // 2)


@pytest.mark.timeout(300 + KILLS * 3)
def test_what_was_acknowledged_is_there(tmp_path: Path) -> None:
    done = Acknowledged()
    with fresh_database(tmp_path) as database, ForkedServer(tmp_path) as forked:
        command(database, "users", "create", "admin", "--admin")
        token = command(database, "tokens", "create", "admin").strip()
        records = kill_again_and_again(forked, database, token, KILLS, done)
    assert done.writes, "they did write"
    print(f"{KILLS} servers killed; {done.writes:,} writes acknowledged, all there; {records:,} records, all sound")


def test_a_log_that_ends_anywhere(tmp_path: Path) -> None:
    """As after a power failure: the write-ahead log may end after any of its frames, or within one."""
    database, done = str(tmp_path / "registry.db"), Acknowledged()
    with ForkedServer(tmp_path) as forked:
        command(database, "users", "create", "admin", "--admin")
        token = command(database, "tokens", "create", "admin").strip()
        kill_again_and_again(forked, database, token, 1, done)
        url = forked.start(database)
        writer = threading.Thread(target=write, args=(url, token, 0, done))
        before = done.writes
        writer.start()
        while done.writes < before + WRITES:
            time.sleep(0.01)
        forked.kill()
        writer.join()
    log = (tmp_path / "registry.db-wal").read_bytes()
    (page,) = struct.unpack(">I", log[8:12])
    frame = 24 + page
    frames = (len(log) - 32) // frame
    chance = random.Random(1)
    ends = {32 + number * frame for number in range(frames + 1)}
    if len(ends) > ROUNDS // 2:
        ends = set(chance.sample(sorted(ends), ROUNDS // 2))
    ends |= {chance.randrange(32, len(log)) for _ in range(ROUNDS // 10)}
    counts = []
    for number, end in enumerate(sorted(ends)):
        copy = tmp_path / f"{number}.db"
        shutil.copy(database, copy)
        Path(f"{copy}-wal").write_bytes(log[:end])
        engine = make_engine(database_url(str(copy)), write=False)
        with engine.connect() as connection:
            counts.append(check(connection))
        engine.dispose()
        with closing(sqlite3.connect(copy)) as opened:
            assert opened.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert counts == sorted(counts), "a longer log holds no less"
    print(f"a log of {frames} frames cut off at {len(ends)} places: {counts[0]} to {counts[-1]} records, all sound")
