"""Stage transitions of versions, and their consequences."""

import pytest

from tests.server.api import Api
from tests.server.callers import PAIRS, STAGES, Caller, Callers
from tests.server.database_state import DatabaseState
from tests.server.permission_case import MODELS, REQUESTS, VERSIONS, requests_now, version_now

DATABRICKS = "/mlflow/databricks/model-versions/transition-stage"
READER = Caller("CAN_READ", "direct")


def feed(api: Api, model: str) -> list[dict[str, str]]:
    """A model's activities, oldest first."""
    found: list[dict[str, str]] = api.get("/mlflow/activities/list", name=model, max_results=1000).ok()["activities"]
    return found[::-1]


@pytest.mark.parametrize("written", ["Production", "production", "PRODUCTION", "pRoDuCtIoN"])
def test_stages_in_any_letter_case(written: str, callers: Callers) -> None:
    model = callers.model()
    version = callers.version(model)
    answer = callers.creator.post(f"{VERSIONS}/transition-stage", name=model, version=version, stage=written).ok()
    assert answer["model_version"]["current_stage"] == "Production"


@pytest.mark.parametrize(("origin", "target"), PAIRS)
def test_a_move_is_answered_and_recorded(origin: str, target: str, callers: Callers) -> None:
    model = callers.model()
    version = callers.version(model, origin)
    before = version_now(callers, model, version)
    fields = {"name": model, "version": version, "stage": target, "archive_existing_versions": False}
    moved = callers.creator.post(DATABRICKS, **fields, comment="why").ok()["model_version_databricks"]
    assert (moved["current_stage"], moved["permission_level"]) == (target, "CAN_MANAGE")
    assert moved["last_updated_timestamp"] >= before["last_updated_timestamp"]
    recorded = feed(callers.creator, model)[-1]
    assert {name: recorded[name] for name in recorded if "time" not in name and name != "id"} == {
        "activity_type": "APPLIED_TRANSITION",
        "user_id": callers.user_id(Caller("CAN_MANAGE", "creator")),
        "name": model,
        "version": version,
        "from_stage": origin,
        "to_stage": target,
        "comment": "why",
    }


@pytest.mark.parametrize("stage", ["Staging", "Production"])
@pytest.mark.parametrize("path", [f"{VERSIONS}/transition-stage", DATABRICKS])
def test_archiving_the_versions_that_are_there(path: str, stage: str, callers: Callers) -> None:
    model = callers.model()
    other = "Staging" if stage == "Production" else "Production"
    first, second, elsewhere, incoming = [callers.version(model, at) for at in (stage, stage, other, "None")]
    callers.creator.post(f"{REQUESTS}/create", name=model, version=first, stage="Archived").ok()
    callers.creator.post(f"{REQUESTS}/create", name=model, version=second, stage=other).ok()
    fields = {"name": model, "version": incoming, "stage": stage}
    callers.creator.post(path, **fields, archive_existing_versions=True).ok()
    assert [version_now(callers, model, each)["current_stage"] for each in (first, second, elsewhere, incoming)] == [
        "Archived",
        "Archived",
        other,
        stage,
    ]
    *_, one, two, applied = feed(callers.creator, model)
    for system, number in ((one, first), (two, second)):
        assert (system["activity_type"], system["version"]) == ("SYSTEM_TRANSITION", number)
        assert (system["from_stage"], system["to_stage"]) == (stage, "Archived")
        assert f"version {incoming}" in system["system_comment"]
    assert applied["activity_type"] == "APPLIED_TRANSITION"
    assert requests_now(callers, model, first) == []  # its request is closed
    assert len(requests_now(callers, model, second)) == 1


def test_archiving_leaves_the_version_itself(callers: Callers) -> None:
    model = callers.model()
    version = callers.version(model, "Production")
    fields = {"name": model, "version": version, "stage": "Production", "archive_existing_versions": True}
    assert callers.creator.post(DATABRICKS, **fields).ok()["model_version_databricks"]["current_stage"] == "Production"


def test_without_archiving_a_stage_holds_several(callers: Callers) -> None:
    model = callers.model()
    versions = [callers.version(model, "Production") for _ in range(3)]
    assert {version_now(callers, model, each)["current_stage"] for each in versions} == {"Production"}


@pytest.mark.parametrize("stage", ["None", "Archived"])
def test_other_stages_are_not_cleared(stage: str, callers: Callers, database_state: DatabaseState) -> None:
    model = callers.model()
    version = callers.version(model, "Staging")
    callers.creator.post(f"{REQUESTS}/create", name=model, version=version, stage=stage).ok()
    fields = {"name": model, "version": version, "stage": stage, "archive_existing_versions": True}
    with database_state.unchanged():
        for path in (f"{VERSIONS}/transition-stage", DATABRICKS, f"{REQUESTS}/approve"):
            assert "Staging, Production" in callers.creator.post(path, **fields).invalid()


@pytest.mark.parametrize("target", STAGES[1:])
def test_a_direct_move_settles_the_requests_for_its_stage(target: str, callers: Callers) -> None:
    model = callers.model()
    version = callers.version(model)
    other = next(stage for stage in STAGES[1:] if stage != target)
    for api in (callers.api(READER), callers.creator):
        for stage in (target, other):
            api.post(f"{REQUESTS}/create", name=model, version=version, stage=stage).ok()
    callers.move(model, version, target)
    assert {stage for _, stage in requests_now(callers, model, version)} == {other}
    applied = feed(callers.creator, model)[-1]
    assert applied["activity_type"] == "APPLIED_TRANSITION"
    assert READER.name in applied["system_comment"]
    assert "creator" in applied["system_comment"]


def test_the_model_is_updated_too(callers: Callers) -> None:
    model = callers.model()
    version = callers.version(model)
    before = callers.creator.get(f"{MODELS}/get", name=model).ok()["registered_model"]
    callers.move(model, version, "Staging")
    after = callers.creator.get(f"{MODELS}/get", name=model).ok()["registered_model"]
    assert after["last_updated_timestamp"] >= before["last_updated_timestamp"]
    assert [each["current_stage"] for each in after["latest_versions"]] == ["Staging"]
