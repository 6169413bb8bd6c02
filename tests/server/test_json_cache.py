"""Cached answers are never stale."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from tests.live_registry import Server, serving
from tests.server.api import Api
from tests.server.callers import ADMIN, CREATOR, Callers
from tests.server.permission_cases import CASES
from tui_registry_server.http.routes import ROUTES
from tui_registry_server.rules.permissions import Level
from tui_registry_server.rules.principals import Principal
from tui_registry_server.rules.search import MODELS, VERSIONS, read_search
from tui_registry_server.store import model_versions, registered_models, version_search
from tui_registry_server.store.engine import database_url, make_engine
from tui_registry_server.store.json_cache import ENTRY_OVERHEAD, JsonCache, json_cache_of
from tui_registry_server.wire.principal import PrincipalKind
from tui_registry_server.wire.stage import Stage

SOMEBODY = Principal("1", "somebody", PrincipalKind.USER, "", (), Level.MANAGE, admin=True)


@pytest.fixture(scope="module")
def callers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callers]:
    with serving(tmp_path_factory.mktemp("documents")) as live, closing(Callers(live)) as everybody:
        yield everybody


@pytest.fixture(scope="module")
def database(callers: Callers) -> Iterator[Connection]:
    """A connection without a cache."""
    engine = make_engine(database_url(callers.registry.database), write=False)
    with engine.connect() as connection:
        json_cache_of(connection).put("a document", "1", "text")
        assert json_cache_of(connection).get("a document", "1") is None
        yield connection
    engine.dispose()


def cached(api: Api, name: str) -> dict[str, Any]:
    """All cached answers of a server about a model."""
    model = api.get("/mlflow/registered-models/get", name=name)
    latest = api.get("/mlflow/registered-models/get-latest-versions", name=name)
    listed = api.get("/mlflow/registered-models/search", filter=f"name = '{name}'").ok()
    versions = api.get("/mlflow/model-versions/search", filter=f"name = '{name}'").ok()
    return {
        "model": model.ok() if model.status == 200 else None,
        "latest": latest.ok() if latest.status == 200 else {},
        "listed": listed.get("registered_models", []),
        "versions": versions.get("model_versions", []),
        "each": [
            api.get("/mlflow/model-versions/get", name=name, version=each["version"]).ok()["model_version"]
            for each in versions.get("model_versions", [])
        ],
    }


def stored(database: Connection, name: str) -> dict[str, Any]:
    """The same, uncached."""
    model = registered_models.find(database, SOMEBODY, name)
    alone = latest = None
    if model is not None:
        alone = registered_models.read(database, model)
        latest = model_versions.latest(database, model.id, model.revision, list(Stage))
    listed = registered_models.page(database, SOMEBODY, read_search(MODELS, **_named(name))).rows
    versions = version_search.page(database, SOMEBODY, read_search(VERSIONS, **_named(name))).rows
    return {
        "model": json.loads(alone) if alone else None,
        "latest": json.loads(latest) if latest else {},
        "listed": [json.loads(document) for document, _ in listed],
        "versions": [json.loads(document) for document, _ in versions],
        "each": [json.loads(document) for document, _ in versions],
    }


def _named(name: str) -> dict[str, Any]:
    return {"filter_text": f"name = '{name}'", "order_by": (), "max_results": 999, "page_token": ""}


def test_after_every_kind_of_change(callers: Callers, database: Connection) -> None:
    """But of webhooks of the whole registry, which are about no model."""
    changing = {
        (route.method, route.path)
        for route in ROUTES
        if route.writes and route.path.startswith("/mlflow") and not route.path.startswith("/mlflow/webhooks")
    }
    tried: set[tuple[str, str]] = set()
    for case in CASES:
        if (case.method, case.route) not in changing:
            continue
        caller = CREATOR if "own" in case.ability else ADMIN
        attempt = case.prepare(callers, caller)
        names = {attempt.fields[field] for field in ("name", "new_name") if field in attempt.fields}
        for name in names:
            cached(callers.admin, name)  # fill the cache
        if attempt.make(callers.api(caller)).status >= 400:
            continue  # a comment of another user
        for name in names:
            assert cached(callers.admin, name) == stored(database, name), f"after {case}"
        tried.add((case.method, case.route))
    assert tried == changing


def test_after_a_change_by_another_server(callers: Callers, database: Connection, tmp_path: Path) -> None:
    name = callers.model("elsewhere")
    with (
        Server(tmp_path, callers.registry.database) as other,
        Api(other.start(), callers.registry.admin_token) as second,
    ):
        for number in range(3):
            cached(callers.admin, name)
            second.post("/mlflow/registered-models/set-tag", name=name, key="n", value=str(number)).ok()
            assert cached(callers.admin, name) == stored(database, name)


def test_what_was_undone_is_not_kept(callers: Callers, database: Connection) -> None:
    """A change that is rolled back has changed the revision, and another one will get the same number."""
    name = callers.model("undone")
    api = callers.admin
    for number in range(5):
        api.post("/mlflow/registered-models/create", name=name).refused(400, "RESOURCE_ALREADY_EXISTS")
        api.post("/mlflow/registered-models/set-tag", name=name, key="n", value=str(number)).ok()
        assert cached(api, name) == stored(database, name)


def test_no_more_is_kept_than_there_is_room_for() -> None:
    cache = JsonCache(max_bytes=10 * (ENTRY_OVERHEAD + 10))
    for number in range(50):
        assert cache.put(number, "1", "x" * 10) == b"x" * 10
    assert [number for number in range(50) if cache.get(number, "1")] == list(range(40, 50))
    cache.put(45, "2", "y" * 20)
    assert cache.get(45, "1") is None
    assert cache.get(45, "2") == b"y" * 20
    assert cache.get(40, "1") is None, "it made room"
    large = "z" * 10 * (ENTRY_OVERHEAD + 10)
    assert cache.put("large", "1", large) == large.encode()
    assert cache.get("large", "1") is None
    assert cache.get(49, "1") is not None, "what has no room takes none"
