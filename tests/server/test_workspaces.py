"""Managing workspaces, and who may use them. That they are apart is tested in test_workspace_isolation.py."""

import http.client
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import insert, select, update

from tests.bulk_models import insert_models
from tests.live_registry import LiveRegistry, Server, command, fresh_database, serving
from tests.server.api import Api
from tests.server.audit_log import audit, exported
from tests.server.callers import Callers, user_id
from tests.server.database_state import changing
from tests.server.permission_case import MODELS, REQUESTS, VERSIONS
from tests.server.workspace_callers import HERE, ROOT, THERE, WORKSPACES, Outsider
from tui_registry_server.commands import main
from tui_registry_server.operations.workspaces import MAX_CASCADED
from tui_registry_server.store.activities import last_sequence
from tui_registry_server.store.tables import activities, registered_models, workspaces


def names(api: Api) -> list[str]:
    return [each["name"] for each in api.get(WORKSPACES).ok()["workspaces"]]


def test_everybody_sees_those_that_they_may_use(separated: LiveRegistry, outsider: Outsider, insiders: Callers) -> None:
    assert names(outsider.default) == ["default", HERE]
    assert {"default", HERE, THERE} <= set(names(insiders.admin))
    assert outsider.default.get(f"{WORKSPACES}/{HERE}").ok()["workspace"]["description"] == "the one called here"
    unknown = outsider.default.get(f"{WORKSPACES}/nowhere").missing()
    assert outsider.default.get(f"{WORKSPACES}/{THERE}").missing() == unknown.replace("nowhere", THERE)
    with Api(separated.url, outsider.here.token, "nowhere") as nowhere:
        unknown = nowhere.get(f"{MODELS}/search").missing()
    assert outsider.there.get(f"{MODELS}/search").missing() == unknown.replace("nowhere", THERE)


def test_its_managers_let_others_in(separated: LiveRegistry, outsider: Outsider) -> None:
    with Api(separated.url, separated.token("guest"), HERE) as guest:
        guest.get(f"{MODELS}/search").missing()
        entry = {"user_name": "guest", "permission_level": "CAN_CREATE_REGISTERED_MODEL"}
        outsider.here.patch(ROOT, access_control_list=[entry]).ok()
        assert names(guest) == ["default", HERE]
        assert guest.get(f"{MODELS}/search").ok() == {}
        guest.post(f"{MODELS}/create", name="of-the-guest").ok()
        guest.delete(f"{MODELS}/delete", name="of-the-guest").ok()


def test_a_level_on_a_model_does_not_let_anybody_in(separated: LiveRegistry, outsider: Outsider) -> None:
    with Api(separated.url, separated.token("unasked"), HERE) as unasked:
        outsider.here.post(f"{MODELS}/create", name="lent").ok()
        model = outsider.here.get("/mlflow/databricks/registered-models/get", name="lent").ok()
        path = f"/permissions/registered-models/{model['registered_model_databricks']['id']}"
        entry = {"user_name": "unasked", "permission_level": "CAN_MANAGE"}
        outsider.here.patch(path, access_control_list=[entry]).ok()
        unasked.get(f"{MODELS}/get", name="lent").missing()
        explained = outsider.here.get(f"{path}/why", principal="user:unasked").ok()
        assert "permission_level" not in explained or not explained["permission_level"]
        outsider.here.delete(f"{MODELS}/delete", name="lent").ok()


def test_only_administrators_manage_them(outsider: Outsider) -> None:
    api = outsider.default
    api.post(WORKSPACES, name="mine").denied()
    api.patch(f"{WORKSPACES}/{HERE}", description="mine").denied()
    api.delete(f"{WORKSPACES}/{HERE}").denied()


def test_their_life(admin: Api) -> None:
    assert admin.post(WORKSPACES, name="team-a", description="ours").ok() == {
        "workspace": {"name": "team-a", "description": "ours"}
    }
    admin.post(WORKSPACES, name="team-a").refused(400, "RESOURCE_ALREADY_EXISTS")
    answer = admin.patch(f"{WORKSPACES}/team-a", description="theirs").ok()
    assert answer == {"workspace": {"name": "team-a", "description": "theirs"}}
    assert admin.patch(f"{WORKSPACES}/team-a", description="").ok() == {"workspace": {"name": "team-a"}}
    team = Api(admin.url, admin.token, "team-a")
    team.post(f"{MODELS}/create", name="m").ok()
    assert "'m'" in admin.delete(f"{WORKSPACES}/team-a").refused(400, "INVALID_STATE")
    admin.delete(f"{WORKSPACES}/team-a?mode=SET_DEFAULT").invalid()
    deleted = admin.send("DELETE", f"{WORKSPACES}/team-a?mode=CASCADE")
    assert (deleted.status, deleted.content) == (204, b"")
    team.get(f"{MODELS}/search").missing()
    team.post(f"{MODELS}/create", name="m").missing()
    admin.get(f"{WORKSPACES}/team-a").missing()
    admin.delete(f"{WORKSPACES}/team-a").missing()
    admin.post(WORKSPACES, name="team-a").ok()  # again: another one, with nothing of the first
    assert team.get("/mlflow/activities/list").ok() == {}
    admin.delete(f"{WORKSPACES}/team-a").ok()
    team.__exit__(None, None, None)


def test_as_many_models_as_the_limit_go_with_their_workspace(tmp_path: Path) -> None:
    with serving(tmp_path) as live, Api(live.url, live.admin_token) as admin:
        admin.post(WORKSPACES, name="large").ok()
        insert_models(live, MAX_CASCADED + 1)
        with changing(live.database) as connection:
            large = select(workspaces.c.id).where(workspaces.c.name == "large").scalar_subquery()
            connection.execute(update(registered_models).values(workspace_id=large))
        path = f"{WORKSPACES}/large?mode=CASCADE"
        assert f"more than {MAX_CASCADED} models" in admin.delete(path).refused(400, "INVALID_STATE")
        with Api(admin.url, admin.token, "large") as inside:
            inside.delete(f"{MODELS}/delete", name="model-000000").ok()
        assert admin.send("DELETE", path).status == 204
        admin.get(f"{WORKSPACES}/large").missing()


@pytest.mark.parametrize("name", ["", "a", "A-b", "a_b", "-a", "a-", "a" * 64, "api", "workspaces", "ä-b", "a\n"])
def test_invalid_names(name: str, admin: Api) -> None:
    admin.post(WORKSPACES, name=name).invalid()


def test_the_default_one(admin: Api) -> None:
    admin.post(WORKSPACES, name="default").refused(400, "RESOURCE_ALREADY_EXISTS")
    admin.delete(f"{WORKSPACES}/default").refused(400, "INVALID_STATE")
    admin.delete(f"{WORKSPACES}/default?mode=CASCADE").refused(400, "INVALID_STATE")
    named = Api(admin.url, admin.token, "default")
    assert named.get(f"{MODELS}/search").ok() == admin.get(f"{MODELS}/search").ok()
    named.__exit__(None, None, None)


def test_what_it_does_not_store_is_refused(admin: Api) -> None:
    admin.post(WORKSPACES, name="stored", default_artifact_root="s3://x").invalid()
    admin.patch(f"{WORKSPACES}/default", trace_archival_config={"location": "s3://x"}).invalid()
    admin.delete(f"{WORKSPACES}/default?mode=X").refused(400, "INVALID_STATE")


def test_imports_are_into_the_default_one(separated: LiveRegistry) -> None:
    with Api(separated.url, separated.admin_token, HERE) as api:
        times = {"creation_timestamp": 1, "last_updated_timestamp": 1}
        api.post("/imports/models", source="elsewhere", name="m", **times).refused(400, "INVALID_STATE")
        api.get("/imports/models").refused(400, "INVALID_STATE")


def test_a_request_names_one(admin: Api) -> None:
    connection = http.client.HTTPConnection(admin.url.removeprefix("http://"))
    connection.putrequest("GET", f"/api/2.0{MODELS}/search")
    connection.putheader("Authorization", f"Bearer {admin.token}")
    connection.putheader("X-MLFLOW-WORKSPACE", HERE)
    connection.putheader("X-MLFLOW-WORKSPACE", THERE)
    connection.endheaders()
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    connection.close()


def test_offboarding_is_of_all_workspaces(separated: LiveRegistry, outsider: Outsider) -> None:
    with (
        Api(separated.url, separated.token("going"), HERE) as going,
        Api(separated.url, separated.admin_token) as admin,
    ):
        entry = {"user_name": "going", "permission_level": "CAN_READ"}
        outsider.here.patch(ROOT, access_control_list=[entry]).ok()
        outsider.here.post(f"{MODELS}/create", name="asked-for").ok()
        outsider.here.post(f"{VERSIONS}/create", name="asked-for", source="s3://x").ok()
        going.post(f"{REQUESTS}/create", name="asked-for", version="1", stage="Staging").ok()
        path = f"/principals/{user_id(admin, 'going')}"
        preview = admin.get(f"{path}/offboarding").ok()
        assert preview["request_count"] == 1
        assert {"object_type": "registered-models", "workspace": HERE, "permission_level": "CAN_READ"} in preview[
            "grants"
        ]
        admin.post(f"{path}/offboard").ok()
        assert outsider.here.get(f"{REQUESTS}/list", name="asked-for").ok() == {}
        newest = outsider.here.get("/mlflow/activities/list", max_results=1).ok()["activities"][0]
        assert (newest["activity_type"], newest["name"]) == ("CANCELLED_REQUEST", "asked-for")
        outsider.here.delete(f"{MODELS}/delete", name="asked-for").ok()


def test_copies_have_them_too(fresh_registry: LiveRegistry, tmp_path: Path) -> None:
    """Backups, and what is migrated to another database."""
    with Api(fresh_registry.url, fresh_registry.admin_token) as admin:
        admin.post(WORKSPACES, name="team-a", description="ours").ok()
        admin.post(f"{MODELS}/create", name="m", description="of the default one").ok()
    with Api(fresh_registry.url, fresh_registry.admin_token, "team-a") as team:
        team.post(f"{MODELS}/create", name="m", description="of the team").ok()
        team.post(f"{VERSIONS}/create", name="m", source="s3://x").ok()
    token = command(fresh_registry.database, "tokens", "create", "admin").strip()
    backup, restored = tmp_path / "backup.db", tmp_path / "restored.db"
    (empty := tmp_path / "empty").mkdir()
    with fresh_database(empty) as migrated:
        for arguments in (
            ["backup", str(backup), "--database", fresh_registry.database],
            ["restore", str(backup), "--database", str(restored)],
            ["migrate", str(backup), migrated],
        ):
            result = CliRunner().invoke(main, arguments)
            assert result.exit_code == 0, result.output
        for number, database in enumerate((str(restored), migrated)):
            (folder := tmp_path / str(number)).mkdir()
            with Server(folder, database) as server, Api(server.start(), token) as default:
                with Api(default.url, token, "team-a") as team:
                    for api, text in ((default, "of the default one"), (team, "of the team")):
                        model = api.get(f"{MODELS}/get", name="m").ok()["registered_model"]
                        assert model["description"] == text
                assert names(default) == ["default", "team-a"]


def test_the_audit_log_of_one(fresh_registry: LiveRegistry, tmp_path: Path) -> None:
    database = fresh_registry.database
    with Api(fresh_registry.url, fresh_registry.admin_token) as admin:
        for description in ("the first", "the second"):
            admin.post(WORKSPACES, name="team-a", description=description).ok()
            with Api(admin.url, admin.token, "team-a") as team:
                team.post(f"{MODELS}/create", name="m").ok()
            if description == "the first":
                admin.delete(f"{WORKSPACES}/team-a?mode=CASCADE").ok()
        admin.post(f"{MODELS}/create", name="m").ok()
        of_team = exported(database, "--workspace", "team-a")
        assert [each["activity_type"] for each in of_team] == ["CREATED_WORKSPACE", "CREATED_MODEL"]
        assert of_team[0]["detail"]["description"] == "the second"
        of_default = exported(database, "--workspace", "default")
        assert not any("workspace_id" in each for each in of_default)
        everything = exported(database)
        assert len({each["workspace_id"] for each in everything if "workspace_id" in each}) == 2
        assert len(of_default) == sum("workspace_id" not in each for each in everything)
        admin.delete(f"{WORKSPACES}/team-a?mode=CASCADE").ok()
        deleted = exported(database, "--workspace", "team-a")
        assert deleted[:2] == of_team
        assert deleted[-1]["activity_type"] == "DELETED_WORKSPACE"
    with changing(database) as connection:  # tampered with: nothing that a server writes
        for number, detail in enumerate(("[]", "null", "[" * 100_000, "no JSON"), last_sequence(connection) + 1):
            row = {"sequence": number, "id": f"{number}", "activity_type": "CREATED_WORKSPACE", "detail": detail}
            columns = {"creation_timestamp": 2**50, "principal_id": "1", "user_id": "a", "digest": f"{number}"}
            connection.execute(insert(activities).values(row | columns))
    assert exported(database, "--workspace", "team-a")[: len(deleted)] == deleted
    file = tmp_path / "out.jsonl"
    refused = audit("export", "--database", database, "--workspace", "nowhere", "--output", str(file))
    assert refused.exit_code == 1
    assert "Workspace 'nowhere' not found" in refused.stderr
    assert not file.exists()


def test_what_one_may_do_in_each(fresh_registry: LiveRegistry) -> None:
    def listed(api: Api) -> dict[str, tuple[str | None, int]]:
        found = api.get(WORKSPACES, details="true").ok()["workspaces"]
        return {each["name"]: (each.get("permission_level"), each["model_count"]) for each in found}

    url = fresh_registry.url
    with Api(url, fresh_registry.admin_token) as admin, Api(url, fresh_registry.token("ann")) as ann:
        for name in ("reads", "enters", "not-hers"):
            admin.post(WORKSPACES, name=name).ok()
            with Api(url, admin.token, name) as inside:
                for model in ("a", "b"):
                    inside.post(f"{MODELS}/create", name=model).ok()
                level = {"reads": "CAN_READ", "enters": "CAN_CREATE_REGISTERED_MODEL"}.get(name)
                if level is not None:
                    inside.patch(ROOT, access_control_list=[{"user_name": "ann", "permission_level": level}]).ok()
                model = inside.get("/mlflow/databricks/registered-models/get", name="a").ok()
                path = f"/permissions/registered-models/{model['registered_model_databricks']['id']}"
                entry = {"group_name": "users", "permission_level": "CAN_READ"}
                inside.patch(path, access_control_list=[entry]).ok()
        assert listed(ann) == {
            "default": (None, 0),
            "enters": ("CAN_CREATE_REGISTERED_MODEL", 1),
            "reads": ("CAN_READ", 2),
        }
        everything = dict.fromkeys(("enters", "not-hers", "reads"), ("CAN_MANAGE", 2))
        assert listed(admin) == {"default": ("CAN_MANAGE", 0), **everything}
        assert admin.get(WORKSPACES).ok()["workspaces"][0] == {"name": "default"}
        admin.get(WORKSPACES, details="perhaps").invalid()
