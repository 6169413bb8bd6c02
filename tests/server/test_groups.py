"""Groups and their members over HTTP."""

import json

import pytest

from tests.live_registry import LiveRegistry, command
from tests.server.api import Api
from tests.server.directory import (
    GROUPS,
    USERS,
    create_group,
    create_service_principal,
    create_user,
    group_named,
    listed,
    new_name,
    patched,
    values,
)


def test_a_group_is_what_was_given(admin: Api) -> None:
    user, program = create_user(admin, displayName="B"), create_service_principal(admin, displayName="A")
    group = create_group(admin, member_ids=[user["id"], program["id"]], externalId="e", roles=[{"value": "r"}])
    assert group["members"] == [
        {"display": "A", "value": program["id"], "$ref": f"ServicePrincipals/{program['id']}"},
        {"display": "B", "value": user["id"], "$ref": f"Users/{user['id']}"},
    ]
    assert (group["externalId"], group["roles"]) == ("e", [{"value": "r"}])
    assert group["meta"]["resourceType"] == "Group"
    assert admin.get(f"{GROUPS}/{group['id']}").ok() == group
    assert "members" not in admin.get(f"{GROUPS}/{group['id']}", excludedAttributes="members").ok()


def test_members_come_and_go(admin: Api) -> None:
    first, second, third = (create_user(admin)["id"] for _ in range(3))
    path = f"{GROUPS}/{create_group(admin, member_ids=[first])['id']}"

    def members_after(*operations: dict[str, object]) -> set[str]:
        return values(patched(admin, path, *operations).ok().get("members", []))

    assert members_after({"op": "add", "path": "members", "value": [{"value": second}, {"value": first}]}) == {
        first,
        second,
    }
    assert members_after({"op": "remove", "path": f'members[value eq "{first}"]'}) == {second}
    assert members_after({"op": "remove", "path": f'members[value eq "{first}"]'}) == {second}
    assert members_after({"op": "add", "value": {"members": [{"value": third}]}}) == {second, third}
    assert members_after({"op": "replace", "path": "members", "value": [{"value": first}]}) == {first}
    assert members_after(
        {"op": "add", "path": "members", "value": [{"value": second}]},
        {"op": "remove", "path": "members", "value": [{"value": first}]},
    ) == {second}
    assert members_after({"op": "remove", "path": "members"}) == set()
    assert values(admin.put(path, members=[{"value": third}]).ok()["members"]) == {third}
    assert "members" not in admin.put(path, displayName=new_name("renamed")).ok()


def test_who_is_to_go_is_said(admin: Api) -> None:
    """An empty list removes nobody; without a list all are removed (RFC 7644, 3.5.2.2)."""
    first, second = (create_user(admin)["id"] for _ in range(2))
    path = f"{GROUPS}/{create_group(admin, member_ids=[first, second])['id']}"

    def members_after(*operations: dict[str, object]) -> set[str]:
        return values(patched(admin, path, *operations).ok().get("members", []))

    nobody: object
    for nobody in ([], "", {}):
        assert members_after({"op": "remove", "path": "members", "value": nobody}) == {first, second}
    for broken in ("members[]", "members[ ]", 'members[value eq "1"'):
        answer = patched(admin, path, {"op": "remove", "path": broken})
        assert answer.invalid()
        assert answer.json["scimType"] == "invalidPath"
    assert members_after({"op": "remove", "path": f'members[value eq "{first}" or value eq "7"]'}) == {second}
    assert members_after({"op": "replace", "path": f'members[value eq "{second}"].display', "value": "x"}) == {second}
    assert members_after({"op": "Add", "value": {"displayName": new_name("group"), "id": "7", "members": None}}) == {
        second
    }
    assert members_after({"op": "remove", "path": "members", "value": None}) == set()


def test_many_members_at_once(admin: Api) -> None:
    """In one operation, and in one each, as authentik sends them."""
    ids = [create_user(admin)["id"] for _ in range(100)]
    path = f"{GROUPS}/{create_group(admin)['id']}"
    assert len(patched(admin, path, {"op": "add", "path": "members", "value": values_of(ids)}).ok()["members"]) == 100
    operations = [{"op": "remove", "path": "members", "value": values_of([each])} for each in ids[1:]]
    assert values(patched(admin, path, *operations).ok()["members"]) == {ids[0]}
    back = [{"op": "add", "path": "members", "value": values_of([each])} for each in ids]
    assert (
        len(patched(admin, path, *back, {"op": "remove", "path": f'members[value eq "{ids[0]}"]'}).ok()["members"])
        == 99
    )
    assert len(admin.put(path, displayName=new_name("group"), members=values_of(ids)).ok()["members"]) == 100


def test_who_left_and_came_back_counts_as_neither(admin: Api, registry: LiveRegistry) -> None:
    first, second = (create_user(admin) for _ in range(2))
    group = create_group(admin, member_ids=[first["id"]])
    everybody = values_of([first["id"], second["id"]])
    patched(admin, f"{GROUPS}/{group['id']}", {"op": "replace", "path": "members", "value": everybody}).ok()
    recorded = [json.loads(line) for line in command(registry.database, "audit", "export").splitlines()]
    details = [each["detail"] for each in recorded if (each.get("detail") or {}).get("id") == group["id"]]
    added = {"kind": "user", "id": second["id"], "name": second["userName"]}
    assert details[-1] == {
        "kind": "group",
        "id": group["id"],
        "name": group["displayName"],
        "added": [added],
        "removed": [],
    }


def values_of(ids: list[str]) -> list[dict[str, str]]:
    return [{"value": each} for each in ids]


def test_a_member_that_does_not_exist_is_refused(admin: Api) -> None:
    assert "id 7" in admin.post(GROUPS, displayName=new_name("group"), members=[{"value": "7"}]).missing()


def test_renaming_keeps_the_rest(admin: Api) -> None:
    user = create_user(admin)
    group, taken = create_group(admin, member_ids=[user["id"]]), create_group(admin)["displayName"]
    path, name = f"{GROUPS}/{group['id']}", new_name("renamed")
    renamed = patched(admin, path, {"op": "replace", "path": "displayName", "value": name}).ok()
    assert renamed == group | {"displayName": name, "meta": renamed["meta"]}
    answer = patched(admin, path, {"op": "replace", "value": {"displayName": taken.upper()}})
    assert answer.refused(409, "RESOURCE_ALREADY_EXISTS")
    assert admin.post(GROUPS, displayName="Admins").refused(409, "RESOURCE_ALREADY_EXISTS")


def test_groups_cannot_hold_each_other(admin: Api) -> None:
    inner = create_group(admin)
    middle = create_group(admin, member_ids=[inner["id"]])
    outer = create_group(admin, member_ids=[middle["id"]])
    for member in (inner, middle, outer):
        add = {"op": "add", "path": "members", "value": [{"value": member["id"]}]}
        assert "cannot contain each other" in patched(admin, f"{GROUPS}/{inner['id']}", add).invalid()
    assert values(admin.get(f"{GROUPS}/{outer['id']}").ok()["members"]) == {middle["id"]}


@pytest.mark.parametrize("name", ["admins", "users"])
def test_fixed_groups_stay(admin: Api, name: str) -> None:
    path = f"{GROUPS}/{group_named(admin, name)['id']}"
    assert "cannot be deleted" in admin.delete(path).invalid()
    rename = {"op": "replace", "path": "displayName", "value": new_name("renamed")}
    refused = patched(admin, path, rename)
    assert "cannot be renamed" in refused.invalid()
    assert refused.json["scimType"] == "mutability"


def test_everybody_is_in_users(admin: Api) -> None:
    user = create_user(admin)
    users = group_named(admin, "users")
    assert "members" not in users
    path = f"{GROUPS}/{users['id']}"
    for operation in (
        {"op": "add", "path": "members", "value": [{"value": user["id"]}]},
        {"op": "remove", "path": f'members[value eq "{user["id"]}"]'},
    ):
        assert "everybody is in it" in patched(admin, path, operation).invalid()
    assert admin.put(path, members=[{"value": user["id"]}]).invalid()
    answer = admin.post(GROUPS, displayName=new_name("group"), members=[{"value": users["id"]}])
    assert "everybody is in it" in answer.invalid()
    assert users["id"] in values(admin.get(f"{USERS}/{user['id']}").ok()["groups"])


def test_rights_follow_membership_at_once(admin: Api, registry: LiveRegistry) -> None:
    model, name = new_name("model"), new_name("reader")
    admin.post("/mlflow/registered-models/create", name=model).ok()
    found = admin.get("/mlflow/databricks/registered-models/get", name=model).ok()
    inner = create_group(admin)
    outer = create_group(admin, member_ids=[inner["id"]])
    admin.patch(
        f"/permissions/registered-models/{found['registered_model_databricks']['id']}",
        access_control_list=[{"group_name": outer["displayName"], "permission_level": "CAN_READ"}],
    ).ok()
    with Api(registry.url, registry.token(name)) as api:
        user_id = listed(admin, USERS, "id", filter=f'userName eq "{name}"')[0]
        assert api.get("/mlflow/registered-models/get", name=model).missing()
        add = {"op": "add", "path": "members", "value": [{"value": user_id}]}
        patched(admin, f"{GROUPS}/{inner['id']}", add).ok()
        api.get("/mlflow/registered-models/get", name=model).ok()
        assert admin.delete(f"{GROUPS}/{outer['id']}").status == 204
        assert api.get("/mlflow/registered-models/get", name=model).missing()


def test_groups_are_filtered_by_their_members(admin: Api) -> None:
    user = create_user(admin, displayName=new_name("Display"))
    group = create_group(admin, member_ids=[user["id"]])
    for text in (f'members eq "{user["id"]}"', f'members.display eq "{user["displayName"]}"'):
        assert listed(admin, GROUPS, "id", filter=text) == [group["id"]]
    assert listed(admin, GROUPS, "id", filter=f'externalId pr and members eq "{user["id"]}"') == []
