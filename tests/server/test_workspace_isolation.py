"""Workspaces are apart: no call of one shows or changes anything of another, whatever the caller may do there."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from tests.live_registry import LiveRegistry
from tests.server.api import Answer, Api
from tests.server.callers import CREATOR, STAGES, Caller, Callers, user_id
from tests.server.database_state import changing
from tests.server.permission_case import COMMENTS, MODELS, REQUESTS, VERSIONS, Case
from tests.server.permission_cases import CASES
from tests.server.streams import stream
from tests.server.webhook_cases import HOOK, HOOKS, MLFLOW_HOOK
from tests.server.workspace_callers import HERE, OUTSIDER, ROOT, THERE, Outsider
from tests.waiting import until
from tui_registry_server.http.route import Route
from tui_registry_server.http.routes import ROUTES
from tui_registry_server.store.tables import activities
from tui_registry_server.wire.permission_policy import Ability

SHARED = "shared"
MARK = "only-there"
"""In every text of what is in the other workspace."""

ONE_OF_EACH = [case for case in CASES if case.about in ("", "None -> Staging")]


@pytest.mark.parametrize("case", ONE_OF_EACH, ids=str)
def test_everything_works_as_in_the_default_workspace(case: Case, insiders: Callers) -> None:
    attempt = case.prepare(insiders, CREATOR)
    answer = attempt.make(insiders.creator).ok()
    assert attempt.shown is None or attempt.shown(answer)
    assert attempt.done()


@pytest.mark.parametrize("case", ONE_OF_EACH, ids=str)
def test_from_another_workspace_it_is_not_there(case: Case, insiders: Callers, outsider: Outsider) -> None:
    """Whoever may do everything in other workspaces, administrators too, does not get at it from there."""
    attempt = case.prepare(insiders, CREATOR)
    before = everything_there(insiders)
    with Api(insiders.registry.url, insiders.registry.admin_token, HERE) as admin:
        for api in (*outsider.elsewhere, admin):
            answer = attempt.make(api)
            if attempt.shown is not None:  # lists are looked at below
                answer.ok()
            elif not case.route.endswith("registered-models/create"):  # the name is free there
                answer.missing()
    attempt.make(outsider.there).missing()
    assert everything_there(insiders) == before
    assert case.method == "GET" or attempt.make(insiders.creator).status == 200


def everything_there(insiders: Callers) -> list[Any]:
    """Of the workspace: its newest activities, models, versions and webhooks."""
    return [
        insiders.admin.get(path, max_results=1000).ok()
        for path in ("/mlflow/activities/list", f"{MODELS}/search", f"{VERSIONS}/search", f"{HOOKS}/list")
    ]


@pytest.mark.variant
@pytest.mark.parametrize("case", ONE_OF_EACH, ids=str)
@pytest.mark.parametrize("level", ["none", "CAN_READ", "CAN_EDIT", "CAN_MANAGE"])
def test_levels_on_models_are_those_of_their_workspace(case: Case, level: str, insiders: Callers) -> None:
    """Nobody who has a level on all of the other workspace has it in the default one."""
    caller = Caller(level, "root")
    attempt = case.prepare(insiders, caller)
    default = Api(insiders.registry.url, insiders.api(caller).token)
    with default:
        answer = attempt.make(default)
    if attempt.shown is not None:  # lists are looked at below
        answer.ok()
    elif not case.route.endswith("registered-models/create"):
        answer.missing()


@pytest.fixture(scope="module")
def marked(insiders: Callers, outsider: Outsider) -> dict[str, str]:
    """A model of the same name in three workspaces, of which one has the mark in all of its texts. The ids of what it
    has."""
    there = insiders.creator
    found: dict[str, str] = {}
    for api, text in ((there, MARK), (outsider.here, "mine"), (outsider.default, "mine")):
        api.post(f"{MODELS}/create", name=SHARED, description=f"{text} about", tags=[{"key": text, "value": text}]).ok()
        for _ in STAGES:
            made = api.post(f"{VERSIONS}/create", name=SHARED, source=f"s3://{text}/x", description=text, run_id=text)
            made.ok()
        api.post(f"{VERSIONS}/set-tag", name=SHARED, version="1", key=text, value=text).ok()
        api.post(f"{VERSIONS}/transition-stage", name=SHARED, version="2", stage="Production").ok()
        api.post(f"{MODELS}/alias", name=SHARED, alias=text, version="1").ok()
        comment = api.post(f"{COMMENTS}/create", name=SHARED, version="1", comment=text).ok()
        api.post(f"{REQUESTS}/create", name=SHARED, version="1", stage="Staging", comment=text).ok()
        hook = api.post(f"{HOOKS}/create", model_name=SHARED, description=text, status="DISABLED", **HOOK).ok()
        api.post("/mlflow/follows/set", model_name=SHARED, digest="DAILY", slack_url=f"https://localhost/{text}").ok()
        model = api.get("/mlflow/databricks/registered-models/get", name=SHARED).ok()["registered_model_databricks"]
        if api is there:
            found = {"comment": comment["comment"]["id"], "webhook": hook["webhook"]["id"], "object": model["id"]}
    there.post(f"{MODELS}/create", name=f"{MARK}-name").ok()
    there.post(f"{MODELS}/create", name=f"{MARK}-gone").ok()
    gone = there.get("/mlflow/databricks/registered-models/get", name=f"{MARK}-gone").ok()
    there.delete(f"{MODELS}/delete", name=f"{MARK}-gone").ok()
    admin = insiders.admin
    admin.post(f"{HOOKS}/create", description=MARK, status="DISABLED", **HOOK).ok()
    mlflow_hook = admin.post("/mlflow/webhooks", **MLFLOW_HOOK | {"name": MARK}, status="DISABLED").ok()
    found["gone"] = gone["registered_model_databricks"]["id"]
    return found | {"mlflow webhook": mlflow_hook["webhook"]["webhook_id"]}


READ = [
    route
    for route in ROUTES
    if route.ability is not Ability.PUBLIC
    and route.operation is not None
    and not route.path.startswith("/metrics")
    and (route.method == "GET" or not route.writes)
]
"""All calls that only read."""


def attempts(route: Route, marked: dict[str, str], ids: dict[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Requests for a route: with ever more of the fields that it has."""
    path = (
        route.path.replace("{object_id}", ids["object"])
        .replace("{webhook_id}", ids["mlflow webhook"])
        .replace("{workspace_name}", HERE)
        .replace("{id}", ids.get("principal", "1"))
    )
    known: dict[str, Any] = {
        "name": SHARED,
        "model_name": SHARED,
        "version": "1",
        "stage": "Staging",
        "alias": MARK,
        "id": ids["webhook"],
        "user": CREATOR.name,
        "activity_type": ["NEW_COMMENT", "CREATED_MODEL"],
        "principal": f"user:{CREATOR.name}",
    }
    filters = {
        f"{MODELS}/search": ["", f"name LIKE '{MARK}%'", f"name ILIKE '%{MARK}%'", f"tags.`{MARK}` = '{MARK}'"],
        f"{VERSIONS}/search": ["", f"run_id = '{MARK}'", f"name = '{SHARED}'", f"tags.`{MARK}` = '{MARK}'"],
    }
    fields = {field.alias or name for name, field in route.body.model_fields.items()}
    given: list[dict[str, Any]] = [{}]
    for name in ("name", "model_name", "version", "stage", "alias", "id", "user", "activity_type", "principal"):
        if name in fields and f"{{{name}}}" not in route.path:
            given += [each | {name: known[name]} for each in given]
    for text in filters.get(route.path, []):
        given.append({"filter": text})
    if route.path.endswith("/preview"):
        entry = {"user_name": OUTSIDER, "permission_level": "CAN_READ"}
        given = [{"access_control_list": [entry]}]
    for each in given:
        yield path, each


@pytest.mark.parametrize("route", READ, ids=lambda route: f"{route.method} {route.path}")
@pytest.mark.parametrize("who", ["outsider", "administrator"])
def test_no_answer_has_anything_of_another_workspace(
    route: Route, who: str, marked: dict[str, str], insiders: Callers, outsider: Outsider
) -> None:
    registry = insiders.registry
    own = [Api(registry.url, registry.admin_token, name) for name in (HERE, None)]
    for api in outsider.elsewhere if who == "outsider" else own:
        with api:
            mine = api.get("/mlflow/databricks/registered-models/get", name=SHARED).ok()
            own_id = mine["registered_model_databricks"]["id"]
            principal = user_id(api, OUTSIDER)
            for ids in (
                marked,
                marked | {"object": own_id, "principal": principal},
                marked | {"object": "root"},
                marked | {"object": marked["gone"]},
            ):
                for path, fields in attempts(route, marked, ids):
                    answer = api.call(route.method, path, fields)
                    assert answer.status in (200, 400, 403, 404, 501), answer.content
                    assert MARK not in without_echo(answer), f"{answer.asked}: {answer.content.decode()}"


def without_echo(answer: Answer) -> str:
    """An answer without what an error repeats of the request."""
    return "" if answer.status >= 400 else answer.content.decode()


def test_the_mark_would_be_found(marked: dict[str, str], insiders: Callers) -> None:
    """What is looked for is shown in its own workspace."""
    shown = {
        route.path
        for route in READ
        for path, fields in attempts(route, marked, marked)
        if MARK in without_echo(insiders.admin.call(route.method, path, fields))
    }
    assert {
        f"{MODELS}/get",
        "/mlflow/databricks/registered-models/get",
        f"{MODELS}/search",
        f"{MODELS}/list",
        f"{MODELS}/get-latest-versions",
        f"{MODELS}/alias",
        f"{VERSIONS}/get",
        f"{VERSIONS}/get-download-uri",
        f"{VERSIONS}/search",
        f"{REQUESTS}/list",
        f"{REQUESTS}/review",
        f"{COMMENTS}/list",
        "/mlflow/activities/list",
        f"{HOOKS}/list",
        f"{HOOKS}/overview",
        "/mlflow/webhooks",
        "/mlflow/webhooks/{webhook_id}",
    } <= shown


def test_counts_are_of_the_workspace(marked: dict[str, str], outsider: Outsider) -> None:
    counted = outsider.here.get("/mlflow/registry/overview").ok()
    assert counted["open_requests"]["count"] == 1
    assert counted["transitions"]["count"] == 1


def test_the_stream_is_of_the_workspace(insiders: Callers, outsider: Outsider, marked: dict[str, str]) -> None:
    with stream(outsider.here) as mine, stream(insiders.creator) as theirs:
        insiders.creator.post(f"{COMMENTS}/create", name=SHARED, version="1", comment=f"{MARK} again").ok()
        outsider.default.post(f"{COMMENTS}/create", name=SHARED, version="1", comment="of the default one").ok()
        outsider.here.post(f"{COMMENTS}/create", name=SHARED, version="1", comment="here").ok()
        assert [each["comment"] for each in mine.until_comment("here")] == ["here"]
        assert [each["comment"] for each in theirs.until_comment(f"{MARK} again")] == [f"{MARK} again"]


def test_the_stream_ends_with_the_level_on_the_workspace(separated: LiveRegistry, outsider: Outsider) -> None:
    with (
        Api(separated.url, separated.token("leaving"), HERE) as leaving,
        Api(separated.url, separated.admin_token, HERE) as admin,
    ):
        before = admin.get(ROOT).ok()["access_control_list"]
        assert before
        admin.patch(ROOT, access_control_list=[{"user_name": "leaving", "permission_level": "CAN_READ"}]).ok()
        with stream(leaving) as events:
            admin.put(ROOT, access_control_list=[{"user_name": OUTSIDER, "permission_level": "CAN_MANAGE"}]).ok()
            assert events.rest() == []
        leaving.get(f"{MODELS}/search").missing()


def test_webhooks_are_told_of_their_workspace(separated: LiveRegistry, outsider: Outsider, insiders: Callers) -> None:
    """Those of a whole workspace, by the queue of what is to be sent."""
    hook = {"events": ["REGISTERED_MODEL_CREATED"], "http_url_spec": HOOK["http_url_spec"]}
    admins = {name: Api(separated.url, separated.admin_token, name) for name in (HERE, THERE, None)}
    ids = {name: api.post(f"{HOOKS}/create", **hook).ok()["webhook"]["id"] for name, api in admins.items()}

    def deliveries(name: str | None) -> list[str]:
        listed = admins[name].get(f"{HOOKS}/deliveries", id=ids[name]).ok()
        return sorted(each["model_name"] for each in listed.get("deliveries", []))

    for name, api in admins.items():
        api.post(f"{MODELS}/create", name=f"sent-{name}").ok()
    until(lambda: all(deliveries(name) for name in admins), "deliveries of all workspaces")
    assert {name: deliveries(name) for name in admins} == {name: [f"sent-{name}"] for name in admins}
    for name, api in admins.items():
        api.delete(f"{HOOKS}/delete", id=ids[name]).ok()
        api.__exit__(None, None, None)


def test_records_say_in_which_workspace(insiders: Callers, marked: dict[str, str]) -> None:
    with changing(insiders.registry.database) as connection:
        rows = connection.execute(
            select(activities.c.activity_type, activities.c.workspace_id, activities.c.detail).where(
                activities.c.activity_type == "CREATED_WORKSPACE"
            )
        ).all()
        of_models = connection.execute(
            select(activities.c.workspace_id).where(activities.c.model_name == f"{MARK}-name")
        ).all()
    ids = {json.loads(row.detail)["workspace"]: row.workspace_id for row in rows}
    assert [row.workspace_id for row in of_models] == [ids[THERE]]
