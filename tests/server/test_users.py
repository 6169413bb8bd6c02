"""Users and service principals over HTTP (RFC 7643, RFC 7644)."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.live_registry import LiveRegistry, command
from tests.server.api import Answer, Api
from tests.server.callers import user_id
from tests.server.directory import (
    GROUPS,
    SCIM,
    SERVICE_PRINCIPALS,
    USERS,
    create_group,
    create_service_principal,
    create_user,
    group_named,
    listed,
    new_name,
    patched,
)

USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


@pytest.fixture
def fresh(fresh_registry: LiveRegistry) -> Iterator[Api]:
    with Api(fresh_registry.url, fresh_registry.admin_token) as api:
        yield api


def test_a_user_is_what_was_given(admin: Api) -> None:
    name = new_name("ann")
    given = {
        "userName": name,
        "displayName": "Ann Lee",
        "name": {"givenName": "Ann", "familyName": "Lee"},
        "emails": [{"value": f"{name}@x.org", "type": "work", "primary": True}],
        "externalId": "00uAb",
        "entitlements": [{"value": "workspace-access"}],
        "roles": [{"value": "reader"}],
    }
    answer = admin.post(USERS, schemas=[USER_SCHEMA], **given)
    assert answer.status == 201
    user = answer.ok()
    assert {key: user[key] for key in given} == given
    assert user["active"] is True
    assert user["schemas"] == [USER_SCHEMA]
    assert user["meta"]["resourceType"] == "User"
    assert re.fullmatch(r"[1-9]\d{15}", user["id"])
    assert admin.get(f"{USERS}/{user['id']}").ok() == user


def test_names_are_unique_in_any_letter_case(admin: Api) -> None:
    name = create_user(admin)["userName"]
    answer = admin.post(USERS, userName=name.upper())
    assert name.upper() in answer.refused(409, "RESOURCE_ALREADY_EXISTS")
    assert (answer.json["scimType"], answer.json["status"]) == ("uniqueness", "409")


@pytest.mark.parametrize("name", ["", " a", "a:b", "a\tb", "x" * 257])
def test_names_that_nobody_can_have(admin: Api, name: str) -> None:
    assert admin.post(USERS, userName=name).invalid()


def test_a_user_without_a_name_is_refused(admin: Api) -> None:
    assert "userName" in admin.post(USERS, displayName="Ann").invalid()


def test_put_replaces_all_but_what_is_left_out_of_name_and_active(admin: Api) -> None:
    user = create_user(admin, displayName="Ann", active=False, emails=[{"value": "a@x"}])
    answer = admin.put(f"{USERS}/{user['id']}", userName=user["userName"], displayName="Anna").ok()
    assert (answer["displayName"], answer["active"]) == ("Anna", False)
    assert "emails" not in answer
    assert admin.put(f"{USERS}/{user['id']}", active=True).ok()["userName"] == user["userName"]


def test_patch_changes_what_it_names(admin: Api) -> None:
    user = create_user(admin, displayName="Ann", emails=[{"value": "a@x"}])
    path = f"{USERS}/{user['id']}"
    patched(
        admin,
        path,
        {"op": "Replace", "path": "name.familyName", "value": "Lee"},
        {"op": "add", "path": "emails", "value": [{"value": "b@x"}]},
        {"op": "remove", "path": 'emails[value eq "a@x"]'},
        {"op": "replace", "value": {"active": False}},
    ).ok()
    after = admin.get(path).ok() | {"meta": user["meta"]}
    assert after == user | {"name": {"familyName": "Lee"}, "emails": [{"value": "b@x"}], "active": False}


def test_a_patch_is_done_whole_or_not_at_all(admin: Api) -> None:
    user = create_user(admin)
    path = f"{USERS}/{user['id']}"
    operations = ({"op": "replace", "path": "displayName", "value": "B"}, {"op": "replace", "path": "id", "value": "C"})
    assert patched(admin, path, *operations).invalid()
    assert admin.get(path).ok() == user


def test_what_is_not_kept_does_not_stop_what_is(admin: Api, registry: LiveRegistry) -> None:
    """Identity providers deactivate a user together with other attributes."""
    name = new_name("leaver")
    with Api(registry.url, registry.token(name)) as api:
        path = f"{USERS}/{api.get(f'{SCIM}/Me').ok()['id']}"
        after = patched(
            admin,
            path,
            {"op": "Add", "path": "title", "value": "Former engineer"},
            {"op": "Replace", "path": "name.formatted", "value": "Ann Lee"},
            {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "ann@x"},
            {"op": "Replace", "path": 'phoneNumbers[type eq "mobile"].value', "value": "1"},
            {"op": "Replace", "path": f"{ENTERPRISE}:department", "value": "none"},
            {"op": "Remove", "path": f"{ENTERPRISE}:manager"},
            {"op": "Replace", "path": "active", "value": "False"},
        ).ok()
        assert (after["active"], after["emails"]) == (False, [{"type": "work", "value": "ann@x"}])
        assert set(after) == {"schemas", "id", "userName", "active", "emails", "groups", "meta"}
        assert api.get(f"{SCIM}/Me").refused(401, "UNAUTHENTICATED")


def test_who_is_renamed_stays_who_they_are(admin: Api, registry: LiveRegistry) -> None:
    """With the same id, tokens, groups and permissions; open requests get the new name, earlier records do not."""
    old, new, taken = new_name("maiden"), new_name("married"), create_user(admin)["userName"]
    model = new_name("model")
    with Api(registry.url, registry.token(old)) as api:
        me = api.get(f"{SCIM}/Me").ok()
        path = f"{USERS}/{me['id']}"
        group = create_group(admin, member_ids=[me["id"]])
        api.post("/mlflow/registered-models/create", name=model).ok()
        version = {"name": model, "version": "1"}
        api.post("/mlflow/model-versions/create", name=model, source="s3://b/m").ok()
        api.post("/mlflow/transition-requests/create", **version, stage="Staging").ok()
        api.post("/mlflow/comments/create", **version, comment="mine").ok()
        clash = patched(admin, path, {"op": "replace", "path": "userName", "value": taken.upper()})
        assert clash.refused(409, "RESOURCE_ALREADY_EXISTS")
        assert clash.json["scimType"] == "uniqueness"
        renamed = patched(admin, path, {"op": "Replace", "path": "userName", "value": new}).ok()
        assert without_meta(renamed) == without_meta(me) | {"userName": new, "groups": renamed["groups"]}
        assert group["id"] in {each["value"] for each in renamed["groups"]}
        assert api.get(f"{SCIM}/Me").ok()["userName"] == new
        found = api.get("/mlflow/databricks/registered-models/get", name=model).ok()["registered_model_databricks"]
        assert found["permission_level"] == "CAN_MANAGE"
        entries = admin.get(f"/permissions/registered-models/{found['id']}").ok()["access_control_list"]
        assert new in [entry.get("user_name") for entry in entries]
        assert old not in [entry.get("user_name") for entry in entries]
        (comment,) = api.get("/mlflow/comments/list", **version).ok()["comments"]
        assert (comment["user_id"], comment["available_actions"]) == (new, ["EDIT_COMMENT", "DELETE_COMMENT"])
        (request,) = api.get("/mlflow/transition-requests/list", **version).ok()["requests"]
        assert request["user_id"] == new
        api.delete("/mlflow/transition-requests/delete", **version, stage="Staging", creator=new).ok()
    recorded = [json.loads(line) for line in command(registry.database, "audit", "export").splitlines()]
    (change,) = [each for each in recorded if each.get("system_comment") == f"changed user {old} to {new}: name"]
    assert change["detail"] == {"kind": "user", "id": me["id"], "name": new, "changed": {"name": [old, new]}}
    assert [each["user_id"] for each in recorded if each.get("model_name") == model][:2] == [old, old]
    create_user(admin, old)  # the old name is available, without permissions
    assert admin.put(path, userName=new.upper()).ok()["userName"] == new.upper()  # in another letter case


def test_no_name_that_nobody_can_have_is_taken(admin: Api) -> None:
    path = f"{USERS}/{create_user(admin)['id']}"
    for name in ("", " a", "a:b", "x" * 257):
        assert patched(admin, path, {"op": "replace", "path": "userName", "value": name}).invalid()
        assert admin.put(path, userName=name).invalid()


def test_a_deactivated_users_tokens_stop_working_at_once(admin: Api, registry: LiveRegistry) -> None:
    name = new_name("leaver")
    with Api(registry.url, registry.token(name)) as api:
        path = f"{USERS}/{api.get(f'{SCIM}/Me').ok()['id']}"
        patched(admin, path, {"op": "replace", "path": "active", "value": False}).ok()
        assert api.get(f"{SCIM}/Me").refused(401, "UNAUTHENTICATED")
        patched(admin, path, {"op": "replace", "path": "active", "value": True}).ok()
        assert api.get(f"{SCIM}/Me").ok()["userName"] == name


def test_a_deleted_user_leaves_only_a_name_in_history(admin: Api, registry: LiveRegistry) -> None:
    name, model = new_name("gone"), new_name("model")
    with Api(registry.url, registry.token(name)) as api:
        user_id = api.get(f"{SCIM}/Me").ok()["id"]
        api.post("/mlflow/registered-models/create", name=model).ok()
        create_group(admin, member_ids=[user_id])
        answer = admin.delete(f"{USERS}/{user_id}")
        assert (answer.status, answer.content) == (204, b"")
        assert api.get(f"{SCIM}/Me").refused(401, "UNAUTHENTICATED")
    assert admin.get(f"{USERS}/{user_id}").missing()
    assert admin.delete(f"{USERS}/{user_id}").missing()
    assert admin.get(GROUPS, filter=f'members eq "{user_id}"').ok()["totalResults"] == 0
    assert admin.get("/token-management/tokens", owner_id=user_id).ok() == {}
    (activity,) = admin.get("/mlflow/activities/list", name=model).ok()["activities"]
    assert activity["user_id"] == name
    create_user(admin, name)  # the name is available again, without permissions
    model_id = admin.get("/mlflow/databricks/registered-models/get", name=model).ok()["registered_model_databricks"][
        "id"
    ]
    entries = admin.get(f"/permissions/registered-models/{model_id}").ok()["access_control_list"]
    assert name not in [entry.get("user_name") for entry in entries]


def test_the_last_active_admin_stays(fresh: Api) -> None:
    me = fresh.get(f"{SCIM}/Me").ok()
    path = f"{USERS}/{me['id']}"
    admins = group_named(fresh, "admins")["id"]
    other = create_user(fresh)
    create_group(fresh, "deputies", [other["id"]])
    deputies = group_named(fresh, "deputies")["id"]

    def refused() -> None:
        assert "no active member" in fresh.delete(path).refused(400, "INVALID_STATE")
        assert fresh.put(path, active=False).refused(400, "INVALID_STATE")
        leave = {"op": "remove", "path": f'members[value eq "{me["id"]}"]'}
        assert patched(fresh, f"{GROUPS}/{admins}", leave).refused(400, "INVALID_STATE")
        assert fresh.put(f"{GROUPS}/{admins}", displayName="admins").refused(400, "INVALID_STATE")

    refused()
    patched(fresh, f"{GROUPS}/{admins}", {"op": "add", "path": "members", "value": [{"value": deputies}]}).ok()
    fresh.put(f"{USERS}/{other['id']}", active=False).ok()
    refused()
    fresh.put(f"{USERS}/{other['id']}", active=True).ok()
    fresh.delete(path).ok()


def test_lists_are_filtered_sorted_and_paged(fresh: Api) -> None:
    for number, display in ((1, "Zoe"), (2, "yan"), (3, "Xia"), (4, None)):
        fields = {} if display is None else {"displayName": display}
        create_user(fresh, f"u{number}", active=number != 2, emails=[{"value": f"U{number}@x.org"}], **fields)
    fresh.patch(f"{USERS}/{user_id(fresh, 'admin')}", Operations=[{"op": "add", "path": "roles", "value": ""}]).ok()
    create_group(fresh, "g", [fresh.get(USERS, filter="userName eq 'u1'").ok()["Resources"][0]["id"]])

    def found(text: str) -> list[str]:
        return listed(fresh, USERS, "userName", filter=text)

    assert listed(fresh, USERS, "userName") == ["admin", "u1", "u2", "u3", "u4"]
    assert found('userName eq "U1"') == ["u1"]
    assert found('userName ne "u1" and userName sw "u"') == ["u2", "u3", "u4"]
    assert found('displayName co "A"') == ["u2", "u3"]
    assert found('displayName ew "a"') == ["u3"]
    assert found('displayName eq ""') == ["admin", "u4"]
    assert found('userName co "%" or userName co "_"') == []
    assert found("not (displayName pr)") == ["admin", "u4"]
    assert found('userName gt "u2"') == ["u3", "u4"]
    assert found('userName ge "U2" and userName lt "u4"') == ["u2", "u3"]
    assert found("active eq false") == ["u2"]
    assert found('emails eq "u3@X.org"') == ["u3"]
    assert found('emails.value ne "u3@x.org"') == ["admin", "u1", "u2", "u4"]
    assert found("emails pr") == ["u1", "u2", "u3", "u4"]
    assert found("roles pr") == []  # an empty value is a missing one
    assert found('groups.display eq "G" or groups.display eq "admins"') == ["admin", "u1"]
    assert found('groups.display eq "users"') == ["admin", "u1", "u2", "u3", "u4"]

    page = fresh.get(USERS, startIndex=2, count=2).ok()
    assert [user["userName"] for user in page["Resources"]] == ["u1", "u2"]
    assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (5, 2, 2)
    assert fresh.get(USERS, startIndex=9).ok()["Resources"] == []
    assert fresh.get(USERS, startIndex=0, count=-1).ok()["totalResults"] == 5

    def ordered(**fields: str) -> list[str]:
        return listed(fresh, USERS, "userName", **fields)

    assert ordered(sortBy="userName", sortOrder="descending") == ["u4", "u3", "u2", "u1", "admin"]
    assert ordered(sortBy="displayName") == ["u3", "u2", "u1", "admin", "u4"]
    assert ordered(sortBy="displayName", sortOrder="descending") == ["admin", "u4", "u1", "u2", "u3"]
    assert "sortBy cannot be" in fresh.get(USERS, sortBy="emails").invalid()
    assert fresh.get(USERS, sortOrder="up").invalid()
    assert fresh.get(USERS, filter="userName").invalid()
    assert fresh.get(USERS, filter='userName eq "' + "é" * 2000 + '"').ok()["totalResults"] == 0
    assert fresh.get(USERS, filter='userName co "' + "%" * 3900 + '"').ok()["totalResults"] == 0


def test_attributes_are_chosen(admin: Api) -> None:
    user = create_user(admin, displayName="Ann", emails=[{"value": "a@x"}])
    path = f"{USERS}/{user['id']}"
    assert set(admin.get(path, attributes="USERNAME,emails.value").ok()) == {"schemas", "id", "userName", "emails"}
    assert set(admin.get(path, excludedAttributes="groups, meta,active,id").ok()) == {
        "schemas",
        "id",
        "userName",
        "displayName",
        "emails",
    }
    assert set(admin.get(f"{SCIM}/Me", attributes="userName").ok()) == {"schemas", "id", "userName"}


def test_groups_of_a_user_are_direct_or_indirect(admin: Api) -> None:
    user = create_user(admin)
    inner = create_group(admin, member_ids=[user["id"]])
    outer = create_group(admin, member_ids=[inner["id"]])
    groups = admin.get(f"{USERS}/{user['id']}").ok()["groups"]
    assert {(group["display"], group["type"]) for group in groups} == {
        (inner["displayName"], "direct"),
        (outer["displayName"], "indirect"),
        ("users", "direct"),
    }


def test_values_of_a_list_are_found_by_their_parts(fresh: Api) -> None:
    """In the forms of RFC 7644, 3.4.2.2, and of Entra ID."""
    work, home = {"value": "a@x", "type": "work", "primary": True}, {"value": "b@x", "type": "home"}
    create_user(fresh, "u1", emails=[work, home])
    create_user(fresh, "u2", emails=[{"value": "b@x", "type": "work"}], roles=[{"value": "r", "display": "R"}])
    group = create_group(fresh, "g", [user_id(fresh, "u1")])

    def found(text: str) -> list[str]:
        return listed(fresh, USERS, "userName", filter=text)

    assert found('emails[type eq "work" and value eq "b@x"]') == ["u2"]
    assert found('emails[type eq "HOME"]') == ["u1"]
    assert found('emails[type eq "work"].value eq "a@x"') == ["u1"]
    assert found('emails[not (type eq "work")]') == ["u1"]
    assert found("emails[primary eq true]") == ["u1"]
    assert found('emails.type eq "home" or roles[display eq "r"]') == ["u1", "u2"]
    assert found(f'groups[value eq "{group["id"]}"]') == ["u1"]
    assert found(f'{USER_SCHEMA}:userName eq "u2"') == ["u2"]
    assert listed(fresh, GROUPS, "id", filter=f'members[value eq "{user_id(fresh, "u1")}"]') == [group["id"]]
    for text in ('emails[type eq "work"', "emails[]", 'userName[value eq "a"]', 'urn:a:userName eq "u2"'):
        answer = fresh.get(USERS, filter=text)
        assert answer.invalid()
        assert answer.json["scimType"] == "invalidFilter"


def test_external_ids_are_kept_as_given(admin: Api) -> None:
    """Identity providers find users by them; they need not be unique."""
    external_id = new_name("External")
    first, second = (create_user(admin, externalId=external_id)["id"] for _ in range(2))
    assert set(listed(admin, USERS, "id", filter=f'externalId eq "{external_id}"')) == {first, second}
    assert listed(admin, USERS, "id", filter=f'externalId eq "{external_id.lower()}"') == []
    patched(admin, f"{USERS}/{first}", {"op": "replace", "path": "externalId", "value": "other"}).ok()
    assert listed(admin, USERS, "id", filter=f'externalId eq "{external_id}"') == [second]


def test_others_see_names_but_no_particulars(admin: Api, anyone: Api) -> None:
    user = create_user(admin, displayName="Ann", emails=[{"value": "a@x"}], externalId="e")
    seen = anyone.get(f"{USERS}/{user['id']}").ok()
    assert seen["displayName"] == "Ann"
    assert not {"emails", "externalId"} & set(seen)
    (row,) = anyone.get(USERS, filter=f'userName eq "{user["userName"]}"').ok()["Resources"]
    assert not {"emails", "externalId"} & set(row)
    assert "emails" not in anyone.get(USERS, filter='emails eq "a@x"').invalid().partition("Use one of")[2]
    assert anyone.get(USERS, sortBy="externalId").invalid()
    me = anyone.get(f"{SCIM}/Me").ok()["id"]
    admin.put(f"{USERS}/{me}", emails=[{"value": "me@x"}]).ok()
    assert anyone.get(f"{USERS}/{me}").ok()["emails"] == [{"value": "me@x"}]


def without_meta(given: Answer | dict[str, Any]) -> dict[str, Any]:
    """The timestamp differs."""
    document = given.ok() if isinstance(given, Answer) else given
    return {name: value for name, value in document.items() if name != "meta"}


def test_a_service_principal(admin: Api) -> None:
    principal = create_service_principal(admin, displayName="CI")
    path = f"{SERVICE_PRINCIPALS}/{principal['id']}"
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", principal["applicationId"])
    assert listed(admin, SERVICE_PRINCIPALS, "id", filter=f"applicationId eq '{principal['applicationId']}'") == [
        principal["id"]
    ]
    patched(admin, path, {"op": "replace", "value": {"displayName": "CD", "active": False}}).ok()
    assert without_meta(admin.get(path)) == without_meta(principal) | {"displayName": "CD", "active": False}
    refused = admin.put(path, applicationId="other")
    assert "cannot be changed" in refused.invalid()
    assert refused.json["scimType"] == "mutability"
    assert without_meta(admin.put(path, displayName="CI", active=True)) == without_meta(principal)
    assert admin.get(f"{USERS}/{principal['id']}").missing()
    assert admin.delete(path).status == 204
    assert admin.get(path).missing()
    own_id = new_name("app")
    assert create_service_principal(admin, applicationId=own_id)["applicationId"] == own_id


def test_a_service_principal_is_a_user_to_itself(admin: Api, registry: LiveRegistry) -> None:
    application_id = create_service_principal(admin, displayName="CI")["applicationId"]
    made = admin.post("/token-management/on-behalf-of/tokens", application_id=application_id).ok()
    with Api(registry.url, made["token_value"]) as api:
        me = api.get(f"{SCIM}/Me").ok()
    assert (me["userName"], me["displayName"]) == (application_id, "CI")
