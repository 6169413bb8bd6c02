"""What a principal has, and taking all of it at once: previewed, whole or not at all, and on record."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.live_registry import LiveRegistry
from tests.server.api import Api
from tests.server.callers import SCIM, add_group, user_id

LEAVER = "leaver"
TOKENS = "/permissions/authorization/tokens"


@pytest.fixture
def admin(fresh_registry: LiveRegistry) -> Iterator[Api]:
    with Api(fresh_registry.url, fresh_registry.admin_token) as api:
        yield api


@pytest.fixture
def leaver(fresh_registry: LiveRegistry, admin: Api) -> Iterator[Api]:
    """Somebody with two tokens, a model of their own, a request on another one, two groups, and other levels."""
    with Api(fresh_registry.url, fresh_registry.token(LEAVER)) as api:
        fresh_registry.token("successor")
        api.post("/token/create").ok()
        for creator, name in ((api, "own"), (admin, "common"), (admin, "shared")):
            creator.post("/mlflow/registered-models/create", name=name).ok()
        granted(admin, "common", {"group_name": "users"}, "CAN_READ")
        for holder in (LEAVER, "successor"):
            granted(admin, "shared", {"user_name": holder}, "CAN_MANAGE")
        admin.post("/mlflow/model-versions/create", name="common", source="s3://m").ok()
        api.post("/mlflow/transition-requests/create", name="common", version="1", stage="Staging").ok()
        add_group(admin, "outer", [add_group(admin, "inner", [user_id(admin, LEAVER)])])
        admin.patch(TOKENS, access_control_list=[{"user_name": LEAVER, "permission_level": "CAN_USE"}]).ok()
        granted(admin, None, {"group_name": "outer"}, "CAN_EDIT")
        granted(admin, None, {"user_name": LEAVER}, "CAN_READ")
        yield api


def granted(admin: Api, model: str | None, who: dict[str, str], level: str) -> None:
    """Grant a level on a model or, without one, on the whole registry."""
    object_id = "root" if model is None else model_id(admin, model)
    entries = [who | {"permission_level": level}]
    admin.patch(f"/permissions/registered-models/{object_id}", access_control_list=entries).ok()


def model_id(admin: Api, name: str) -> str:
    answer = admin.get("/mlflow/databricks/registered-models/get", name=name).ok()
    identifier: str = answer["registered_model_databricks"]["id"]
    return identifier


def path_of(admin: Api, name: str = LEAVER) -> str:
    return f"/principals/{user_id(admin, name)}"


def what(grants: list[dict[str, Any]]) -> list[tuple[str, str | None, str, str | None]]:
    return [
        (each["object_type"], each.get("name"), each["permission_level"], each.get("group_name")) for each in grants
    ]


def test_all_that_somebody_has(admin: Api, leaver: Api) -> None:
    found = admin.get(path_of(admin)).ok()
    assert (found["principal"]["name"], found["principal"]["kind"]) == (LEAVER, "user")
    assert found["groups"] == [
        {"name": "inner", "direct": True},
        {"name": "outer", "direct": False, "through": ["inner"]},
    ]
    assert what(found["grants"]) == [
        ("registered-models", None, "CAN_EDIT", "outer"),
        ("registered-models", None, "CAN_READ", None),
        ("tokens", None, "CAN_USE", None),
        ("tokens", None, "CAN_USE", "users"),
    ]
    assert found["grant_count"] == len(found["grants"])
    assert (found["models"], found["model_count"], found["request_count"], found["token_count"]) == (["own"], 1, 1, 2)
    (request,) = found["requests"]
    assert (request["name"], request["version"], request["to_stage"]) == ("common", "1", "Staging")
    administrator = admin.get(path_of(admin, "admin")).ok()["grants"][0]
    assert (administrator["group_name"], administrator["built_in"]) == ("admins", True)


def test_prompts_are_told_from_models(admin: Api, leaver: Api) -> None:
    tags = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]
    leaver.post("/mlflow/registered-models/create", name="greeting", tags=tags).ok()
    found = admin.get(path_of(admin)).ok()
    assert (found["models"], found["prompts"], found["model_count"]) == (["greeting", "own"], ["greeting"], 2)
    levels = admin.get(f"{path_of(admin)}/levels").ok()["models"]
    assert [each["name"] for each in levels if each.get("is_prompt")] == ["greeting"]
    plan = admin.get(f"{path_of(admin)}/offboarding").ok()
    assert (plan["unmanaged_models"], plan["unmanaged_model_count"]) == (["greeting", "own"], 2)
    assert (plan["unmanaged_prompts"], plan["unmanaged_prompt_count"]) == (["greeting"], 1)
    admin.post(f"{path_of(admin)}/offboard", etag=plan["etag"]).ok()


def test_it_is_taken_at_once_and_recorded(admin: Api, leaver: Api) -> None:
    plan = admin.get(f"{path_of(admin)}/offboarding").ok()
    assert (plan["deactivates"], plan["token_count"], plan["groups"], plan["request_count"]) == (True, 2, ["inner"], 1)
    assert plan["unmanaged_models"] == ["own"]
    assert len(plan["grants"]) == plan["grant_count"] == 4
    assert leaver.get("/token/list").status == 200  # nothing was done yet
    assert admin.post(f"{path_of(admin)}/offboard", etag=plan["etag"]).ok() == plan
    assert leaver.get("/token/list").refused(401, "UNAUTHENTICATED")
    left = admin.get(path_of(admin)).ok()
    assert left["principal"]["active"] is False
    assert [left.get(name, []) for name in ("groups", "requests", "tokens")] == [[], [], []]
    assert {each["group_name"] for each in left["grants"]} == {"users"}
    assert [each["name"] for each in admin.get(f"{path_of(admin)}/levels").ok()["models"]] == ["common"]  # as all users
    assert left["models"] == ["own"]  # the history stays
    activities = admin.get("/mlflow/activities/list", name="common").ok()["activities"]
    assert activities[0]["activity_type"] == "CANCELLED_REQUEST"
    assert activities[0]["system_comment"] == f"requested by {LEAVER}"
    again = admin.get(f"{path_of(admin)}/offboarding").ok()
    assert (again["deactivates"], again["grant_count"], again["token_count"]) == (False, 0, 0)
    assert admin.post(f"{path_of(admin)}/offboard", etag=again["etag"]).ok() == again


def test_nothing_is_done_if_something_has_changed(admin: Api, leaver: Api) -> None:
    plan = admin.get(f"{path_of(admin)}/offboarding").ok()
    leaver.post("/token/create").ok()
    answer = admin.post(f"{path_of(admin)}/offboard", etag=plan["etag"])
    assert answer.refused(409, "RESOURCE_CONFLICT")
    assert leaver.get("/token/list").status == 200


def test_nothing_is_done_if_the_only_other_manager_has_gone(admin: Api, leaver: Api) -> None:
    managers = [{"user_name": each, "permission_level": "CAN_MANAGE"} for each in (LEAVER, "successor")]
    admin.put(f"/permissions/registered-models/{model_id(admin, 'shared')}", access_control_list=managers).ok()
    plan = admin.get(f"{path_of(admin)}/offboarding").ok()
    assert plan["unmanaged_models"] == ["own"]
    admin.post(f"{path_of(admin, 'successor')}/offboard").ok()
    assert admin.post(f"{path_of(admin)}/offboard", etag=plan["etag"]).refused(409, "RESOURCE_CONFLICT")
    assert admin.get(f"{path_of(admin)}/offboarding").ok()["unmanaged_models"] == ["own", "shared"]


def test_levels_on_models_and_why(admin: Api, leaver: Api) -> None:
    path = f"{path_of(admin)}/levels"
    edit = {
        "permission_level": "CAN_EDIT",
        "by_name": False,
        "group_name": "outer",
        "through": ["inner"],
        "inherited": True,
        "inherited_from_object": ["/registered-models/"],
    }
    levels = {each["name"]: each for each in admin.get(path).ok()["models"]}
    assert [(name, each["permission_level"]) for name, each in levels.items()] == [
        ("common", "CAN_EDIT"),
        ("own", "CAN_MANAGE"),
        ("shared", "CAN_MANAGE"),
    ]
    assert levels["common"]["grants"][0] == edit
    for name, level in levels.items():
        why = admin.get(f"/permissions/registered-models/{model_id(admin, name)}/why", principal=f"user:{LEAVER}").ok()
        assert (level["permission_level"], level["grants"]) == (why["permission_level"], why["grants"])
    first = admin.get(path, max_results=2).ok()
    rest = admin.get(path, max_results=2, page_token=first["next_page_token"]).ok()
    assert [*first["models"], *rest["models"]] == [*levels.values()]
    assert "next_page_token" not in rest
    assert [each["name"] for each in admin.get(path, name="HAR").ok()["models"]] == ["shared"]
    granted = admin.get(path, only_higher="true", max_results=1).ok()
    assert granted["models"] == [levels["own"]], "on common it has the level of the whole registry"
    others = admin.get(path, only_higher="true", page_token=granted["next_page_token"]).ok()
    assert others == {"models": [levels["shared"]]}
    assert admin.get(path, page_token=granted["next_page_token"]).refused(400, "INVALID_PARAMETER_VALUE")
    assert admin.get(path, only_higher="perhaps").refused(400, "INVALID_PARAMETER_VALUE")
    assert admin.get(path, name="o", page_token=first["next_page_token"]).refused(400, "INVALID_PARAMETER_VALUE")
    as_admin = admin.get(f"{path_of(admin, 'admin')}/levels", name="own").ok()["models"]
    assert [each["built_in"] for each in as_admin[0]["grants"] if each.get("built_in")] == [True]


def test_one_may_see_what_one_has_oneself_but_no_model_that_one_may_not_read(admin: Api, leaver: Api) -> None:
    assert leaver.get(path_of(admin)).ok() == admin.get(path_of(admin)).ok()
    assert leaver.get(f"{path_of(admin)}/levels").ok() == admin.get(f"{path_of(admin)}/levels").ok()
    admin.put("/permissions/registered-models/root", access_control_list=[]).ok()
    for name in ("own", "common"):
        admin.put(f"/permissions/registered-models/{model_id(admin, name)}", access_control_list=[]).ok()
    found = leaver.get(path_of(admin)).ok()
    assert (found["model_count"], found["request_count"]) == (0, 0)
    assert "models" not in found
    assert "requests" not in found
    assert [each["name"] for each in leaver.get(f"{path_of(admin)}/levels").ok()["models"]] == ["shared"]
    assert admin.get(path_of(admin)).ok()["request_count"] == 1


def test_who_else_can_manage_is_who_is_active_and_in_the_group(admin: Api, leaver: Api) -> None:
    def unmanaged() -> list[str]:
        names: list[str] = admin.get(f"{path_of(admin)}/offboarding").ok().get("unmanaged_models", [])
        return names

    team = add_group(admin, "team", [user_id(admin, LEAVER)])
    admin.post("/mlflow/registered-models/create", name="of-team").ok()
    admin.put(
        f"/permissions/registered-models/{model_id(admin, 'of-team')}",
        access_control_list=[{"group_name": "team", "permission_level": "CAN_MANAGE"}],
    ).ok()
    granted(admin, "own", {"group_name": "team"}, "CAN_MANAGE")
    assert unmanaged() == ["of-team", "own"]  # nobody else is in the team
    joining = {"op": "add", "path": "members", "value": [{"value": user_id(admin, "successor")}]}
    admin.patch(f"{SCIM}/Groups/{team}", Operations=[joining]).ok()
    assert unmanaged() == []
    admin.patch(
        f"{SCIM}/Users/{user_id(admin, 'successor')}", Operations=[{"op": "replace", "path": "active", "value": False}]
    ).ok()
    assert unmanaged() == ["of-team", "own"]
    granted(admin, None, {"group_name": "users"}, "CAN_MANAGE")
    assert unmanaged() == []


def test_tokens_that_the_leaver_created_for_others_are_counted(admin: Api, fresh_registry: LiveRegistry) -> None:
    program = admin.post(f"{SCIM}/ServicePrincipals", applicationId="jenkins").ok()
    with Api(fresh_registry.url, fresh_registry.token("eve", admin=True)) as eve:
        made = eve.post("/token-management/on-behalf-of/tokens", application_id=program["applicationId"]).ok()
        eve.post("/token/create").ok()
    before = admin.get(f"{path_of(admin, 'eve')}/offboarding").ok()
    assert (before["token_count"], before["issued_token_count"]) == (2, 1)
    admin.post(f"{path_of(admin, 'eve')}/offboard", etag=before["etag"]).ok()
    with Api(fresh_registry.url, made["token_value"]) as jenkins:
        assert jenkins.get("/token/list").status == 200
    assert admin.post(f"{path_of(admin, 'eve')}/offboard", etag=before["etag"]).ok()["token_count"] == 0  # repeated


def test_administrators_only_and_never_oneself(admin: Api, leaver: Api) -> None:
    for answer in (
        leaver.get(path_of(admin, "successor")),
        leaver.get(f"{path_of(admin, 'successor')}/levels"),
        leaver.get(f"{path_of(admin)}/offboarding"),
        leaver.post(f"{path_of(admin)}/offboard"),
    ):
        assert answer.refused(403, "PERMISSION_DENIED")
    assert admin.get(f"{path_of(admin, 'admin')}/offboarding").refused(400, "INVALID_STATE")
    assert admin.post(f"{path_of(admin, 'admin')}/offboard").refused(400, "INVALID_STATE")
    assert admin.get("/principals/12345").refused(404, "RESOURCE_DOES_NOT_EXIST")
    group = next(each for each in admin.get(f"{SCIM}/Groups").ok()["Resources"] if each["displayName"] == "inner")
    assert admin.post(f"/principals/{group['id']}/offboard").refused(404, "RESOURCE_DOES_NOT_EXIST")


def test_a_service_principal_and_a_level_on_a_deleted_model(admin: Api) -> None:
    made = admin.post(f"{SCIM}/ServicePrincipals", applicationId="jenkins").ok()
    admin.post("/mlflow/registered-models/create", name="gone").ok()
    granted(admin, "gone", {"service_principal_name": "jenkins"}, "CAN_MANAGE")
    admin.delete("/mlflow/registered-models/delete", name="gone").ok()
    done = admin.post(f"/principals/{made['id']}/offboard").ok()
    assert [(each["object_type"], each.get("name")) for each in done["grants"]] == [("registered-model", None)]
    assert admin.get(f"/principals/{made['id']}").ok()["grant_count"] == 1  # what everybody has
    assert "models" not in admin.get(f"/principals/{made['id']}/levels").ok()
