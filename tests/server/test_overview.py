"""The overview: what it counts, as the caller may see it, and as the lists behind it have it."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from tests.bulk_models import insert_models
from tests.live_registry import LiveRegistry, command, serving
from tests.server.api import Api
from tests.server.callers import add_group, user_id
from tests.server.database_state import changing
from tui_registry_server.store.tables import model_versions, registered_models

MODELS, VERSIONS, REQUESTS = "/mlflow/registered-models", "/mlflow/model-versions", "/mlflow/transition-requests"
OVERVIEW = "/mlflow/registry/overview"
DAY = 24 * 60 * 60 * 1000  # milliseconds
NOTHING = {
    "open_requests": 0,
    "transitions": 0,
    "models_without_description": 0,
    "models_without_owner": 0,
    "old_production_versions": 0,
    "expiring_tokens": 0,
}


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    with serving(tmp_path_factory.mktemp("overview")) as live:
        yield live


@pytest.fixture
def admin(registry: LiveRegistry) -> Iterator[Api]:
    """An administrator of a registry without models."""
    with changing(registry.database) as connection:
        connection.execute(delete(registered_models))
    with Api(registry.url, registry.admin_token) as api:
        yield api


@pytest.fixture
def user(registry: LiveRegistry) -> Iterator[Callable[..., Api]]:
    """Creates a user with a token, given its options, and returns the API as they call it."""
    with ExitStack() as opened:

        def create(name: str, *options: str) -> Api:
            command(registry.database, "users", "create", name)
            token = command(registry.database, "tokens", "create", name, *options).strip()
            return opened.enter_context(Api(registry.url, token))

        yield create


def counts(api: Api, **fields: Any) -> dict[str, int]:
    answer: dict[str, Any] = api.get(OVERVIEW, **fields).ok()
    return {name: each["count"] for name, each in answer.items()}


def listed(api: Api, what: str) -> set[str]:
    found = api.get(f"{MODELS}/search", filter=what, max_results=1000).ok()
    return {each["name"] for each in found.get("registered_models", [])}


def make(api: Api, name: str, **fields: Any) -> str:
    api.post(f"{MODELS}/create", name=name, **fields).ok()
    answer = api.get("/mlflow/databricks/registered-models/get", name=name).ok()
    identifier: str = answer["registered_model_databricks"]["id"]
    return identifier


def test_everybody_counts_what_they_may_see(user: Callable[..., Api], admin: Api) -> None:
    """Requests, transitions and models of others count only for who may read them; tokens only for administrators and
    their owners."""
    owner, reader = user("olga"), user("rita", "--days", "3")
    before = counts(admin)
    assert before == NOTHING | {"transitions": before["transitions"], "expiring_tokens": 1}
    assert counts(owner) == NOTHING
    assert counts(reader) == NOTHING | {"expiring_tokens": 1}
    shared = make(owner, "shared", description="About it.")
    make(owner, "hidden")
    rights = [{"user_name": "rita", "permission_level": "CAN_READ"}]
    owner.patch(f"/permissions/registered-models/{shared}", access_control_list=rights).ok()
    for name in ("shared", "hidden"):
        for _ in range(2):
            owner.post(f"{VERSIONS}/create", name=name, source="s3://m").ok()
        moved = {"stage": "Production", "archive_existing_versions": True}
        for version in ("1", "2"):  # the second displaces the first, which is not counted
            owner.post(f"{VERSIONS}/transition-stage", name=name, version=version, **moved).ok()
        owner.post(f"{REQUESTS}/create", name=name, version="1", stage="Staging").ok()

    everything = {"open_requests": 2, "transitions": 4, "models_without_description": 1}
    assert counts(owner) == NOTHING | everything
    everything["transitions"] += before["transitions"]
    assert counts(admin) == NOTHING | everything | {"expiring_tokens": 1}
    assert counts(reader) == NOTHING | {"open_requests": 1, "transitions": 2, "expiring_tokens": 1}
    (of_shared,) = reader.get(f"{REQUESTS}/list").ok()["requests"]
    answer = reader.get(OVERVIEW).ok()
    assert answer["open_requests"]["oldest_timestamp"] == of_shared["creation_timestamp"]
    assert (answer["expiring_tokens"]["of_everybody"], admin.get(OVERVIEW).ok()["expiring_tokens"]["of_everybody"]) == (
        False,
        True,
    )
    assert listed(owner, "missing = 'description'") == {"hidden"}
    assert listed(owner, "missing != 'description'") == {"shared"}
    assert listed(reader, "missing = 'description'") == set()


def test_days_are_those_that_were_asked_for(admin: Api) -> None:
    make(admin, "daily")
    admin.post(f"{VERSIONS}/create", name="daily", source="s3://m").ok()
    began = int(time.time() * 1000)
    before = counts(admin, day_start=[0])["transitions"]
    for stage in ("Staging", "Production"):
        admin.post(f"{VERSIONS}/transition-stage", name="daily", version="1", stage=stage).ok()
    starts = [began + 10 * DAY, began - DAY, began - 3 * DAY]
    days = admin.get(OVERVIEW, day_start=starts).ok()["transitions"]["days"]
    assert [each["start_timestamp"] for each in days] == sorted(starts)
    assert [each["count"] for each in days] == [0, before + 2, 0]
    ordinary = admin.get(OVERVIEW).ok()["transitions"]["days"]
    assert (len(ordinary), ordinary[-1]["count"]) == (14, before + 2)
    assert counts(admin, day_start=[began + DAY])["transitions"] == 0


def test_a_model_has_an_owner_if_somebody_active_can_manage_it(user: Callable[..., Api], admin: Api) -> None:
    """By a grant to them or a group that they are in; of the whole registry for all models. Being a member of admins is
    no grant."""
    people = {name: user(name) for name in ("anna", "bert")}
    ids = {name: user_id(admin, name) for name in people}
    owned = make(people["anna"], "annas")
    make(people["bert"], "berts")
    unowned = "missing = 'owner'"
    assert listed(admin, unowned) == set()

    admin.patch(
        f"/preview/scim/v2/Users/{ids['anna']}", Operations=[{"op": "replace", "path": "active", "value": False}]
    ).ok()
    assert (listed(admin, unowned), listed(admin, "missing != 'owner'")) == ({"annas"}, {"berts"})
    assert counts(admin)["models_without_owner"] == 1
    assert counts(people["bert"])["models_without_owner"] == 0  # may not read it

    inner = add_group(admin, "inner-owners", [ids["bert"]])
    add_group(admin, "outer-owners", [inner])
    grant = {"group_name": "outer-owners", "permission_level": "CAN_MANAGE_PRODUCTION_VERSIONS"}
    admin.patch(f"/permissions/registered-models/{owned}", access_control_list=[grant]).ok()
    assert listed(people["bert"], unowned) == {"annas"}
    grant["permission_level"] = "CAN_MANAGE"
    admin.patch(f"/permissions/registered-models/{owned}", access_control_list=[grant]).ok()
    assert listed(admin, unowned) == set()
    assert counts(admin)["models_without_owner"] == 0


def test_old_versions_in_production(registry: LiveRegistry, admin: Api) -> None:
    make(admin, "aged")
    for version, stage in (("1", "Production"), ("2", "Production"), ("3", "Staging")):
        admin.post(f"{VERSIONS}/create", name="aged", source="s3://m").ok()
        admin.post(f"{VERSIONS}/transition-stage", name="aged", version=version, stage=stage).ok()
    long_ago = int(time.time() * 1000) - 100 * DAY
    with changing(registry.database) as connection:
        aged = update(model_versions).where(model_versions.c.version.in_([1, 3]))
        connection.execute(aged.values(creation_timestamp=long_ago))
    tag = {"key": "mlflow.prompt.is_prompt", "value": "true"}
    admin.post(f"{VERSIONS}/set-tag", name="aged", version="3", **tag).ok()
    assert counts(admin)["old_production_versions"] == 1, "no tag hides them"
    admin.delete(f"{VERSIONS}/delete-tag", name="aged", version="3", key=tag["key"]).ok()
    assert counts(admin, production_days=101)["old_production_versions"] == 0
    assert counts(admin, production_days=0)["old_production_versions"] == 2
    old = f"stage = 'Production' AND creation_timestamp <= {long_ago}"
    found = admin.get(f"{VERSIONS}/search", filter=old).ok()["model_versions"]
    assert [each["version"] for each in found] == ["1"]
    found = admin.get(f"{VERSIONS}/search", filter=f"creation_timestamp > {long_ago}").ok()["model_versions"]
    assert [each["version"] for each in found] == ["2"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("missing = 'brain'", "'missing' is compared with 'description' or 'owner'"),
        ("missing LIKE 'owner'", "Use one of !=, ="),
        ("created < 5", "'created' cannot be searched"),
    ],
)
def test_what_cannot_be_searched(admin: Api, text: str, message: str) -> None:
    assert message in admin.get(f"{MODELS}/search", filter=text).invalid()


def test_counts_are_bounded(tmp_path: Path) -> None:
    """Nothing is counted beyond 10,000, and it says so."""
    with serving(tmp_path) as registry, Api(registry.url, registry.admin_token) as admin:
        insert_models(registry, 20_003)  # every other one has a version in Production, of the year 1970
        answer = admin.get(OVERVIEW).ok()
        assert answer["models_without_description"] == {"count": 10_000, "more": True}
        assert answer["models_without_owner"] == {"count": 10_000, "more": True}
        assert answer["old_production_versions"] == {"count": 10_000, "more": True}
        with changing(registry.database) as connection:
            connection.execute(
                update(registered_models).where(registered_models.c.name >= "model-010000").values(description="x")
            )
        assert admin.get(OVERVIEW).ok()["models_without_description"] == {"count": 10_000}
