"""Importing models of another registry: as they are there, again and again, and never over what was changed here."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live_registry import LiveRegistry, command, serving
from tests.server.api import Api
from tests.server.audit_log import exported, verify
from tests.server.database_state import DatabaseState

IMPORT = "/imports/models"
MODELS, VERSIONS = "/mlflow/registered-models", "/mlflow/model-versions"
NOON = 1_700_000_000_000  # milliseconds
ALL_PARTS = ["tags", "aliases", "permissions", "comments", "requests"]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    with serving(tmp_path_factory.mktemp("imports")) as registry:
        registry.token("ada")
        yield registry


@pytest.fixture(scope="module")
def admin(live: LiveRegistry) -> Iterator[Api]:
    with Api(live.url, live.admin_token) as api:
        yield api


def version(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "version": str(number),
        "source": f"s3://bucket/{number}",
        "run_id": f"run{number}",
        "description": f"version {number}",
        "user_id": "grace",
        "creation_timestamp": NOON + number,
        "last_updated_timestamp": NOON + number + 1,
        "tags": [{"key": "n", "value": str(number)}],
    } | fields


def model(name: str, **fields: Any) -> dict[str, Any]:
    """What the source has: versions 2 and 5, as the others were deleted there."""
    comment = {
        "id": "c1",
        "user_id": "ada",
        "comment": "Looks right.",
        "creation_timestamp": NOON + 20,
        "last_updated_timestamp": NOON + 21,
    }
    return {
        "source": "https://elsewhere.example.com",
        "name": name,
        "description": "as it is there",
        "user_id": "grace",
        "creation_timestamp": NOON,
        "last_updated_timestamp": NOON + 50,
        "parts": ALL_PARTS,
        "tags": [{"key": "team", "value": "risk"}],
        "permissions": [
            {"user_name": "ADA", "permission_level": "CAN_EDIT"},
            {"group_name": "nobody knows", "permission_level": "CAN_READ"},
            {"group_name": "admins", "permission_level": "CAN_MANAGE"},
        ],
        "aliases": [{"alias": "champion", "version": "2"}],
        "versions": [
            version(2, current_stage="Production", comments=[comment]),
            version(
                5,
                current_stage="None",
                requests=[{"user_id": "ada", "to_stage": "Staging", "comment": "?", "creation_timestamp": NOON + 30}],
            ),
        ],
        "activities": [
            {
                "id": "a1",
                "activity_type": "APPLIED_TRANSITION",
                "creation_timestamp": NOON + 10,
                "user_id": "grace",
                "version": "2",
                "from_stage": "None",
                "to_stage": "Production",
                "comment": "Go.",
            },
            {"id": "a2", "activity_type": "NEW_COMMENT", "creation_timestamp": NOON + 20, "comment": "Looks right."},
        ],
    } | fields


def reasons(answer: dict[str, Any]) -> list[tuple[str | None, str, str]]:
    return [(each.get("version"), each["item"], each["reason"]) for each in answer.get("differences", [])]


UNKNOWN_GROUP = (None, "permission group:nobody knows", "UNKNOWN_PRINCIPAL")


def test_as_it_is_there(admin: Api, live: LiveRegistry) -> None:
    before = len(exported(live.database))
    planned = admin.post(IMPORT, **model("whole"), dry_run=True).ok()
    assert planned["counts"] == {"created_models": 1, "created_versions": 2, "changes": 0, "activities": 2}
    assert len(exported(live.database)) == before, "a dry run leaves nothing"
    admin.get(f"{MODELS}/get", name="whole").missing()

    answer = admin.post(IMPORT, **model("whole")).ok()
    assert (answer["counts"], reasons(answer)) == (planned["counts"], [UNKNOWN_GROUP])
    found = admin.get("/mlflow/databricks/registered-models/get", name="whole").ok()["registered_model_databricks"]
    assert (found["id"], found["user_id"], found["description"]) == (answer["id"], "grace", "as it is there")
    assert (found["creation_timestamp"], found["last_updated_timestamp"]) == (NOON, NOON + 50)
    assert found["tags"] == [{"key": "team", "value": "risk"}]
    assert found["aliases"] == [{"alias": "champion", "version": "2"}]
    second = admin.get(f"{VERSIONS}/get", name="whole", version="2").ok()["model_version"]
    assert second == version(2) | {
        "name": "whole",
        "current_stage": "Production",
        "status": "READY",
        "run_link": "",
        "aliases": ["champion"],
    }
    (comment,) = admin.get("/mlflow/comments/list", name="whole", version="2").ok()["comments"]
    assert (comment["user_id"], comment["comment"], comment["creation_timestamp"]) == ("ada", "Looks right.", NOON + 20)
    (request,) = admin.get("/mlflow/transition-requests/list", name="whole", version="5").ok()["requests"]
    assert (request["user_id"], request["to_stage"], request["creation_timestamp"]) == ("ada", "Staging", NOON + 30)
    entries = admin.get(f"/permissions/registered-models/{answer['id']}").ok()["access_control_list"]
    levels = {each.get("user_name") or each.get("group_name"): each["all_permissions"] for each in entries}
    assert [each["permission_level"] for each in levels["ada"]] == ["CAN_EDIT"]

    records = exported(live.database)[before:]
    assert [each["activity_type"] for each in records] == [
        *("IMPORTED_MODEL", "IMPORTED_VERSION", "IMPORTED_VERSION"),
        *("IMPORTED_MODEL", "IMPORTED_ACTIVITY", "IMPORTED_ACTIVITY"),
    ]
    assert records[4]["detail"]["activity"]["creation_timestamp"] == NOON + 10
    assert (records[4]["comment"], "comment" in records[5]) == ("Go.", False), "its author may delete that comment"
    assert "Looks right." not in str(records)
    assert verify(live.database).exit_code == 0
    assert admin.post(f"{VERSIONS}/create", name="whole", source="s3://next").ok()["model_version"]["version"] == "6"


def test_a_repetition_changes_nothing(admin: Api, live: LiveRegistry) -> None:
    admin.post(IMPORT, **model("again")).ok()
    with DatabaseState(live.database) as look, look.unchanged():
        answer = admin.post(IMPORT, **model("again")).ok()
    assert answer["counts"] == {"created_models": 0, "created_versions": 0, "changes": 0, "activities": 0}
    assert reasons(answer) == [UNKNOWN_GROUP]


def test_what_changed_there_comes_and_what_changed_here_stays(admin: Api, live: LiveRegistry) -> None:
    there = model("followed")
    admin.post(IMPORT, **there).ok()
    later = copy.deepcopy(there)
    later["description"] = "changed there"
    later["last_updated_timestamp"] += 1000
    later["tags"] = [{"key": "team", "value": "fraud"}, {"key": "new", "value": "1"}]
    later["aliases"] = [{"alias": "champion", "version": "5"}]
    later["permissions"] = [{"user_name": "ada", "permission_level": "CAN_MANAGE"}]
    second, fifth = later["versions"]
    second |= {"current_stage": "Archived", "comments": []}
    fifth |= {"current_stage": "Production", "requests": [], "tags": []}
    later["versions"].append(version(7))
    later["activities"].append({"id": "a3", "activity_type": "DANCED", "creation_timestamp": NOON + 99})
    answer = admin.post(IMPORT, **later).ok()
    assert reasons(answer) == []
    assert (answer["counts"]["created_versions"], answer["counts"]["activities"]) == (1, 1)
    found = admin.get(f"{MODELS}/get", name="followed").ok()["registered_model"]
    assert (found["description"], found["last_updated_timestamp"]) == ("changed there", NOON + 1050)
    assert {tag["key"]: tag["value"] for tag in found["tags"]} == {"team": "fraud", "new": "1"}
    stages = {each["version"]: each["current_stage"] for each in found["latest_versions"]}
    assert stages == {"2": "Archived", "5": "Production", "7": "None"}
    assert admin.get(f"{MODELS}/alias", name="followed", alias="champion").ok()["model_version"]["version"] == "5"
    assert admin.get("/mlflow/comments/list", name="followed", version="2").ok() == {}
    assert admin.get("/mlflow/transition-requests/list", name="followed").ok() == {}
    history = admin.get(f"{MODELS}/stage-history", name="followed").ok()
    assert history["predecessor"] == "2", "what was moved there was moved here"

    admin.patch(f"{MODELS}/update", name="followed", description="changed here").ok()
    admin.post(f"{MODELS}/set-tag", name="followed", key="team", value="ours").ok()
    admin.post(f"{VERSIONS}/transition-stage", name="followed", version="7", stage="Staging").ok()
    admin.delete(f"{VERSIONS}/delete", name="followed", version="2").ok()
    own = admin.post(f"{VERSIONS}/create", name="followed", source="s3://here").ok()["model_version"]["version"]
    latest = copy.deepcopy(later)
    latest["tags"] = [{"key": "team", "value": "theirs"}, {"key": "new", "value": "2"}]
    latest["versions"].append(version(int(own)))
    answer = admin.post(IMPORT, **latest).ok()
    assert reasons(answer) == [
        (None, "description", "CHANGED_HERE"),
        (None, "tag team", "CHANGED_ON_BOTH_SIDES"),
        ("2", "", "DELETED_HERE"),
        ("7", "stage", "CHANGED_HERE"),
        (own, "", "NAME_TAKEN"),
    ]
    assert answer["differences"][1]["here"] == "ours"
    assert answer["differences"][1]["source"] == "theirs"
    found = admin.get(f"{MODELS}/get", name="followed").ok()["registered_model"]
    assert {tag["key"]: tag["value"] for tag in found["tags"]} == {"team": "ours", "new": "2"}
    assert verify(live.database).exit_code == 0


def test_a_model_that_is_not_the_sources(admin: Api) -> None:
    admin.post(f"{MODELS}/create", name="ours").ok()
    assert reasons(admin.post(IMPORT, **model("ours")).ok()) == [(None, "", "NAME_TAKEN")]
    admin.post(IMPORT, **model("moved")).ok()
    assert reasons(admin.post(IMPORT, **model("moved", source="another")).ok()) == [(None, "", "NAME_TAKEN")]
    admin.post(f"{MODELS}/rename", name="moved", new_name="moved away").ok()
    answer = admin.post(IMPORT, **model("moved")).ok()
    assert (None, "name", "RENAMED_HERE") in reasons(answer)
    assert answer["name"] == "moved away"
    admin.delete(f"{MODELS}/delete", name="moved away").ok()
    assert reasons(admin.post(IMPORT, **model("moved")).ok()) == [(None, "", "DELETED_HERE")]
    answer = admin.post(IMPORT, **model("moved"), restore_deleted=True).ok()
    assert (answer["name"], answer["counts"]["created_versions"]) == ("moved", 2)


def test_what_was_imported_from_where(admin: Api) -> None:
    for name in ("b", "a", "c"):
        admin.post(IMPORT, **model(name, source="listed")).ok()
    page = admin.get(IMPORT, source="listed", max_results=2).ok()
    rest = admin.get(IMPORT, source="listed", max_results=2, page_token=page["next_page_token"]).ok()
    assert [each["name"] for each in page["imports"] + rest["imports"]] == ["a", "b", "c"]
    assert "next_page_token" not in rest
    assert {each["source"] for each in admin.get(IMPORT).ok()["imports"]} > {"listed"}


def test_in_several_calls_and_what_is_not_allowed(admin: Api) -> None:
    whole = model("parts")
    first = whole | {"parts": ["tags"], "versions": whole["versions"][:1], "aliases": [], "activities": []}
    rest = whole | {"parts": ["aliases"], "tags": [], "permissions": [], "activities": []}
    rest["versions"] = [whole["versions"][1], version(2**31), version(8, source="s3://a/../b")]
    rest["aliases"] = [*whole["aliases"], {"alias": "latest", "version": "2"}, {"alias": "gone", "version": "4"}]
    assert reasons(admin.post(IMPORT, **first).ok()) == []
    assert reasons(admin.post(IMPORT, **rest).ok()) == [
        (str(2**31), "", "NOT_ALLOWED"),
        ("8", "", "NOT_ALLOWED"),
        (None, "alias latest", "NOT_ALLOWED"),
        (None, "alias gone", "DELETED_HERE"),
    ]
    found = admin.get(f"{MODELS}/get", name="parts").ok()["registered_model"]
    assert found["tags"], "a call that is silent about tags leaves them"
    assert [each["alias"] for each in found["aliases"]] == ["champion"]
    assert admin.get("/mlflow/comments/list", name="parts", version="2").ok() == {}


def test_a_backup_has_it_too(admin: Api, live: LiveRegistry, tmp_path: Path) -> None:
    admin.post(IMPORT, **model("backed up")).ok()
    command(live.database, "backup", str(tmp_path / "backup.db"))
    command(str(tmp_path / "restored.db"), "restore", str(tmp_path / "backup.db"))
