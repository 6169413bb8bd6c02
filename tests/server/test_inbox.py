"""The inbox: open requests of all models, newest first, paged."""

import pytest
from sqlalchemy import event

from tests.live_registry import LiveRegistry
from tests.server.api import Api
from tests.server.callers import Caller, Callers
from tests.server.permission_case import REQUESTS
from tests.server.test_requests import asked
from tui_registry_server.operations import feed
from tui_registry_server.operations.call import Call
from tui_registry_server.operations.subjects import Subject
from tui_registry_server.rules.permissions import Level
from tui_registry_server.rules.principals import Principal
from tui_registry_server.store.engine import database_url, make_engine
from tui_registry_server.wire.principal import PrincipalKind
from tui_registry_server.wire.transition_request import ListTransitionRequests

READER = Caller("CAN_READ", "direct")


def test_an_entry_says_what_it_is_about(callers: Callers) -> None:
    fields = asked(callers, stage="Production", origin="Staging")
    holders = [callers.version(fields["name"], "Production") for _ in range(2)]
    made = callers.api(READER).post(f"{REQUESTS}/create", **fields, comment="why").ok()["request"]
    newest = callers.creator.get(f"{REQUESTS}/list", max_results=1).ok()["requests"][0]
    actions = [f"{verb}_TRANSITION_REQUEST" for verb in ("APPROVE", "REJECT", "CANCEL")]
    assert newest == made | {
        "name": fields["name"],
        "version": fields["version"],
        "displaces": holders,
        "available_actions": actions,
    }


@pytest.mark.parametrize(
    ("origin", "target", "other", "empty"),
    [
        ("Production", "Archived", "Staging", True),
        ("Production", "None", "None", True),
        ("Production", "Staging", "Production", False),
        ("Staging", "Production", "None", False),
        ("Staging", "Archived", "None", False),
    ],
)
def test_whether_production_is_left_empty(callers: Callers, origin: str, target: str, other: str, empty: bool) -> None:
    fields = asked(callers, READER, stage=target, origin=origin)
    callers.version(fields["name"], other)
    newest = callers.creator.get(f"{REQUESTS}/list", max_results=1).ok()["requests"][0]
    assert (newest["name"], newest.get("leaves_empty", False)) == (fields["name"], empty)


def test_a_request_that_displaces_nothing(callers: Callers) -> None:
    fields = asked(callers, READER, stage="Archived", origin="Production")
    callers.version(fields["name"], "Archived")
    assert "displaces" not in callers.creator.get(f"{REQUESTS}/list", max_results=1).ok()["requests"][0]


def test_pages_are_newest_first_and_whole(callers: Callers) -> None:
    for _ in range(5):
        asked(callers, READER)
    everything, token = [], ""
    while True:
        page = callers.creator.get(f"{REQUESTS}/list", max_results=3, page_token=token).ok()
        everything += page["requests"]
        token = page.get("next_page_token", "")
        if not token:
            break
        assert len(page["requests"]) == 3
    times = [(each["creation_timestamp"], each["id"]) for each in everything]
    assert times == sorted(times, reverse=True)
    assert len(set(times)) == len(times)
    at_once = callers.creator.get(f"{REQUESTS}/list", max_results=1000).ok()["requests"]
    assert at_once == everything[:1000]


def test_a_decision_takes_it_out(callers: Callers) -> None:
    fields = asked(callers, READER)
    callers.creator.post(f"{REQUESTS}/reject", **fields).ok()
    inbox = callers.creator.get(f"{REQUESTS}/list", max_results=1000).ok().get("requests", [])
    assert fields["name"] not in {each["name"] for each in inbox}


def test_the_open_requests_of_one_model(callers: Callers) -> None:
    fields = asked(callers, READER)
    other = asked(callers, READER)
    second = callers.version(fields["name"])
    callers.api(READER).post(f"{REQUESTS}/create", name=fields["name"], version=second, stage="Staging").ok()
    of_model = callers.creator.get(f"{REQUESTS}/list", name=fields["name"]).ok()["requests"]
    assert [each["version"] for each in of_model] == [second, fields["version"]]
    first = callers.creator.get(f"{REQUESTS}/list", name=fields["name"], max_results=1).ok()
    rest = callers.creator.get(
        f"{REQUESTS}/list", name=fields["name"], max_results=1, page_token=first["next_page_token"]
    ).ok()
    assert first["requests"] + rest["requests"] == of_model
    answer = callers.creator.get(f"{REQUESTS}/list", name=other["name"], page_token=first["next_page_token"])
    answer.refused(400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize("count", [1, 12])
def test_a_page_is_one_statement(fresh_registry: LiveRegistry, count: int) -> None:
    with Api(fresh_registry.url, fresh_registry.admin_token) as api:
        api.post("/mlflow/registered-models/create", name="m").ok()
        for _ in range(count):
            version = api.post("/mlflow/model-versions/create", name="m", source="s3://x").ok()["model_version"]
            api.post(f"{REQUESTS}/create", name="m", version=version["version"], stage="Staging").ok()
        api.post("/mlflow/model-versions/transition-stage", name="m", version="1", stage="Staging").ok()
        api.post(f"{REQUESTS}/create", name="m", version="1", stage="Production").ok()
    admin = Principal("1", "ada", PrincipalKind.USER, "2", ("1",), Level.MANAGE, admin=True)
    engine = make_engine(database_url(fresh_registry.database), write=False)
    run: list[str] = []
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        if connection.dialect.name == "sqlite":
            driver.set_trace_callback(run.append)  # its statements go straight to the driver
        else:
            event.listen(engine, "before_cursor_execute", lambda *given: run.append(given[2]))
        answer = feed.requests(
            Call(connection, admin, 0, 0), ListTransitionRequests(max_results=1000), Subject(Level.MANAGE)
        )
    engine.dispose()
    assert isinstance(answer, dict)
    displaced = [each.get("displaces") for each in answer["requests"]]
    assert displaced == [None, *[["1"]] * (count - 1)], "the request for version 1 has happened"
    assert len([sql for sql in run if sql.lstrip("( ").startswith(("SELECT", "WITH"))]) == 1, run
