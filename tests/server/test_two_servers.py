"""Two servers on one database are consistent: a change at one is visible at the other at once."""

import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select, text

from tests.live_registry import PROGRAM, ROOT, Server, command, fresh_database
from tests.server.api import Api
from tests.server.database_state import changing
from tests.server.streams import numbers_of, stream
from tui_registry_server.store.engine import database_url
from tui_registry_server.store.schema import NEWEST
from tui_registry_server.store.tables import activities

TOGETHER = 10  # concurrent approvals


@dataclass
class Pair:
    """Two servers, called by the same administrator."""

    database: str
    first: Api
    second: Api

    def version(self, model: str) -> dict[str, str]:
        """The first version of a new model."""
        self.first.post("/mlflow/registered-models/create", name=model).ok()
        self.first.post("/mlflow/model-versions/create", name=model, source="s3://x").ok()
        return {"name": model, "version": "1"}


@contextmanager
def two_servers(folder: Path, database: str) -> Iterator[Pair]:
    with ExitStack() as stack:
        command(database, "users", "create", "admin", "--admin")
        token = command(database, "tokens", "create", "admin").strip()
        apis = []
        for name in ("first", "second"):
            (folder / name).mkdir()
            url = stack.enter_context(Server(folder / name, database)).start()
            apis.append(stack.enter_context(Api(url, token)))
        yield Pair(database, *apis)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("two")
    with fresh_database(folder) as database, two_servers(folder, database) as both:
        yield both


def test_both_are_one_workspace_also_after_a_restart(pair: Pair, tmp_path: Path) -> None:
    """The workspace id for Databricks' clients; another registry has another."""
    known = {api.get("/preview/scim/v2/Me").headers["x-databricks-org-id"] for api in (pair.first, pair.second)}
    assert len(known) == 1
    for database in (pair.database, str(tmp_path / "another.db")):
        command(database, "users", "create", "org", "--admin")
        token = command(database, "tokens", "create", "org").strip()
        with Server(tmp_path, database) as server, Api(server.start(), token) as api:
            known.add(api.get("/preview/scim/v2/Me").headers["x-databricks-org-id"])
    assert len(known) == 2
    assert all(0 < int(each) < 2**53 for each in known)


def test_of_two_approvers_one_wins(pair: Pair) -> None:
    with ThreadPoolExecutor(2) as pool:
        for number in range(TOGETHER):
            version = pair.version(f"approved-{number}")
            pair.first.post("/mlflow/transition-requests/create", **version, stage="Production").ok()

            def approve(api: Api, version: dict[str, str] = version) -> tuple[int, str]:
                answer = api.post(
                    "/mlflow/transition-requests/approve",
                    **version,
                    stage="Production",
                    archive_existing_versions=True,
                )
                return answer.status, answer.json.get("error_code", "")

            outcomes = sorted(pool.map(approve, (pair.first, pair.second)))
            assert outcomes == [(200, ""), (404, "RESOURCE_DOES_NOT_EXIST")]
            listed = pair.second.get("/mlflow/activities/list", **version).ok()["activities"]
            assert [one["activity_type"] for one in listed].count("APPROVED_REQUEST") == 1


def test_what_one_does_the_other_tells_of_within_a_second(pair: Pair) -> None:
    version = pair.version("received")
    with stream(pair.second) as events:
        for number in range(3):
            pair.first.post("/mlflow/comments/create", **version, comment=f"comment {number}").ok()
            began = time.monotonic()
            events.until_comment(f"comment {number}")
            assert (
                time.monotonic() - began < 10
            )  # by a notification or by polling once a second, and not by chance later
        assert [one.get("comment") for one in events.seen] == [f"comment {number}" for number in range(3)]


def test_many_changes_at_both_are_reported_once_and_in_order(pair: Pair) -> None:
    version = pair.version("busy")

    def say(api: Api, name: str) -> None:
        for number in range(40):
            api.post("/mlflow/comments/create", **version, comment=f"{name} {number}").ok()

    with stream(pair.first) as first, stream(pair.second) as second, ThreadPoolExecutor(2) as pool:
        list(pool.map(say, (pair.first, pair.second), ("a", "b")))
        say_last = pair.first.post("/mlflow/comments/create", **version, comment="last")
        say_last.ok()
        received = [events.until_comment("last") for events in (first, second)]
    assert received[0] == received[1]
    numbers = numbers_of(pair.database, received[0])
    assert numbers == sorted(set(numbers))
    assert len(numbers) == 81


def test_a_token_revoked_at_one_is_refused_by_the_other_at_once(pair: Pair) -> None:
    for _ in range(5):
        made = pair.first.post("/token/create").ok()
        with Api(pair.second.url, made["token_value"]) as api:
            api.get("/mlflow/registered-models/list").ok()  # the caller is cached there
            pair.first.post("/token/delete", token_id=made["token_info"]["token_id"]).ok()
            api.get("/mlflow/registered-models/list").refused(401, "UNAUTHENTICATED")


@pytest.mark.parametrize("end", ["revoked", "deactivated"])
def test_a_stream_at_one_ends_with_its_token_at_the_other(end: str, pair: Pair) -> None:
    name = f"listener-{end}"
    command(pair.database, "users", "create", name)
    value = command(pair.database, "tokens", "create", name).strip()
    with Api(pair.second.url, value) as api, Api(pair.first.url, value) as there, stream(api) as events:
        if end == "revoked":
            (info,) = there.get("/token/list").ok()["token_infos"]
            there.post("/token/delete", token_id=info["token_id"]).ok()
        else:
            user_id = there.get("/preview/scim/v2/Me").ok()["id"]
            active = {"op": "replace", "path": "active", "value": False}
            pair.first.patch(f"/preview/scim/v2/Users/{user_id}", Operations=[active]).ok()
        began = time.monotonic()
        assert events.rest() == []
        print(f"\nended {time.monotonic() - began:.2f} s after it was {end} at the other server")


def test_a_right_taken_away_at_one_is_gone_at_the_other_at_once(pair: Pair) -> None:
    pair.version("shared")
    command(pair.database, "users", "create", "reader")
    with Api(pair.second.url, command(pair.database, "tokens", "create", "reader").strip()) as reader:
        model = pair.first.get("/mlflow/databricks/registered-models/get", name="shared").ok()
        path = f"/permissions/registered-models/{model['registered_model_databricks']['id']}"
        for level, status in (("CAN_READ", 200), (None, 404), ("CAN_EDIT", 200)):
            granted = [] if level is None else [{"user_name": "reader", "permission_level": level}]
            pair.first.put(path, access_control_list=granted).ok()
            assert reader.get("/mlflow/registered-models/get", name="shared").status == status


def test_two_that_start_at_once_make_one_schema(tmp_path: Path) -> None:
    with fresh_database(tmp_path) as database:
        starting = [
            subprocess.Popen(
                [*PROGRAM, "users", "create", name, "--admin", "--database", database],
                cwd=ROOT,
                stderr=subprocess.PIPE,
                text=True,
            )
            for name in ("ada", "bob", "cleo")
        ]
        for each in starting:
            _, stderr = each.communicate(timeout=60)
            assert (each.returncode, "Created administrator" in stderr) == (0, True), stderr
        with changing(database) as connection:
            assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [NEWEST]
            recorded = connection.execute(select(activities.c.activity_type).order_by(activities.c.sequence)).scalars()
            assert list(recorded) == ["CREATED_PRINCIPAL", "CHANGED_PRINCIPAL"] * len(
                starting
            )  # and made administrators


def test_without_notifications_a_look_each_second_finds_what_others_did(tmp_path: Path) -> None:
    """As on databases with PostgreSQL's protocol, but without LISTEN and NOTIFY; as always on SQLite."""
    with fresh_database(tmp_path) as database:
        if database_url(database).get_backend_name() == "postgresql":
            with changing(database) as connection:
                connection.execute(text("ALTER FUNCTION pg_catalog.pg_notify(text, text) RENAME TO gone"))
        with two_servers(tmp_path, database) as pair:
            version = pair.version("received")
            with stream(pair.second) as events:
                pair.first.post("/mlflow/comments/create", **version, comment="heard").ok()
                events.until_comment("heard")
