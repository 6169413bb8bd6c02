"""Activities: every change is recorded, with its author and time; and reading the feed."""

import json
import time
from typing import Any

import pytest
from sqlalchemy import select

from tests.server.callers import CREATOR, Caller, Callers
from tests.server.database_state import changing
from tests.server.permission_case import MODELS, PERMISSIONS, Case
from tests.server.permission_cases import CASES
from tui_registry_server.store.tables import activities
from tui_registry_server.wire.lists import MAX_ACTIVITY_TYPES

RECORDED = {
    "POST /mlflow/registered-models/create": "CREATED_MODEL",
    "PATCH /mlflow/registered-models/update": "UPDATED_MODEL",
    "POST /mlflow/registered-models/rename": "RENAMED_MODEL",
    "DELETE /mlflow/registered-models/delete": "DELETED_MODEL",
    "POST /mlflow/registered-models/set-tag": "SET_TAG",
    "DELETE /mlflow/registered-models/delete-tag": "DELETED_TAG",
    "POST /mlflow/registered-models/alias": "SET_ALIAS",
    "DELETE /mlflow/registered-models/alias": "DELETED_ALIAS",
    "POST /mlflow/model-versions/create": "CREATED_VERSION",
    "PATCH /mlflow/model-versions/update": "UPDATED_VERSION",
    "DELETE /mlflow/model-versions/delete": "DELETED_VERSION",
    "POST /mlflow/model-versions/retrieve-lineage": "UPDATED_VERSION",
    "POST /mlflow/model-versions/set-tag": "SET_TAG",
    "DELETE /mlflow/model-versions/delete-tag": "DELETED_TAG",
    "POST /mlflow/model-versions/transition-stage": "APPLIED_TRANSITION",
    "POST /mlflow/databricks/model-versions/transition-stage": "APPLIED_TRANSITION",
    "POST /mlflow/transition-requests/create": "REQUESTED_TRANSITION",
    "POST /mlflow/transition-requests/approve": "APPROVED_REQUEST",
    "POST /mlflow/transition-requests/reject": "REJECTED_REQUEST",
    "DELETE /mlflow/transition-requests/delete": "CANCELLED_REQUEST",
    "POST /mlflow/comments/create": "NEW_COMMENT",
    "PATCH /mlflow/comments/update": "EDITED_COMMENT",
    "DELETE /mlflow/comments/delete": "DELETED_COMMENT",
    "POST /mlflow/registry-webhooks/create": "CREATED_WEBHOOK",
    "PATCH /mlflow/registry-webhooks/update": "CHANGED_WEBHOOK",
    "POST /mlflow/registry-webhooks/replay": "CHANGED_WEBHOOK",
    "POST /mlflow/registry-webhooks/test": "TESTED_WEBHOOK",
    "DELETE /mlflow/registry-webhooks/delete": "DELETED_WEBHOOK",
    "POST /mlflow/follows/set": "FOLLOWED",
    "DELETE /mlflow/follows/delete": "UNFOLLOWED",
    "PUT /permissions/registered-models/{object_id}": "CHANGED_PERMISSIONS",
    "PATCH /permissions/registered-models/{object_id}": "CHANGED_PERMISSIONS",
}
"""The expected records of each call; others have none."""

ONE_OF_EACH = [case for case in CASES if case.about in ("", "None -> Staging")]


def test_every_change_is_known_here() -> None:
    changing_calls = {f"{case.method} {case.route}" for case in CASES if case.method != "GET"}
    reading_calls = {f"POST {MODELS}/get-latest-versions", f"POST {PERMISSIONS}/preview"}
    assert changing_calls - set(RECORDED) == reading_calls


@pytest.mark.parametrize("case", ONE_OF_EACH, ids=str)
def test_who_did_what_when(case: Case, callers: Callers) -> None:
    attempt = case.prepare(callers, CREATOR)
    newest = recorded_after(callers, 0)[-1]["sequence"]
    before = time.time_ns() // 1_000_000
    attempt.make(callers.creator).ok()
    after = time.time_ns() // 1_000_000
    rows = recorded_after(callers, newest)
    expected = RECORDED.get(f"{case.method} {case.route}")
    assert [row["activity_type"] for row in rows] == ([] if expected is None else [expected])
    for row in rows:
        assert row["user_id"] == CREATOR.name
        assert before <= row["creation_timestamp"] <= after
        assert row["token_id"]
        assert row["address"] == "127.0.0.1"
        assert row["model_id"]


def recorded_after(callers: Callers, sequence: int) -> list[dict[str, Any]]:
    with changing(callers.registry.database) as connection:
        query = select(activities).where(activities.c.sequence > sequence).order_by(activities.c.sequence)
        return [dict(row) for row in connection.execute(query).mappings()]


def test_what_changed_is_kept_before_and_after(callers: Callers) -> None:
    model = callers.model()
    for description in ("one", "two"):
        callers.creator.patch(f"{MODELS}/update", name=model, description=description).ok()
    callers.creator.post(f"{MODELS}/set-tag", name=model, key="k", value="v").ok()
    details = [json.loads(row["detail"]) for row in recorded_after(callers, 0) if row["model_name"] == model][-2:]
    assert details == [{"description": ["one", "two"]}, {"key": "k", "value": [None, "v"]}]


@pytest.fixture(scope="module")
def history(callers: Callers) -> tuple[str, list[dict[str, Any]]]:
    """A model with a history, and its feed."""
    model = callers.model("history")
    for _ in range(3):
        version = callers.version(model)
        callers.creator.post("/mlflow/comments/create", name=model, version=version, comment="words").ok()
        reader = callers.api(Caller("CAN_READ", "direct"))
        reader.post("/mlflow/transition-requests/create", name=model, version=version, stage="Staging").ok()
    found: list[dict[str, Any]] = callers.creator.get("/mlflow/activities/list", name=model).ok()["activities"]
    return model, found


def test_the_feed_is_newest_first(history: tuple[str, list[dict[str, Any]]]) -> None:
    _, feed = history
    assert [each["activity_type"] for each in feed[:3]] == ["REQUESTED_TRANSITION", "NEW_COMMENT", "CREATED_VERSION"]
    assert [each["activity_type"] for each in feed[-2:]] == ["CHANGED_PERMISSIONS", "CREATED_MODEL"]
    times = [each["creation_timestamp"] for each in feed]
    assert times == sorted(times, reverse=True)


def test_filters(history: tuple[str, list[dict[str, Any]]], callers: Callers) -> None:
    model, feed = history
    reader = Caller("CAN_READ", "direct").name
    middle = feed[len(feed) // 2]["creation_timestamp"]
    for fields, holds in (
        ({"version": "2"}, lambda each: each.get("version") == "2"),
        ({"user": reader}, lambda each: each["user_id"] == reader),
        ({"activity_type": "NEW_COMMENT"}, lambda each: each["activity_type"] == "NEW_COMMENT"),
        (
            {"activity_type": ["NEW_COMMENT", "CREATED_VERSION"]},
            lambda each: each["activity_type"] in ("NEW_COMMENT", "CREATED_VERSION"),
        ),
        ({"from": middle}, lambda each: each["creation_timestamp"] >= middle),
        ({"to": middle}, lambda each: each["creation_timestamp"] < middle),
        ({"version": "1", "user": reader}, lambda each: each.get("version") == "1" and each["user_id"] == reader),
        ({"user": "nobody"}, lambda each: False),
    ):
        found = callers.creator.get("/mlflow/activities/list", name=model, **fields).ok().get("activities", [])
        assert found == [each for each in feed if holds(each)], fields
    callers.creator.get("/mlflow/activities/list", version="1").invalid()
    callers.creator.get("/mlflow/activities/list", name=model, activity_type="DANCED").invalid()


def test_a_type_that_comes_often(history: tuple[str, list[dict[str, Any]]], callers: Callers) -> None:
    """With the smallest pages."""
    model, feed = history
    body = json.dumps({"name": model, "activity_type": ["NEW_COMMENT"] * MAX_ACTIVITY_TYPES}).encode()
    found = callers.creator.send("GET", "/mlflow/activities/list", body).ok()["activities"]
    assert found == [each for each in feed if each["activity_type"] == "NEW_COMMENT"]


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
def test_pages(size: int, history: tuple[str, list[dict[str, Any]]], callers: Callers) -> None:
    model, feed = history
    found, token = [], ""
    while True:
        page = callers.creator.get("/mlflow/activities/list", name=model, max_results=size, page_token=token).ok()
        assert len(page["activities"]) <= size
        found += page["activities"]
        token = page.get("next_page_token", "")
        if not token:
            break
    assert found == feed


def test_a_page_goes_on_where_it_ended_whatever_happens_meanwhile(callers: Callers) -> None:
    model = callers.model()
    callers.version(model)
    feed = callers.creator.get("/mlflow/activities/list", name=model).ok()["activities"]
    first = callers.creator.get("/mlflow/activities/list", name=model, max_results=1).ok()
    callers.version(model)
    token = first["next_page_token"]
    rest = callers.creator.get("/mlflow/activities/list", name=model, max_results=1000, page_token=token)
    assert first["activities"] + rest.ok()["activities"] == feed
