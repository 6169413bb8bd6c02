"""``model_registry`` of Databricks' SDK: every method but those of webhooks, which have tests of their own."""

import uuid

import pytest
from databricks.sdk import errors
from databricks.sdk.service import ml
from databricks.sdk.service.ml import ModelRegistryAPI
from databricks.sdk.service.ml import RegisteredModelPermissionLevel as Level

from tests.compat.databricks_client import Workspace
from tests.live_registry import LiveRegistry

SOURCE = "s3://bucket/model"


@pytest.fixture
def model_registry(registry: LiveRegistry, workspace: Workspace) -> ModelRegistryAPI:
    return workspace(registry).model_registry


@pytest.fixture
def name(model_registry: ModelRegistryAPI) -> str:
    """A model with one version, created by the administrator."""
    made = f"sdk-{uuid.uuid4().hex[:8]}"
    model_registry.create_model(made, description="Straight lines", tags=[ml.ModelTag("task", "regression")])
    model_registry.create_model_version(made, SOURCE)
    return made


def model_of(model_registry: ModelRegistryAPI, name: str) -> ml.ModelDatabricks:
    answer = model_registry.get_model(name).registered_model_databricks
    assert answer is not None
    return answer


def test_models(model_registry: ModelRegistryAPI, workspace: Workspace) -> None:
    name = f"sdk-{uuid.uuid4().hex[:8]}"
    made = model_registry.create_model(name, description="Lines", tags=[ml.ModelTag("a", "b")]).registered_model
    assert made is not None
    assert (made.name, made.description, made.tags) == (name, "Lines", [ml.ModelTag("a", "b")])
    assert isinstance(made.creation_timestamp, int)
    assert made.last_updated_timestamp == made.creation_timestamp
    assert made.user_id == workspace.admin

    got = model_of(model_registry, name)
    assert got.permission_level is ml.PermissionLevel.CAN_MANAGE
    assert got.id is not None
    assert len(got.id) == 32

    updated = model_registry.update_model(name, description="Curves").registered_model
    assert updated is not None
    assert updated.description == "Curves"
    renamed = model_registry.rename_model(name, new_name=f"{name}-2").registered_model
    assert renamed is not None
    assert renamed.name == f"{name}-2"
    assert model_of(model_registry, f"{name}-2").id == got.id

    model_registry.set_model_tag(f"{name}-2", "c", "d")
    model_registry.delete_model_tag(f"{name}-2", "a")
    assert model_of(model_registry, f"{name}-2").tags == [ml.ModelTag("c", "d")]

    model_registry.delete_model(f"{name}-2")
    with pytest.raises(errors.ResourceDoesNotExist):
        model_registry.get_model(f"{name}-2")


def test_versions(model_registry: ModelRegistryAPI, name: str, workspace: Workspace) -> None:
    made = model_registry.create_model_version(
        name,
        SOURCE,
        description="second",
        run_id="r1",
        run_link="http://host/run",
        tags=[ml.ModelVersionTag("a", "b")],
    ).model_version
    assert made is not None
    assert made.as_dict() == {
        "name": name,
        "version": "2",
        "creation_timestamp": made.creation_timestamp,
        "last_updated_timestamp": made.creation_timestamp,
        "user_id": workspace.admin,
        "current_stage": "None",
        "description": "second",
        "source": SOURCE,
        "run_id": "r1",
        "run_link": "http://host/run",
        "status": "READY",
        "tags": [{"key": "a", "value": "b"}],
    }
    assert made.status is ml.ModelVersionStatus.READY
    assert model_registry.get_model_version(name, "2").model_version == made
    assert model_registry.get_model_version_download_uri(name, "2").artifact_uri == SOURCE

    model_registry.update_model_version(name, "2", description="the second")
    model_registry.set_model_version_tag(name, "2", "c", "d")
    model_registry.delete_model_version_tag(name, "2", "a")
    changed = model_registry.get_model_version(name, "2").model_version
    assert changed is not None
    assert (changed.description, changed.tags) == ("the second", [ml.ModelVersionTag("c", "d")])

    assert [each.version for each in model_registry.get_latest_versions(name)] == ["2"]
    assert list(model_registry.get_latest_versions(name, stages=["Production"])) == []
    model_registry.delete_model_version(name, "2")
    with pytest.raises(errors.ResourceDoesNotExist):
        model_registry.get_model_version(name, "2")


def test_lists_and_searches_go_on_to_their_end(model_registry: ModelRegistryAPI, name: str) -> None:
    for number in range(4):
        model_registry.create_model(f"{name}-{number}")
        model_registry.create_model_version(name, SOURCE)
    names = [f"{name}-{number}" for number in reversed(range(4))]
    found = model_registry.search_models(filter=f"name LIKE '{name}-%'", max_results=3, order_by=["name DESC"])
    assert [each.name for each in found] == names
    assert {*names, name} <= {each.name for each in model_registry.list_models(max_results=2)}
    versions = model_registry.search_model_versions(
        filter=f"name='{name}'", max_results=2, order_by=["version_number ASC"]
    )
    assert [each.version for each in versions] == ["1", "2", "3", "4", "5"]


def test_a_transition(model_registry: ModelRegistryAPI, name: str) -> None:
    moved = model_registry.transition_stage(name, "1", "Staging", False, comment="try it").model_version_databricks
    assert moved is not None
    assert (moved.name, moved.version, moved.current_stage) == (name, "1", "Staging")
    assert moved.permission_level is ml.PermissionLevel.CAN_MANAGE
    assert moved.status is ml.Status.READY


def test_a_request_approved(
    registry: LiveRegistry, model_registry: ModelRegistryAPI, name: str, workspace: Workspace
) -> None:
    author = _reader(registry, workspace, model_registry, name)
    asked = author.create_transition_request(name, "1", "Production", comment="it is better").request
    assert asked is not None
    assert (asked.to_stage, asked.comment, asked.user_id) == ("Production", "it is better", "sdk-author")
    assert asked.available_actions == [ml.ActivityAction.CANCEL_TRANSITION_REQUEST]
    (open_request,) = model_registry.list_transition_requests(name, "1")
    assert open_request.activity_type is ml.ActivityType.REQUESTED_TRANSITION
    assert (open_request.from_stage, open_request.to_stage) == ("None", "Production")
    done = model_registry.approve_transition_request(name, "1", "Production", True, comment="so it is").activity
    assert done is not None
    assert done.activity_type is ml.ActivityType.APPROVED_REQUEST
    assert (done.from_stage, done.to_stage, done.user_id) == ("None", "Production", workspace.admin)
    assert (done.comment, isinstance(done.creation_timestamp, int)) == ("so it is", True)
    assert list(model_registry.list_transition_requests(name, "1")) == []


def test_a_request_rejected_and_one_cancelled(
    registry: LiveRegistry, model_registry: ModelRegistryAPI, name: str, workspace: Workspace
) -> None:
    author = _reader(registry, workspace, model_registry, name)
    author.create_transition_request(name, "1", "Staging")
    rejected = model_registry.reject_transition_request(name, "1", "Staging", comment="no").activity
    assert rejected is not None
    assert rejected.activity_type is ml.ActivityType.REJECTED_REQUEST
    author.create_transition_request(name, "1", "Archived")
    author.delete_transition_request(name, "1", "Archived", "sdk-author", comment="never mind")
    cancelled = model_registry.create_transition_request(name, "1", "Archived").request
    assert cancelled is not None
    gone = model_registry.delete_transition_request(name, "1", "Archived", workspace.admin).activity
    assert gone is not None
    assert gone.activity_type is ml.ActivityType.CANCELLED_REQUEST


def test_comments(model_registry: ModelRegistryAPI, name: str, workspace: Workspace) -> None:
    made = model_registry.create_comment(name, "1", "looks good").comment
    assert made is not None
    assert made.id is not None
    assert (made.comment, made.user_id) == ("looks good", workspace.admin)
    assert made.available_actions == [ml.CommentActivityAction.EDIT_COMMENT, ml.CommentActivityAction.DELETE_COMMENT]
    edited = model_registry.update_comment(made.id, "looks bad").comment
    assert edited is not None
    assert (edited.id, edited.comment) == (made.id, "looks bad")
    model_registry.delete_comment(made.id)
    with pytest.raises(errors.ResourceDoesNotExist):
        model_registry.delete_comment(made.id)


def test_permissions(registry: LiveRegistry, model_registry: ModelRegistryAPI, name: str, workspace: Workspace) -> None:
    registry.token("sdk-author")
    model_id = model_of(model_registry, name).id
    assert model_id is not None
    levels = model_registry.get_permission_levels(model_id).permission_levels
    assert levels is not None
    assert {each.permission_level for each in levels} == set(Level)
    assert all(each.description for each in levels)

    def grant(wanted: Level) -> list[ml.RegisteredModelAccessControlRequest]:
        return [ml.RegisteredModelAccessControlRequest(user_name="sdk-author", permission_level=wanted)]

    added = model_registry.update_permissions(model_id, access_control_list=grant(Level.CAN_EDIT))
    assert (added.object_id, added.object_type) == (f"/registered-models/{model_id}", "registered-model")
    assert _levels(added, workspace.admin) == {
        workspace.admin: [(Level.CAN_MANAGE, False, None)],
        "sdk-author": [(Level.CAN_EDIT, False, None)],
        "admins": [(Level.CAN_MANAGE, True, ["/registered-models/"])],
    }
    replaced = model_registry.set_permissions(model_id, access_control_list=grant(Level.CAN_READ))
    assert _levels(replaced, workspace.admin).keys() == {"sdk-author", "admins"}
    assert model_registry.get_permissions(model_id) == replaced


def _levels(
    permissions: ml.RegisteredModelPermissions, administrator: str
) -> dict[str | None, list[tuple[object, ...]]]:
    """The levels of this test's users and of the administrators; other tests may have granted registry-wide levels."""
    mine = {administrator, "sdk-author", "admins"}
    return {
        name: [
            (each.permission_level, each.inherited, each.inherited_from_object) for each in entry.all_permissions or []
        ]
        for entry in permissions.access_control_list or []
        if (name := entry.user_name or entry.service_principal_name or entry.group_name) in mine
    }


def _reader(
    registry: LiveRegistry, workspace: Workspace, model_registry: ModelRegistryAPI, name: str
) -> ModelRegistryAPI:
    """The registry as a user who can only read the model sees it."""
    token = registry.token("sdk-author")
    model_registry.update_permissions(
        str(model_of(model_registry, name).id),
        access_control_list=[
            ml.RegisteredModelAccessControlRequest(user_name="sdk-author", permission_level=Level.CAN_READ)
        ],
    )
    return workspace(registry, token).model_registry
