"""Comparing names: principals' by one rule everywhere, models' exactly."""

import base64
from itertools import count

import pytest
from click.testing import CliRunner

from tests.live_registry import LiveRegistry, command
from tests.server.api import Api
from tests.server.directory import GROUPS, SERVICE_PRINCIPALS, USERS
from tui_registry_server.commands import main

SAME = {
    "letter case beyond A to Z": ("Ärger", "äRGER"),
    "accents apart": ("ärger", "A\u0308RGER"),
    "one letter for two": ("Straße", "STRASSE"),
    "two small letters of one": ("ΣΊΣΥΦΟΣ", "σίσυφος"),
    "accents in another order": ("q\u0307\u0323", "Q\u0323\u0307"),
}
"""Pairs of equal names."""

NAMED = {USERS: "userName", SERVICE_PRINCIPALS: "applicationId", GROUPS: "displayName"}
_numbers = count(1)


@pytest.fixture(params=SAME.values(), ids=list(SAME))
def names(request: pytest.FixtureRequest) -> tuple[str, str]:
    """A new name in two spellings."""
    number = next(_numbers)
    first, second = request.param
    return f"same-{number}-{first}", f"Same-{number}-{second}"


@pytest.mark.parametrize("path", NAMED)
def test_a_name_can_be_had_once(admin: Api, names: tuple[str, str], path: str) -> None:
    name, other = names
    made = admin.post(path, **{NAMED[path]: name}).ok()
    assert made[NAMED[path]] == name, "it is shown as it was given"
    answer = admin.post(path, **{NAMED[path]: other})
    assert answer.status in (400, 409)
    assert b"exists already" in answer.content
    for asked in (f'eq "{other}"', f'co "{other[:-1]}"', f'sw "{other[:-1]}"', f'ew "{other[1:]}"'):
        found = admin.get(path, filter=f"{NAMED[path]} {asked}").ok()
        assert [each["id"] for each in found["Resources"]] == [made["id"]], asked
    assert admin.get(path, filter=f'{NAMED[path]} ne "{other}" and id eq "{made["id"]}"').ok()["totalResults"] == 0


def test_it_is_the_same_wherever_somebody_is_named(admin: Api, names: tuple[str, str], registry: LiveRegistry) -> None:
    name, other = names
    token = registry.token(name)
    result = CliRunner().invoke(main, ["users", "create", other, "--database", registry.database])
    assert (result.exit_code, "exists already" in result.stderr) == (1, True)
    assert command(registry.database, "tokens", "create", other).strip()
    with Api(registry.url, None) as anybody:
        basic = base64.b64encode(f"{other}:{token}".encode()).decode()
        me = anybody.send("GET", "/preview/scim/v2/Me", headers={"Authorization": f"Basic {basic}"}).ok()
    assert me["userName"] == name
    model = admin.post("/mlflow/registered-models/create", name=name).ok()["registered_model"]["name"]
    admin.post("/mlflow/model-versions/create", name=model, source="s3://x").ok()
    model_id = admin.get("/mlflow/databricks/registered-models/get", name=model).ok()["registered_model_databricks"][
        "id"
    ]
    granted = [{"user_name": other, "permission_level": "CAN_READ"}]
    levels = admin.patch(f"/permissions/registered-models/{model_id}", access_control_list=granted).ok()
    assert name in [entry.get("user_name") for entry in levels["access_control_list"]]
    with Api(registry.url, token) as own:
        own.post("/mlflow/transition-requests/create", name=model, version="1", stage="Staging").ok()
        own.post("/token/create", comment="mine").ok()
    listed = admin.get("/token-management/tokens", created_by_username=other).ok()["token_infos"]
    assert [info["comment"] for info in listed] == ["mine"]
    admin.post("/mlflow/transition-requests/reject", name=model, version="1", stage="Staging", creator=other).ok()
    group = admin.post(GROUPS, displayName=f"g-{name}", members=[{"value": me["id"]}]).ok()
    found = admin.get(USERS, filter=f'groups.display eq "G-{other}"').ok()["Resources"]
    assert ([each["userName"] for each in found], group["displayName"]) == ([name], f"g-{name}")


def test_people_are_listed_alike_on_every_database(admin: Api) -> None:
    """By the names' keys, by code points: not by the database's locale."""
    made = [f"order-{each}" for each in ("a", "B", "b1", "_", "z", "Ä", "é")]
    for name in reversed(made):
        admin.post(USERS, userName=name).ok()
    found = admin.get(USERS, filter='userName sw "ORDER-"').ok()["Resources"]
    assert [each["userName"] for each in found] == [f"order-{each}" for each in ("_", "a", "B", "b1", "z", "Ä", "é")]


def test_models_are_named_by_the_very_characters(admin: Api) -> None:
    """As in MLflow: only identical names are equal."""
    kept = [f"exact-{each}" for each in ("ä", "a\u0308", "Ä", "x", "x ", "X", "ß", "ss")]
    for name in kept:
        admin.post("/mlflow/registered-models/create", name=name, description=repr(name)).ok()
    for name in kept:
        found = admin.get("/mlflow/registered-models/get", name=name).ok()["registered_model"]
        assert found["description"] == repr(name)
    listed = admin.get("/mlflow/registered-models/search", filter="name LIKE 'exact-%'").ok()["registered_models"]
    assert [each["name"] for each in listed] == sorted(kept)
