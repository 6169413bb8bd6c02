"""A registry with everything in it is copied from SQLite to PostgreSQL and back, and clients see no difference."""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pexpect
import pytest
from click.testing import CliRunner, Result

from tests.live_registry import PROGRAM, ROOT, TIMEOUT, Server, command, fresh_database, serving
from tests.postgresql import bundled_server
from tests.server.api import Api
from tests.server.callers import CREATOR, Callers
from tests.server.permission_cases import CASES
from tests.server.streams import numbers_of, stream
from tests.server.webhook_cases import HOOKS, URL
from tui_registry_server.commands import main
from tui_registry_server.store.engine import database_url, make_engine
from tui_registry_server.store.tables import metadata, sign_ins

LISTS = {
    "/mlflow/registered-models/search": "registered_models",
    "/mlflow/model-versions/search": "model_versions",
    "/mlflow/activities/list": "activities",
    "/mlflow/transition-requests/list": "requests",
    "/preview/scim/v2/Users": "Resources",
    "/preview/scim/v2/Groups": "Resources",
    "/preview/scim/v2/ServicePrincipals": "Resources",
    "/token-management/tokens": "token_infos",
    "/permissions/registered-models/root": "access_control_list",
    "/permissions/authorization/tokens": "access_control_list",
}


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    with bundled_server() as server:
        yield server.url


@pytest.fixture
def target(postgresql: str, tmp_path: Path) -> Iterator[str]:
    """An empty database on PostgreSQL."""
    with fresh_database(tmp_path, postgresql) as location:
        yield location


def migrate(source: str, target: str) -> Result:
    return CliRunner().invoke(main, ["migrate", source, target])


def all_answers(api: Api) -> dict[str, Any]:
    """All answers of the registry about its content."""
    answers = {}
    for path, listed in LISTS.items():
        answer = api.get(path, max_results=1000) if path.startswith("/mlflow") else api.get(path)
        answer.ok()
        answers[path] = json.loads(answer.content.replace(api.url.encode(), b""))  # SCIM says where things are
        assert answers[path][listed], f"{path} shows nothing"
        assert "next_page_token" not in answers[path]
    for model in answers["/mlflow/registered-models/search"]["registered_models"]:
        found = api.get("/mlflow/databricks/registered-models/get", name=model["name"]).ok()
        answers[model["name"]] = found
        path = f"/permissions/registered-models/{found['registered_model_databricks']['id']}"
        answers[path] = api.get(path).ok()
    for version in answers["/mlflow/model-versions/search"]["model_versions"]:
        name = {"name": version["name"], "version": version["version"]}
        answers[str(name)] = api.get("/mlflow/comments/list", **name).ok()
    return answers


def _have_a_delivery(callers: Callers) -> None:
    """Of a webhook that is disabled before it can send it."""
    made = callers.admin.post(f"{HOOKS}/create", events=["MODEL_VERSION_CREATED"], http_url_spec={"url": URL}).ok()
    callers.version(callers.model("hooked"))
    callers.admin.patch(f"{HOOKS}/update", id=made["webhook"]["id"], status="DISABLED").ok()
    assert callers.admin.get(f"{HOOKS}/deliveries", id=made["webhook"]["id"]).ok()["deliveries"]


def _have_programs_and_sign_ins(callers: Callers) -> None:
    """A program with a secret, an access token and a federation rule; and somebody who has signed in."""
    robot = callers.admin.post("/preview/scim/v2/ServicePrincipals", applicationId="program").ok()
    secret = callers.admin.post(f"/accounts/servicePrincipals/{robot['id']}/credentials/secrets").ok()["secret"]
    rule = {"application_id": "program", "issuer": "https://ci.example.com", "subject": "job", "audience": "registry"}
    callers.admin.post("/federation-rules", **rule).ok()
    grant = {"grant_type": "client_credentials", "client_id": "program", "client_secret": secret}
    assert httpx.post(f"{callers.admin.url}/oidc/v1/token", data=grant).status_code == 200
    engine = make_engine(database_url(callers.registry.database), write=True)
    with engine.begin() as connection:
        connection.execute(sign_ins.insert().values(principal_id=robot["id"], issuer="https://id", issued_timestamp=1))
    engine.dispose()


def _have_an_import(callers: Callers) -> None:
    times = {"creation_timestamp": 1, "last_updated_timestamp": 2}
    version = {"version": "3", "source": "s3://models/3", **times}
    callers.admin.post("/imports/models", source="elsewhere", name="imported", versions=[version], **times).ok()


def test_there_and_back(target: str, tmp_path: Path) -> None:
    with serving(tmp_path, maintenance="") as live, closing(Callers(live)) as callers:
        for case in CASES:
            case.prepare(callers, CREATOR).make(callers.creator)  # refused or not: it prepares what it needs
        _have_a_delivery(callers)
        _have_an_import(callers)
        _have_programs_and_sign_ins(callers)
        callers.version(callers.model("Größe 模型 🙂 %_\\'\""), "Production")
        callers.admin.post("/preview/scim/v2/ServicePrincipals", displayName="robot").ok()
        before, creator, source = all_answers(callers.admin), callers.creator.token, live.database
        token = live.admin_token
    back = str(tmp_path / "back.db")
    for origin, destination in ((source, target), (target, back)):
        result = migrate(origin, destination)
        assert result.exit_code == 0, result.output
        counted = dict(re.findall(r"^(\w+) +([\d,]+) rows  [0-9a-f]{16}$", result.stdout, re.MULTILINE))
        assert counted.keys() == metadata.tables.keys()
        assert [name for name, rows in counted.items() if rows == "0"] == [], (
            "nothing of these kinds was there to be moved"
        )
        folder = tmp_path / f"serving-{Path(destination).name[:8]}"
        folder.mkdir()
        with Server(folder, destination) as server, Api(server.start(), token) as api:
            assert all_answers(api) == before
            newest = before["/mlflow/activities/list"]["activities"][0]
            with stream(api) as events, Api(api.url, creator) as of_creator:
                of_creator.post("/mlflow/registered-models/create", name=f"after-{Path(destination).name[:8]}").ok()
                first, last = numbers_of(destination, [{"event_id": events.ready}, events.next()])
                assert last == first + 1  # numbers continue
            before = all_answers(api)
            assert before["/mlflow/activities/list"]["activities"][1] == newest


def test_what_is_there_is_not_overwritten(target: str, tmp_path: Path) -> None:
    source = str(tmp_path / "source.db")
    command(source, "users", "create", "ada")
    command(target, "users", "create", "bob")
    for origin, destination in ((source, target), (target, source)):
        result = migrate(origin, destination)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "already has a registry" in result.stderr
    assert command(target, "tokens", "create", "bob")


def test_a_text_that_postgresql_cannot_hold_is_named_before_anything_is_written(target: str, tmp_path: Path) -> None:
    source = tmp_path / "source.db"
    command(str(source), "users", "create", "ada")
    with closing(sqlite3.connect(source)) as connection, connection:
        connection.execute("UPDATE principals SET display_name = 'a' || char(0) || 'b' WHERE name = 'ada'")
    result = migrate(str(source), target)
    assert (result.exit_code, result.stdout) == (1, "")
    assert re.search(r"NUL character.*principals \(\d+\): display_name", result.stderr, re.DOTALL)
    command(target, "users", "create", "ada")  # the target is still empty
    assert migrate(str(source), str(tmp_path / "other.db")).exit_code == 0  # SQLite can hold it


@pytest.mark.parametrize("pair", [("nothing.db", "target.db"), ("source.db", "source.db"), ("source.db", "x://y")])
def test_what_cannot_be_moved(pair: tuple[str, str], tmp_path: Path) -> None:
    command(str(tmp_path / "source.db"), "users", "create", "ada")
    result = migrate(*(each if "://" in each else str(tmp_path / each) for each in pair))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: ")
    assert {file.name for file in tmp_path.glob("*.db")} == {"source.db"}


def test_a_bar_on_a_terminal(target: str, tmp_path: Path) -> None:
    source = str(tmp_path / "source.db")
    command(source, "users", "create", "ada")
    program, *arguments = PROGRAM
    running = pexpect.spawn(program, [*arguments, "migrate", source, target], cwd=ROOT, timeout=TIMEOUT)
    output = running.read().decode()
    running.close()
    assert running.exitstatus == 0, output
    assert "Copying and comparing" in output
    assert re.search(r" (\d+)/\1\b", output)  # up to the total
