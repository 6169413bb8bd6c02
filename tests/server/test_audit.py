"""The audit log: every change is in it, with its details; and tampering is detected."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from tests.live_registry import PROGRAM, ROOT, LiveRegistry, command, fresh_database, serving
from tests.server.api import Answer, Api
from tests.server.audit_log import Record, audit, exported, sealed, verify
from tests.server.callers import ADMIN, CREATOR, Callers
from tests.server.database_state import changing
from tests.server.permission_cases import CASES
from tests.server.webhook_cases import MLFLOW_HOOK
from tui_registry_server.http.route import Route
from tui_registry_server.http.routes import ROUTES
from tui_registry_server.store.tables import activities

SCIM = "/preview/scim/v2"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    with serving(tmp_path_factory.mktemp("audited")) as registry:
        yield registry


@pytest.fixture(scope="module")
def callers(live: LiveRegistry) -> Iterator[Callers]:
    with closing(Callers(live)) as callers:
        yield callers


@pytest.fixture
def busy(fresh_registry: LiveRegistry) -> LiveRegistry:
    """A registry with some valid records."""
    with Api(fresh_registry.url, fresh_registry.admin_token) as api:
        for number in range(10):
            text = "[b]\x1b[31m\u202e需要\ud800".encode("utf-8", "replace").decode()
            api.post("/mlflow/registered-models/create", name=f"m{number}", description=text * 10).ok()
    return fresh_registry


@pytest.fixture
def quiet(tmp_path: Path) -> Iterator[str]:
    """The database of a registry that is not served, with some records."""
    with fresh_database(tmp_path) as database:
        for number in range(10):
            command(database, "users", "create", f"user-{number}")
        yield database


NAMED = {"Users": "userName", "Groups": "displayName", "ServicePrincipals": "displayName"}
RENAMED = [{"op": "replace", "path": "displayName", "value": "renamed"}]
ENTRY = {"group_name": "group-CAN_READ", "permission_level": "CAN_USE"}
FIELDS: dict[str, dict[str, Any]] = {
    "PUT": {"displayName": "put", "access_control_list": []},
    "PATCH": {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": RENAMED,
        "token": {"comment": "noted"},
        "update_mask": "comment",
        "access_control_list": [ENTRY],
    },
    "POST": {},
    "DELETE": {},
}
"""Fields for changes by any route, which ignores unknown ones."""


def administer(admin: Api, route: Route, number: int) -> Callable[[], Answer]:
    """A request for a route that is not in CASES."""
    fields = dict(FIELDS[route.method])
    path = route.path
    for plural, name in NAMED.items():
        if f"/{plural}" in path:
            named = {name: f"audited-{plural}-{number}"}
            if "{id}" in path:
                path = path.replace("{id}", admin.post(f"{SCIM}/{plural}", **named).ok()["id"])
            fields = named | fields if name != "displayName" or route.method != "PUT" else fields
    if "/principals/" in path:
        path = path.replace("{id}", admin.post(f"{SCIM}/Users", userName=f"leaver-{number}").ok()["id"])
    if path.startswith("/mlflow/webhooks"):
        fields |= {"status": "DISABLED"} | (MLFLOW_HOOK if path == "/mlflow/webhooks" else {})
        made = admin.post("/mlflow/webhooks", **MLFLOW_HOOK, status="DISABLED").ok()
        path = path.replace("{webhook_id}", made["webhook"]["webhook_id"])
    if path == "/imports/models":
        times = {"creation_timestamp": 1, "last_updated_timestamp": 1}
        fields |= {"source": "elsewhere", "name": "imported"} | times
    if "/workspaces" in path:
        if route.method != "POST":
            admin.post("/api/3.0/mlflow/workspaces", name=f"audited-{number}").ok()
        path = path.replace("{workspace_name}", f"audited-{number}")
        fields |= {"name": f"audited-{number}", "description": "audited"}
    if path.startswith(("/accounts/", "/federation-rules")):
        robot = admin.post(f"{SCIM}/ServicePrincipals", displayName="robot").ok()
        path = path.replace("{service_principal_id}", robot["id"])
        rule = {"application_id": robot["applicationId"], "issuer": "https://ci.example.com", "audience": "registry"}
        fields |= {**rule, "subject": "job"}
        if route.method == "DELETE":
            secrets = f"/accounts/servicePrincipals/{robot['id']}/credentials/secrets"
            path = path.replace("{secret_id}", admin.post(secrets).ok()["id"])
            made = admin.post("/federation-rules", **fields).ok()
            path = path.replace("{id}", made["federation_rule"]["id"])
    token = admin.post("/token/create").ok()["token_info"]["token_id"]
    if path == "/token/delete":
        fields["token_id"] = token
    if "on-behalf-of" in path:
        robot = admin.post(f"{SCIM}/ServicePrincipals", displayName="robot").ok()
        fields["application_id"] = robot["applicationId"]
    return lambda: admin.call(route.method, path.replace("{token_id}", token), fields)


def test_every_route_that_changes_something_is_recorded(callers: Callers, live: LiveRegistry) -> None:
    """With author, token and address; and no token's value is in any record."""

    def records_of(make: Callable[[], Answer]) -> list[dict[str, Any]]:
        before = len(exported(live.database))
        answer = make()
        added = exported(live.database)[before:]
        assert added or answer.status >= 400, f"{answer.asked} left no record"
        assert all(each["token_id"] and each["address"] == "127.0.0.1" for each in added)
        return added

    changing_routes = {(route.method, route.path) for route in ROUTES if route.writes}
    recorded = set()
    for case in CASES:
        if (case.method, case.route) in changing_routes:
            caller = CREATOR if "own" in case.ability else ADMIN
            if records_of(partial(case.prepare(callers, caller).make, callers.api(caller))):
                recorded.add((case.method, case.route))
    for number, route in enumerate(ROUTES):
        if (route.method, route.path) in changing_routes - recorded:
            assert records_of(administer(callers.admin, route, number)), f"{route.method} {route.path}"
            recorded.add((route.method, route.path))
    assert recorded == changing_routes
    result = verify(live.database)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(f"{len(exported(live.database))}:")
    text = json.dumps(exported(live.database))
    secrets = [str(api.token) for api in callers.apis.values()]
    assert not [secret for secret in secrets if secret in text]


def test_what_the_command_line_does_is_recorded(busy: LiveRegistry) -> None:
    before = len(exported(busy.database))
    command(busy.database, "users", "create", "zoe")
    token = command(busy.database, "tokens", "create", "zoe").strip()
    added = exported(busy.database)[before:]
    assert [each["activity_type"] for each in added] == ["CREATED_PRINCIPAL", "CREATED_TOKEN"]
    assert all("(command line)" in each["user_id"] for each in added)
    assert token not in json.dumps(added)


def unguarded(connection: Connection, statement: str) -> None:
    """Run a statement after dropping the triggers that protect the log."""
    if connection.dialect.name == "sqlite":
        for (name,) in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").all():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
    else:
        connection.exec_driver_sql("ALTER TABLE activities DISABLE TRIGGER ALL")
    connection.exec_driver_sql(statement)


SWAP = (
    "UPDATE activities SET sequence = -5 WHERE sequence = 5",
    "UPDATE activities SET sequence = 5 WHERE sequence = 6",
    "UPDATE activities SET sequence = 6 WHERE sequence = -5",
)
COPY = (
    "INSERT INTO activities (sequence, id, activity_type, creation_timestamp, principal_id, user_id, digest) "
    "SELECT sequence + 1000, 'forged', activity_type, creation_timestamp, principal_id, user_id, digest "
    "FROM activities WHERE sequence = 5"
)
TAMPERED = {
    "who": (("UPDATE activities SET user_id = 'mallory' WHERE sequence = 5",), 5),
    "when": (("UPDATE activities SET creation_timestamp = creation_timestamp + 1 WHERE sequence = 5",), 5),
    "what": (("UPDATE activities SET detail = '{}' WHERE sequence = 5",), 5),
    "which token": (("UPDATE activities SET token_id = NULL WHERE sequence = 5",), 5),
    "its digest": (("UPDATE activities SET digest = 'x' WHERE sequence = 5",), 5),
    "removed": (("DELETE FROM activities WHERE sequence = 5",), 6),
    "the first removed": (("DELETE FROM activities WHERE sequence = 1",), 2),
    "moved": (SWAP, 5),
    "added": ((COPY,), 1005),
}


@pytest.mark.parametrize("how", TAMPERED)
def test_what_was_tampered_with_is_found(quiet: str, how: str) -> None:
    statements, found = TAMPERED[how]
    assert verify(quiet).exit_code == 0
    with changing(quiet) as connection:
        for statement in statements:
            unguarded(connection, statement)
    result = verify(quiet)
    assert result.exit_code == 1
    assert f"Error: Record {found} " in result.stderr
    assert "is not what was written" in result.stderr


def test_an_end_that_was_cut_off_is_found_by_its_head(busy: LiveRegistry) -> None:
    head = verify(busy.database).stdout.strip()
    assert verify(busy.database, "--head", head).exit_code == 0
    with changing(busy.database) as connection:
        unguarded(connection, "DELETE FROM activities WHERE sequence > 8")
    assert verify(busy.database).exit_code == 0, "what is left is sound"
    result = verify(busy.database, "--head", head)
    assert result.exit_code == 1
    assert "cut off" in result.stderr
    with Api(busy.url, busy.admin_token) as api:  # and append as many again
        for number in range(20):
            api.post("/mlflow/registered-models/create", name=f"other-{number}").ok()
    assert verify(busy.database).exit_code == 0
    result = verify(busy.database, "--head", head)
    assert result.exit_code == 1
    assert "was rewritten" in result.stderr


COLUMNS = "id, activity_type, creation_timestamp, principal_id, user_id"
INSERT = f"INSERT INTO activities (sequence, {COLUMNS})"
FORGED = "'forged', 'SET_TAG', 1, '1', 'mallory'"
NEXT = "(SELECT max(sequence) FROM activities)"
STATEMENTS = {
    "UPDATE activities SET user_id = 'x'": "",
    "DELETE FROM activities": "",
    f"{INSERT} VALUES (5, {FORGED})": "",
    f"{INSERT} VALUES (0, {FORGED})": "",
    f"{INSERT} VALUES (-5, {FORGED})": "",
    f"{INSERT} SELECT {NEXT} + 2, {FORGED}": "",
    f"{INSERT} SELECT {NEXT} + n, {FORGED} FROM (SELECT 1 AS n UNION ALL SELECT 3) AS two": "",
    f"{INSERT} VALUES (5, {FORGED}) ON CONFLICT (sequence) DO UPDATE SET user_id = 'mallory'": "",
    f"{INSERT.replace('INSERT', 'INSERT OR REPLACE')} VALUES (5, {FORGED})": "sqlite",
    f"{INSERT.replace('INSERT', 'REPLACE')} SELECT sequence, {COLUMNS} FROM activities": "sqlite",
    f"{INSERT.replace('INSERT', 'INSERT OR IGNORE')} VALUES (500, {FORGED})": "sqlite",
    f"INSERT OR REPLACE INTO activities (rowid, {COLUMNS}) VALUES (5, {FORGED})": "sqlite",
    "UPDATE OR REPLACE activities SET sequence = 6 WHERE sequence = 5": "sqlite",
    "UPDATE OR IGNORE activities SET sequence = 6 WHERE sequence = 5": "sqlite",
    f"INSERT INTO activities ({COLUMNS}) VALUES ({FORGED})": "sqlite",  # PostgreSQL would give an existing number
    "TRUNCATE activities": "postgresql",
    "TRUNCATE activities RESTART IDENTITY CASCADE": "postgresql",
}
"""Statements that the database itself must refuse, and the kind of database that they are for."""


def test_the_database_itself_keeps_the_log(quiet: str) -> None:
    before = exported(quiet)
    for statement, dialect in STATEMENTS.items():
        with changing(quiet) as connection:
            if connection.dialect.name not in dialect and dialect:
                continue
            with pytest.raises(DBAPIError, match="only ever added to"):
                connection.exec_driver_sql(statement)
            connection.rollback()
        assert exported(quiet) == before, statement


def rewrite(database: str, records: list[Record]) -> None:
    """Replace all records."""
    with changing(database) as connection:
        unguarded(connection, "DELETE FROM activities")
        for record in records:
            row = {name: value for name, value in record.items() if name != "previous"}
            detail = {"detail": json.dumps(row["detail"])} if "detail" in row else {}
            connection.execute(activities.insert().values(row | detail))


REWRITTEN: dict[str, Callable[[Record], Record]] = {
    "the number of the head is missing": lambda each: each | {"sequence": each["sequence"] + (each["sequence"] >= 5)},
    "all numbers are higher": lambda each: each | {"sequence": each["sequence"] + 5},
    "some are in thousands": lambda each: (
        each | {"sequence": each["sequence"] * (1000 if each["sequence"] >= 5 else 1)}
    ),
    "the same numbers": lambda each: each,
}


@pytest.mark.parametrize("how", REWRITTEN)
def test_a_log_that_was_rewritten_does_not_have_the_head(quiet: str, tmp_path: Path, how: str) -> None:
    before = exported(quiet)
    head = f"5:{before[4]['digest']}"
    assert verify(quiet, "--head", head).exit_code == 0
    rewritten = sealed([REWRITTEN[how](each | {"user_id": "mallory"}) for each in before])
    rewrite(quiet, rewritten)
    file = tmp_path / "rewritten.jsonl"
    file.write_text("".join(json.dumps(each) + "\n" for each in rewritten))
    for result in (verify(quiet, "--head", head), audit("verify", "--file", str(file), "--head", head)):
        assert result.exit_code == 1, result.output
        assert "Error: Record" in result.stderr
        assert not result.stdout
    alone = verify(quiet)
    assert alone.exit_code == (0 if how == "the same numbers" else 1), "numbers are consecutive, from 1"


def test_a_detail_in_the_database_that_is_no_json(quiet: str) -> None:
    texts = ("{", "[" * 100_000, '{"a": NaN}', '{"a": 1, "a": 1}', "1")
    for text in texts:
        with changing(quiet) as connection:
            unguarded(connection, f"UPDATE activities SET detail = '{text}' WHERE sequence = 5")
        result = verify(quiet)
        assert (result.exit_code, "Record 5 " in result.stderr) == (1, True)
        assert len(exported(quiet)) > 5


def test_an_export_is_verified_without_the_database(busy: LiveRegistry, tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    assert audit("export", "--database", busy.database, "--output", str(file)).exit_code == 0
    assert file.stat().st_mode & 0o777 == 0o600
    head = verify(busy.database).stdout.strip()
    result = audit("verify", "--file", str(file), "--head", head)
    assert (result.exit_code, result.stdout.strip()) == (0, head)
    again = audit("export", "--database", busy.database, "--output", str(file))
    assert again.exit_code == 1, "it is there already"
    rows = file.read_text().splitlines()
    for tampered in (
        [*rows[:4], *rows[5:]],
        [*rows[:4], rows[5], rows[4], *rows[6:]],
        [*rows[:4], rows[4].replace('"admin"', '"mallory"'), *rows[5:]],
        [*rows[:4], "nonsense", *rows[5:]],
        rows[:-1],
    ):
        assert tampered != rows
        file.write_text("\n".join(tampered))
        assert audit("verify", "--file", str(file), "--head", head).exit_code == 1


def test_a_part_of_the_log(busy: LiveRegistry) -> None:
    everything = exported(busy.database)
    assert exported(busy.database, "--since", "2020-01-01") == everything
    assert exported(busy.database, "--since", "2999-12-31T10:00+02:00") == []
    since = audit("export", "--database", busy.database, "--since", "soon")
    assert since.exit_code == 2
    assert "Write it as" in since.stderr


def test_any_program_can_verify_it(busy: LiveRegistry) -> None:
    """As documented, without our code."""
    import hashlib

    previous = "0" * 64
    for record in exported(busy.database):
        digest = record.pop("digest")
        assert record["previous"] == previous
        canonical = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        assert hashlib.sha256(canonical.encode("ascii")).hexdigest() == digest
        previous = digest


def test_a_reader_of_the_export_may_go_away(busy: LiveRegistry) -> None:
    program = " ".join([*PROGRAM, "audit", "export", "--database", f"'{busy.database}'", "| head -n 1"])
    result = subprocess.run(program, shell=True, capture_output=True, text=True, cwd=ROOT, check=False)
    assert (result.stdout.count("\n"), result.stderr) == (1, "")


@pytest.mark.parametrize("command_line", [("verify",), ("export",)])
def test_where_there_is_no_registry(command_line: tuple[str, ...], tmp_path: Path) -> None:
    result = audit(*command_line, "--database", str(tmp_path / "none.db"))
    assert (result.exit_code, "There is no database" in result.stderr) == (1, True)
    assert not list(tmp_path.iterdir())
    (tmp_path / "text.db").write_text("no database at all" * 100)
    result = audit(*command_line, "--database", str(tmp_path / "text.db"))
    assert (result.exit_code, "not a database" in result.stderr) == (1, True)
