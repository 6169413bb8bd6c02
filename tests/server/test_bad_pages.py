"""Invalid page sizes, page tokens, event ids, filters and orders."""

import base64
import json
from typing import Any

import pytest

from tests.server.callers import Callers
from tests.server.database_state import DatabaseState
from tests.server.invalid_requests import assert_refused, in_body
from tests.server.webhook_cases import HOOK, HOOKS, MLFLOW_HOOK
from tui_registry_server.http.routes import ROUTES

LISTS = {
    "/mlflow/registered-models/search": 1000,
    "/mlflow/registered-models/list": 1000,
    "/mlflow/model-versions/search": 200_000,
    "/mlflow/transition-requests/list": 1000,
    "/mlflow/activities/list": 1000,
    "/mlflow/registry-webhooks/list": 1000,
    "/mlflow/registry-webhooks/overview": 1000,
    "/mlflow/webhooks": 1000,
    "/imports/models": 1000,
}
"""Every paged list, and its maximum page size: except a version's comments, a model's stage history and a webhook's
deliveries, which have tests of their own."""


def test_every_list_with_pages_is_here() -> None:
    assert {route.path for route in ROUTES if "page_token" in in_body(route)} == {
        *LISTS,
        "/mlflow/comments/list",
        "/mlflow/registered-models/stage-history",
        "/mlflow/registry-webhooks/deliveries",
        "/principals/{id}/levels",
    }


@pytest.mark.parametrize("path", LISTS)
def test_the_size_of_a_page(path: str, callers: Callers) -> None:
    for size in (
        "0",
        "-1",
        str(LISTS[path] + 1),
        "9" * 30,
        "-" + "9" * 30,
        "",
        " ",
        "abc",
        "1.5",
        "1e2",
        "NaN",
        "true",
    ):
        assert "max_results" in callers.admin.get(path, max_results=size).invalid()
    for size in ("1", str(LISTS[path])):
        callers.admin.get(path, max_results=size).ok()


def _token(content: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


@pytest.mark.parametrize("path", LISTS)
def test_page_tokens(path: str, callers: Callers, database_state: DatabaseState) -> None:
    for _ in range(2):
        callers.creator.post(
            "/mlflow/transition-requests/create",
            name=(m := callers.model()),
            version=callers.version(m),
            stage="Staging",
        ).ok()
        callers.admin.post(f"{HOOKS}/create", **HOOK, status="DISABLED").ok()
        callers.admin.post("/mlflow/webhooks", **MLFLOW_HOOK, status="DISABLED").ok()
        times = {"creation_timestamp": 1, "last_updated_timestamp": 1}
        callers.admin.post("/imports/models", source="elsewhere", name=callers.new_name("imported"), **times).ok()
    good = callers.admin.get(path, max_results=1).ok()["next_page_token"]
    search, *position = json.loads(base64.urlsafe_b64decode(good + "=" * (-len(good) % 4)))
    bad = [
        "x", "!!!", "é", " ", "=", "a" * 50_000, good[:-3], good + "AAAA", good.swapcase(),
        _token(None), _token(5), _token("x"), _token([]), _token({}), _token([search]), _token([position]),
        _token([search, *position, 1]), _token(["0" * 16, *position]), _token([search, *([None] * len(position))]),
        _token([search, *([[]] * len(position))]), _token([search, *([{}] * len(position))]),
        _token([search, *([True] * len(position))]), _token([search, *([1.5] * len(position))]),
        _token([search, *([2**70] * len(position))]), _token([search, *(["a\0b"] * len(position))]),
        _token([search, *(["\ud800"] * len(position))]),
        base64.urlsafe_b64encode(b"[" * 30_000).decode(), base64.urlsafe_b64encode(b"\xff" * 30).decode(),
    ]  # fmt: skip
    others = [each for each in LISTS if each != path]
    bad += [callers.admin.get(each, max_results=1).ok()["next_page_token"] for each in others if each[:12] != path[:12]]
    with database_state.unchanged():
        for token in bad:
            answer = callers.admin.get(path, max_results=1, page_token=token)
            assert "page_token" in answer.invalid(), token
            assert_refused(answer)
    assert callers.admin.get(path, max_results=1, page_token=good).ok()


@pytest.mark.parametrize(
    "last_seen", ["", " ", "-1", "abc", "1.5", "1e3", "0x10", "9" * 40, "\xb2", "1,2", "9" * 60_000, "NaN"]
)
def test_last_event_ids(last_seen: str, callers: Callers) -> None:
    answer = callers.admin.send("GET", "/mlflow/events", None, {"Last-Event-ID": last_seen})
    assert "Last-Event-ID" in answer.invalid()


FILTERS = (
    "   ", "name", "name =", "= 'x'", "name = x", "name = 'x", "name = 'x' OR name = 'y'", "(name = 'x')",
    "name == 'x'",    "name = 'x';", "nome = 'x'", "NAME = 'x'", "name > 'x'",
    "name IN 'x'", "name IN ()", "name IN ('x'", "tags. = 'x'",
    "tags.k IN ('x')", "name = 'x' name", "name LIKE 5", "\x00", "name = '\x00'", "a" * 100_000,
    "name = 'x' AND " * 200,    "name LIKE '" + "%" * 20_000 + "'", "(" * 50_000, "name = \ud83d",
)  # fmt: skip


@pytest.mark.parametrize("path", ["/mlflow/registered-models/search", "/mlflow/model-versions/search"])
def test_filters_and_orders(path: str, callers: Callers, database_state: DatabaseState) -> None:
    with database_state.unchanged():
        for text in FILTERS:
            assert_refused(callers.admin.send("GET", path, json.dumps({"filter": text}).encode()))
        for order in ("nome", "name UP", "name ASC DESC", "name;", "", " ", "name, name", "x" * 100_000):
            assert_refused(callers.admin.send("GET", path, json.dumps({"order_by": [order]}).encode()))
        assert_refused(callers.admin.get(path, order_by=["name", "name DESC"]))


def test_the_server_still_serves(callers: Callers) -> None:
    assert callers.admin.get("/health").ok() == {"status": "OK"}
