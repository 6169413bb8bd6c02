"""Access control lists: read, added to, replaced; of a model and of the registry."""

from typing import Any

import pytest

from tests.server.callers import ACCESS, CREATOR, LEVELS, Caller, People, add_group, user_id
from tests.server.database_state import Contents
from tests.server.permission_cases import MODELS

ROOT = "/permissions/registered-models/root"
ALICE, BOB = Caller("none", "direct").name, Caller("none", "group").name
GRANTABLE = LEVELS[1:]


def governed(people: People) -> str:
    """The permissions' path of a model that only its creator and the registry's readers know."""
    name = people.new_name("governed")
    people.creator.post(f"{MODELS}/create", name=name).ok()
    return people.permissions_path(name)


def direct(entity: dict[str, Any]) -> dict[str, str]:
    """Who has which level directly."""
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


def test_a_new_model_is_its_creators(people: People) -> None:
    path = governed(people)
    entity = people.creator.get(path).ok()
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


def test_what_the_registry_gives_is_shown_as_inherited(people: People) -> None:
    entity = people.creator.get(governed(people)).ok()
    shown = {
        one["user_name"]: one["all_permissions"][0]
        for one in entity["access_control_list"]
        if one.get("user_name", "").endswith("-root")
    }
    assert {name: permission["permission_level"] for name, permission in shown.items()} == {
        Caller(level, "root").name: level for level in GRANTABLE
    }
    assert all(permission["inherited_from_object"] == ["/registered-models/"] for permission in shown.values())


def test_patch_adds_and_put_replaces(people: People) -> None:
    path = governed(people)
    mine = {CREATOR.name: "CAN_MANAGE"}
    for level in GRANTABLE:
        after = people.creator.patch(path, access_control_list=[entry(ALICE, level)]).ok()
        assert direct(after) == mine | {ALICE: level}
    after = people.creator.patch(path, access_control_list=[entry(BOB, "CAN_READ")]).ok()
    assert direct(after) == mine | {ALICE: "CAN_MANAGE", BOB: "CAN_READ"}
    after = people.creator.put(path, access_control_list=[entry(BOB, "CAN_EDIT"), entry(CREATOR.name, "CAN_MANAGE")])
    assert direct(after.ok()) == mine | {BOB: "CAN_EDIT"}
    assert direct(people.creator.patch(path).ok()) == mine | {BOB: "CAN_EDIT"}
    assert direct(people.creator.put(path, access_control_list=[]).ok()) == {}
    people.creator.get(path).missing()
    people.admin.get(path).ok()


def test_of_an_entry_that_comes_twice_the_higher_level_counts(people: People) -> None:
    entries = [entry(ALICE, level) for level in ("CAN_READ", "CAN_EDIT", "CAN_READ")]
    assert direct(people.creator.patch(governed(people), access_control_list=entries).ok())[ALICE] == "CAN_EDIT"


def test_the_highest_of_several_grants_counts(people: People) -> None:
    name, api = people.newcomer()
    group = people.new_name("team")
    add_group(people.admin, group, [user_id(people.admin, name)])
    path = governed(people)
    grants = [entry(name, "CAN_READ"), {"group_name": group, "permission_level": "CAN_MANAGE"}]
    people.creator.patch(path, access_control_list=grants).ok()
    assert api.put(path, access_control_list=grants[:1]).ok()
    api.put(path, access_control_list=grants[:1]).denied()


@pytest.mark.parametrize("name", ["admins", "Admins", "ADMINS"])
@pytest.mark.parametrize("level", ["CAN_READ", "CAN_EDIT"])
def test_the_admins_cannot_be_changed(name: str, level: str, people: People, contents: Contents) -> None:
    entries = [{"group_name": name, "permission_level": level}]
    with contents.unchanged():
        for path in (ROOT, governed_once(people)):
            for method in ("PUT", "PATCH"):
                message = people.admin.call(method, path, {"access_control_list": entries}).invalid()
                assert message == f"Cannot change permissions for group 'admins' to {level}."


def governed_once(people: People) -> str:
    made: dict[str, str] = people.__dict__.setdefault("governed", {})
    if not made:
        made["path"] = governed(people)
    return made["path"]


@pytest.fixture(autouse=True)
def _ready(people: People) -> None:
    governed_once(people)


def test_the_admins_stay_whatever_is_replaced(people: People) -> None:
    path = governed(people)
    entries = [{"group_name": "admins", "permission_level": "CAN_MANAGE"}]
    after = people.admin.put(path, access_control_list=entries).ok()
    assert [one for one in after["access_control_list"] if one.get("group_name") == "admins"]
    people.admin.patch(f"{MODELS}/update", name="x").missing()
    assert people.admin.put(path, access_control_list=[]).ok()


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
def test_impossible_entries(wrong: Any, people: People, contents: Contents) -> None:
    with contents.unchanged():
        for method in ("PUT", "PATCH"):
            entries = [entry(BOB, "CAN_READ"), wrong]
            people.admin.call(method, governed_once(people), {"access_control_list": entries}).invalid()


@pytest.mark.parametrize("field", ["user_name", "group_name", "service_principal_name"])
def test_entries_for_nobody(field: str, people: People, contents: Contents) -> None:
    with contents.unchanged():
        for name in ("nobody", "", "x" * 100_000, CREATOR.name if field != "user_name" else "users"):
            entries = [entry(BOB, "CAN_READ"), {field: name, "permission_level": "CAN_READ"}]
            people.admin.patch(governed_once(people), access_control_list=entries).missing()


def test_what_does_not_change_is_not_recorded(people: People, contents: Contents) -> None:
    path = governed_once(people)
    with contents.unchanged():
        people.creator.patch(path, access_control_list=[entry(CREATOR.name, "CAN_MANAGE")]).ok()


def test_a_change_is_recorded(people: People) -> None:
    name = people.new_name("recorded")
    people.creator.post(f"{MODELS}/create", name=name).ok()
    people.creator.patch(people.permissions_path(name), access_control_list=[entry(ALICE, "CAN_EDIT")]).ok()
    last = people.creator.get("/mlflow/activities/list", name=name).ok()["activities"][0]
    assert (last["activity_type"], last["system_comment"]) == ("CHANGED_PERMISSIONS", f"user {ALICE}: none -> CAN_EDIT")


def test_the_permissions_of_a_deleted_model_can_still_be_changed(people: People) -> None:
    """Who could read it can read its history, until that is taken away."""
    name = people.new_name("deleted")
    people.creator.post(f"{MODELS}/create", name=name).ok()
    path = people.permissions_path(name)
    people.creator.patch(path, access_control_list=[entry(ALICE, "CAN_READ")]).ok()
    people.creator.delete(f"{MODELS}/delete", name=name).ok()

    def history(caller: str) -> list[str]:
        listed = people.apis[caller].get("/mlflow/activities/list", user=CREATOR.name, max_results=1000).ok()
        return [each["activity_type"] for each in listed.get("activities", []) if each.get("name") == name]

    assert history(ALICE) == ["DELETED_MODEL", "CHANGED_PERMISSIONS", "CREATED_MODEL"]
    assert direct(people.creator.get(path).ok()) == {CREATOR.name: "CAN_MANAGE", ALICE: "CAN_READ"}
    people.apis[ALICE].put(path, access_control_list=[]).denied()
    people.apis[BOB].get(path).missing()
    people.creator.put(path, access_control_list=[entry(CREATOR.name, "CAN_MANAGE")]).ok()
    assert history(ALICE) == []
    people.apis[ALICE].get(path).missing()
    assert history(CREATOR.name)[0] == "CHANGED_PERMISSIONS"
    people.creator.post(f"{MODELS}/create", name=name).ok()  # another model, of which nothing is left
    people.admin.put(path, access_control_list=[]).ok()
    assert direct(people.admin.get(people.permissions_path(name)).ok()) == {CREATOR.name: "CAN_MANAGE"}
    people.creator.get(path).missing()


def test_the_levels_that_there_are(people: People) -> None:
    def levels(path: str) -> list[str]:
        found = people.admin.get(f"{path}/permissionLevels").ok()["permission_levels"]
        assert all(one["description"] for one in found)
        return [one["permission_level"] for one in found]

    assert levels(governed_once(people)) == list(GRANTABLE)
    assert levels(ROOT) == ["CAN_CREATE_REGISTERED_MODEL", *GRANTABLE]


def test_creating_is_a_level_of_the_registry(people: People) -> None:
    name, api = people.newcomer()
    before = people.admin.get(ROOT).ok()
    after = people.admin.patch(ROOT, access_control_list=[entry(name, "CAN_CREATE_REGISTERED_MODEL")]).ok()
    assert direct(after) == direct(before) | {name: "CAN_CREATE_REGISTERED_MODEL"}
    api.post(f"{MODELS}/create", name=people.new_name()).ok()
    api.get(f"{MODELS}/get", name=people.model()).missing()
    api.get(ROOT).denied()


def test_the_registrys_own_list(people: People) -> None:
    entity = people.admin.get(ROOT).ok()
    assert (entity["object_id"], entity["object_type"]) == ("/registered-models/root", "registered-model")
    assert direct(entity)["admins"] == "CAN_MANAGE"


def test_every_way_to_a_level_is_shown(people: People) -> None:
    entity = people.creator.get(people.permissions_path(people.model())).ok()
    assert len(direct(entity)) == len(ACCESS)
