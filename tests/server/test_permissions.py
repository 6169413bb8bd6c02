"""Access control lists of a model and of the registry: reading, adding, replacing."""

from typing import Any

import pytest

from tests.server.callers import ACCESS, CREATOR, LEVELS, Caller, Callers, add_group, user_id
from tests.server.database_state import DatabaseState
from tests.server.permission_case import MODELS

ROOT = "/permissions/registered-models/root"
ALICE, BOB = Caller("none", "direct").name, Caller("none", "group").name
GRANTABLE = LEVELS[1:]


def governed(callers: Callers) -> str:
    """The permissions path of a model that only its creator and users with registry-wide levels can read."""
    name = callers.new_name("governed")
    callers.creator.post(f"{MODELS}/create", name=name).ok()
    return callers.permissions_path(name)


def direct(entity: dict[str, Any]) -> dict[str, str]:
    """The direct levels by principal."""
    return {
        entry.get("user_name") or entry.get("group_name") or entry["service_principal_name"]: permission[
            "permission_level"
        ]
        for entry in entity["access_control_list"]
        for permission in entry["all_permissions"]
        if not permission.get("inherited")
    }


def entry(name: str, level: str) -> dict[str, str]:
    return {"user_name": name, "permission_level": level}


def test_a_new_model_is_its_creators(callers: Callers) -> None:
    path = governed(callers)
    entity = callers.creator.get(path).ok()
    assert entity["object_type"] == "registered-model"
    assert entity["object_id"] == path.removeprefix("/permissions")
    assert direct(entity) == {CREATOR.name: "CAN_MANAGE"}
    inherited = [one for one in entity["access_control_list"] if one.get("group_name") == "admins"]
    assert inherited == [
        {
            "group_name": "admins",
            "all_permissions": [
                {
                    "permission_level": "CAN_MANAGE",
                    "inherited": True,
                    "inherited_from_object": ["/registered-models/"],
                }
            ],
        }
    ]


def test_what_the_registry_gives_is_shown_as_inherited(callers: Callers) -> None:
    entity = callers.creator.get(governed(callers)).ok()
    shown = {
        one["user_name"]: one["all_permissions"][0]
        for one in entity["access_control_list"]
        if one.get("user_name", "").endswith("-root")
    }
    assert {name: permission["permission_level"] for name, permission in shown.items()} == {
        Caller(level, "root").name: level for level in GRANTABLE
    }
    assert all(permission["inherited_from_object"] == ["/registered-models/"] for permission in shown.values())


def test_patch_adds_and_put_replaces(callers: Callers) -> None:
    path = governed(callers)
    mine = {CREATOR.name: "CAN_MANAGE"}
    for level in GRANTABLE:
        after = callers.creator.patch(path, access_control_list=[entry(ALICE, level)]).ok()
        assert direct(after) == mine | {ALICE: level}
    after = callers.creator.patch(path, access_control_list=[entry(BOB, "CAN_READ")]).ok()
    assert direct(after) == mine | {ALICE: "CAN_MANAGE", BOB: "CAN_READ"}
    after = callers.creator.put(path, access_control_list=[entry(BOB, "CAN_EDIT"), entry(CREATOR.name, "CAN_MANAGE")])
    assert direct(after.ok()) == mine | {BOB: "CAN_EDIT"}
    assert direct(callers.creator.patch(path).ok()) == mine | {BOB: "CAN_EDIT"}
    assert direct(callers.creator.put(path, access_control_list=[]).ok()) == {}
    callers.creator.get(path).missing()
    callers.admin.get(path).ok()


def test_of_an_entry_that_comes_twice_the_higher_level_counts(callers: Callers) -> None:
    entries = [entry(ALICE, level) for level in ("CAN_READ", "CAN_EDIT", "CAN_READ")]
    assert direct(callers.creator.patch(governed(callers), access_control_list=entries).ok())[ALICE] == "CAN_EDIT"


def test_the_highest_of_several_grants_counts(callers: Callers) -> None:
    name, api = callers.new_user()
    group = callers.new_name("team")
    add_group(callers.admin, group, [user_id(callers.admin, name)])
    path = governed(callers)
    grants = [entry(name, "CAN_READ"), {"group_name": group, "permission_level": "CAN_MANAGE"}]
    callers.creator.patch(path, access_control_list=grants).ok()
    assert api.put(path, access_control_list=grants[:1]).ok()
    api.put(path, access_control_list=grants[:1]).denied()


@pytest.mark.parametrize("name", ["admins", "Admins", "ADMINS"])
@pytest.mark.parametrize("level", ["CAN_READ", "CAN_EDIT"])
def test_the_admins_cannot_be_changed(name: str, level: str, callers: Callers, database_state: DatabaseState) -> None:
    entries = [{"group_name": name, "permission_level": level}]
    with database_state.unchanged():
        for path in (ROOT, governed_once(callers)):
            for method in ("PUT", "PATCH"):
                message = callers.admin.call(method, path, {"access_control_list": entries}).invalid()
                assert message == f"Cannot change permissions for group 'admins' to {level}."


def governed_once(callers: Callers) -> str:
    made: dict[str, str] = callers.__dict__.setdefault("governed", {})
    if not made:
        made["path"] = governed(callers)
    return made["path"]


@pytest.fixture(autouse=True)
def _ready(callers: Callers) -> None:
    governed_once(callers)


def test_the_admins_stay_whatever_is_replaced(callers: Callers) -> None:
    path = governed(callers)
    entries = [{"group_name": "admins", "permission_level": "CAN_MANAGE"}]
    after = callers.admin.put(path, access_control_list=entries).ok()
    assert [one for one in after["access_control_list"] if one.get("group_name") == "admins"]
    callers.admin.patch(f"{MODELS}/update", name="x").missing()
    assert callers.admin.put(path, access_control_list=[]).ok()


@pytest.mark.parametrize(
    "wrong",
    [
        {"user_name": ALICE, "permission_level": "CAN_DANCE"},
        {"user_name": ALICE, "permission_level": ""},
        {"user_name": ALICE, "permission_level": "can_read"},
        {"user_name": ALICE, "permission_level": "CAN_CREATE_REGISTERED_MODEL"},
        {"user_name": ALICE, "permission_level": None},
        {"user_name": ALICE},
        {"permission_level": "CAN_READ"},
        {"user_name": ALICE, "group_name": "users", "permission_level": "CAN_READ"},
        {"user_name": 5, "permission_level": "CAN_READ"},
        {"user_name": "a\0b", "permission_level": "CAN_READ"},
        5,
        None,
        [],
    ],
)
def test_impossible_entries(wrong: Any, callers: Callers, database_state: DatabaseState) -> None:
    with database_state.unchanged():
        for method in ("PUT", "PATCH"):
            entries = [entry(BOB, "CAN_READ"), wrong]
            callers.admin.call(method, governed_once(callers), {"access_control_list": entries}).invalid()


@pytest.mark.parametrize("field", ["user_name", "group_name", "service_principal_name"])
def test_entries_for_nobody(field: str, callers: Callers, database_state: DatabaseState) -> None:
    with database_state.unchanged():
        for name in ("nobody", "", "x" * 100_000, CREATOR.name if field != "user_name" else "users"):
            entries = [entry(BOB, "CAN_READ"), {field: name, "permission_level": "CAN_READ"}]
            callers.admin.patch(governed_once(callers), access_control_list=entries).missing()


def test_what_does_not_change_is_not_recorded(callers: Callers, database_state: DatabaseState) -> None:
    path = governed_once(callers)
    with database_state.unchanged():
        callers.creator.patch(path, access_control_list=[entry(CREATOR.name, "CAN_MANAGE")]).ok()


def test_a_change_is_recorded(callers: Callers) -> None:
    name = callers.new_name("recorded")
    callers.creator.post(f"{MODELS}/create", name=name).ok()
    callers.creator.patch(callers.permissions_path(name), access_control_list=[entry(ALICE, "CAN_EDIT")]).ok()
    last = callers.creator.get("/mlflow/activities/list", name=name).ok()["activities"][0]
    assert (last["activity_type"], last["system_comment"]) == ("CHANGED_PERMISSIONS", f"user {ALICE}: none -> CAN_EDIT")


def test_the_permissions_of_a_deleted_model_can_still_be_changed(callers: Callers) -> None:
    """Users who could read it can read its history, until that is revoked."""
    name = callers.new_name("deleted")
    callers.creator.post(f"{MODELS}/create", name=name).ok()
    path = callers.permissions_path(name)
    callers.creator.patch(path, access_control_list=[entry(ALICE, "CAN_READ")]).ok()
    callers.creator.delete(f"{MODELS}/delete", name=name).ok()

    def history(caller: str) -> list[str]:
        listed = callers.apis[caller].get("/mlflow/activities/list", user=CREATOR.name, max_results=1000).ok()
        return [each["activity_type"] for each in listed.get("activities", []) if each.get("name") == name]

    assert history(ALICE) == ["DELETED_MODEL", "CHANGED_PERMISSIONS", "CREATED_MODEL"]
    assert direct(callers.creator.get(path).ok()) == {CREATOR.name: "CAN_MANAGE", ALICE: "CAN_READ"}
    callers.apis[ALICE].put(path, access_control_list=[]).denied()
    callers.apis[BOB].get(path).missing()
    callers.creator.put(path, access_control_list=[entry(CREATOR.name, "CAN_MANAGE")]).ok()
    assert history(ALICE) == []
    callers.apis[ALICE].get(path).missing()
    assert history(CREATOR.name)[0] == "CHANGED_PERMISSIONS"
    callers.creator.post(f"{MODELS}/create", name=name).ok()  # another model, without the grants of the old one
    callers.admin.put(path, access_control_list=[]).ok()
    assert direct(callers.admin.get(callers.permissions_path(name)).ok()) == {CREATOR.name: "CAN_MANAGE"}
    callers.creator.get(path).missing()


def test_the_levels_that_there_are(callers: Callers) -> None:
    def levels(path: str) -> list[str]:
        found = callers.admin.get(f"{path}/permissionLevels").ok()["permission_levels"]
        assert all(one["description"] for one in found)
        return [one["permission_level"] for one in found]

    assert levels(governed_once(callers)) == list(GRANTABLE)
    assert levels(ROOT) == ["CAN_CREATE_REGISTERED_MODEL", *GRANTABLE]


def test_creating_is_a_level_of_the_registry(callers: Callers) -> None:
    name, api = callers.new_user()
    before = callers.admin.get(ROOT).ok()
    after = callers.admin.patch(ROOT, access_control_list=[entry(name, "CAN_CREATE_REGISTERED_MODEL")]).ok()
    assert direct(after) == direct(before) | {name: "CAN_CREATE_REGISTERED_MODEL"}
    api.post(f"{MODELS}/create", name=callers.new_name()).ok()
    api.get(f"{MODELS}/get", name=callers.model()).missing()
    api.get(ROOT).denied()


def test_the_registrys_own_list(callers: Callers) -> None:
    entity = callers.admin.get(ROOT).ok()
    assert (entity["object_id"], entity["object_type"]) == ("/registered-models/root", "registered-model")
    assert direct(entity)["admins"] == "CAN_MANAGE"


def test_every_way_to_a_level_is_shown(callers: Callers) -> None:
    entity = callers.creator.get(callers.permissions_path(callers.model())).ok()
    assert len(direct(entity)) == len(ACCESS)
