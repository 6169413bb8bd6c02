"""A level on a model of a workspace is one only for those who may use the workspace: wherever levels are shown,
explained, previewed or counted."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import delete

from tests.live_registry import LiveRegistry
from tests.server.api import Answer, Api
from tests.server.callers import add_group, user_id
from tests.server.database_state import changing
from tests.server.permission_case import MODELS, REQUESTS, VERSIONS
from tests.server.workspace_callers import ROOT, WORKSPACES
from tui_registry_server.store import counters, workspaces
from tui_registry_server.store.tables import registered_models

TEAM = "team"
MANAGE = "CAN_MANAGE"
NO_WORKSPACE = "Workspace 'team' not found"


class Team:
    """A workspace with the model ``m``, which ``ann`` and ``bob`` manage; only ``bob`` may use the workspace."""

    def __init__(self, registry: LiveRegistry) -> None:
        self.registry = registry
        tokens = {name: registry.token(name) for name in ("ann", "bob")}
        self.admin = Api(registry.url, registry.admin_token)
        self.admin.post(WORKSPACES, name=TEAM).ok()
        self.inside = Api(registry.url, registry.admin_token, TEAM)
        self.users = {name: Api(registry.url, token, TEAM) for name, token in tokens.items()}
        self.ids = {name: user_id(self.admin, name) for name in tokens}
        self.inside.post(f"{MODELS}/create", name="m").ok()
        found = self.inside.get("/mlflow/databricks/registered-models/get", name="m").ok()
        self.model = f"/permissions/registered-models/{found['registered_model_databricks']['id']}"
        entries = [{"user_name": name, "permission_level": MANAGE} for name in tokens]
        self.inside.put(self.model, access_control_list=entries).ok()  # no entry of the administrator, who created it
        self.let_in("bob")

    def grant(self, path: str, name: str, level: str, *, kind: str = "user") -> None:
        entry = {f"{kind}_name": name, "permission_level": level}
        self.inside.patch(path, access_control_list=[entry]).ok()

    def let_in(self, name: str, *, kind: str = "user") -> None:
        self.grant(ROOT, name, "CAN_CREATE_REGISTERED_MODEL", kind=kind)

    def why(self, principal: str) -> Any:
        return self.inside.get(f"{self.model}/why", principal=principal).ok()

    def preview(self, *entries: dict[str, str], replace: bool = False) -> Any:
        return self.inside.post(f"{self.model}/preview", access_control_list=list(entries), replace=replace).ok()

    def unowned(self) -> int:
        count: int = self.inside.get("/mlflow/registry/overview").ok()["models_without_owner"]["count"]
        return count

    def close(self) -> None:
        for api in (self.admin, self.inside, *self.users.values()):
            api.__exit__(None, None, None)


@pytest.fixture
def team(fresh_registry: LiveRegistry) -> Iterator[Team]:
    team = Team(fresh_registry)
    yield team
    team.close()


def let_ann_in(team: Team, how: str) -> None:
    if how == "by name":
        team.let_in("ann")
    elif how == "users":
        team.let_in("users", kind="group")
    elif how == "admins":
        admins = team.admin.get("/preview/scim/v2/Groups", filter='displayName eq "admins"').ok()["Resources"][0]["id"]
        member = [{"op": "add", "path": "members", "value": [{"value": team.ids["ann"]}]}]
        team.admin.patch(f"/preview/scim/v2/Groups/{admins}", Operations=member).ok()
    else:
        add_group(team.admin, "outer", [add_group(team.admin, "inner", [team.ids["ann"]])])
        team.let_in("outer", kind="group")


WAYS = ["by name", "group in a group", "users", "admins"]


@pytest.mark.parametrize("how", WAYS)
def test_whoever_may_not_use_the_workspace_owns_nothing_there(team: Team, how: str) -> None:
    assert team.unowned() == 0
    team.inside.put(ROOT).ok()
    assert team.unowned() == 1
    let_ann_in(team, how)
    assert team.unowned() == 0
    team.inside.put(team.model).ok()
    assert team.unowned() == 1
    team.grant(team.model, "users", MANAGE, kind="group")
    assert team.unowned() == 0


@pytest.mark.parametrize("how", WAYS)
def test_offboarding_names_what_only_they_could_manage(team: Team, how: str) -> None:
    path = f"/principals/{team.ids['bob']}/offboarding"
    team.admin.post(f"{MODELS}/create", name="m").ok()
    found = team.admin.get("/mlflow/databricks/registered-models/get", name="m").ok()
    entry = {"user_name": "bob", "permission_level": MANAGE}
    of_default = f"/permissions/registered-models/{found['registered_model_databricks']['id']}"
    team.admin.put(of_default, access_control_list=[entry]).ok()
    plan = team.admin.get(path).ok()
    assert plan["unmanaged_models"] == ["m"]
    assert plan["unmanaged_elsewhere"] == [{"name": "m", "workspace": TEAM}]
    assert plan["unmanaged_model_count"] == 2
    let_ann_in(team, how)
    plan = team.admin.get(path).ok()
    assert (plan["unmanaged_models"], plan["unmanaged_model_count"]) == (["m"], 1)
    assert "unmanaged_elsewhere" not in plan
    team.inside.put(ROOT).ok()
    if how != "admins":
        assert "unmanaged_elsewhere" not in team.admin.get(path).ok(), "which they could not manage either"


def test_offboarding_names_the_workspace(team: Team) -> None:
    team.inside.post(f"{VERSIONS}/create", name="m", source="s3://x").ok()
    team.users["bob"].post(f"{REQUESTS}/create", name="m", version="1", stage="Staging").ok()
    plan = team.admin.get(f"/principals/{team.ids['bob']}/offboarding").ok()
    assert plan["grants"] == [
        {"object_type": "registered-model", "name": "m", "workspace": TEAM, "permission_level": MANAGE},
        {
            "object_type": "registered-models",
            "workspace": TEAM,
            "permission_level": "CAN_CREATE_REGISTERED_MODEL",
        },
    ]
    assert [(each["name"], each["workspace"]) for each in plan["requests"]] == [("m", TEAM)]


def test_nobody_outside_has_a_level_for_a_reason(team: Team) -> None:
    outside = team.why("user:ann")
    assert outside["outside_workspace"]
    assert (outside.get("grants", []), outside["grant_count"]) == ([], 0)
    assert "permission_level" not in outside
    assert team.why("user:bob")["permission_level"] == MANAGE
    assert "outside_workspace" not in team.why("user:bob")
    add_group(team.admin, "inner", [team.ids["ann"]])
    team.grant(team.model, "inner", "CAN_EDIT", kind="group")
    assert team.why("group:inner")["outside_workspace"]
    team.let_in("users", kind="group")
    assert team.why("group:inner")["permission_level"] == "CAN_EDIT"
    assert team.why("user:ann")["permission_level"] == MANAGE


def test_nobody_outside_gains_or_loses(team: Team) -> None:
    add_group(team.admin, "outer", [add_group(team.admin, "inner", [team.ids["ann"]])])
    taken = {each["principal"]["name"]: each for each in team.preview(replace=True)["named"]}
    assert taken["ann"]["outside_workspace"]
    assert taken["ann"]["direct_before"] == MANAGE
    assert "level_before" not in taken["ann"]
    assert taken["bob"]["level_before"] == MANAGE
    assert "outside_workspace" not in taken["bob"]
    given = {"group_name": "outer", "permission_level": MANAGE}
    answer = team.preview(given)
    assert [each.get("outside_workspace") for each in (*answer["named"], *answer["members"])] == [True, True]
    assert answer["member_counts"] == [{"count": 1}]
    team.let_in("inner", kind="group")
    answer = team.preview(given)
    assert answer["member_counts"] == [{"level_before": MANAGE, "level_after": MANAGE, "count": 1}]
    assert answer["named"][0]["outside_workspace"], "whoever is in the outer group only"
    team.let_in("users", kind="group")
    assert team.preview(given)["named"][0]["level_after"] == MANAGE
    team.registry.token("cy")
    everybody = team.preview({"group_name": "users", "permission_level": "CAN_READ"})
    assert {each.get("level_after") for each in everybody["member_counts"]} == {"CAN_READ", MANAGE}


def test_what_is_foreseen_of_the_workspace_itself_is_what_lets_one_in(team: Team) -> None:
    entry = {"user_name": "ann", "permission_level": "CAN_READ"}
    (named,) = team.inside.post(f"{ROOT}/preview", access_control_list=[entry]).ok()["named"]
    assert (named["level_after"], "outside_workspace" in named) == ("CAN_READ", False)


def while_writing(team: Team, asked: Callable[[], Answer]) -> Answer:
    """What is asked while somebody deletes the workspace, and others wait for that."""
    answers: list[Answer] = []
    asking = threading.Thread(target=lambda: answers.append(asked()))
    with changing(team.registry.database) as connection:
        found = workspaces.find(connection, TEAM)
        assert found is not None
        counters.advance(connection, counters.IDENTITY)  # a lock that other writers wait for
        asking.start()
        time.sleep(1)
        connection.execute(delete(registered_models).where(registered_models.c.workspace_id == found.id))
        workspaces.remove(connection, found.id)
    asking.join(30)
    (answer,) = answers
    return answer


def test_a_request_that_waited_while_its_workspace_was_deleted(team: Team) -> None:
    bob = team.users["bob"]
    bob.get(f"{MODELS}/get", name="m").ok()
    answer = while_writing(team, lambda: bob.post(f"{MODELS}/create", name="another"))
    assert answer.missing() == NO_WORKSPACE
