"""``model_registry`` of Databricks' SDK: webhooks; and what the older client, databricks-registry-webhooks, sends."""

import json
from collections.abc import Iterator

import pytest
from databricks.sdk import errors
from databricks.sdk.service import ml
from databricks.sdk.service.ml import ModelRegistryAPI, RegistryWebhookEvent, RegistryWebhookStatus

from tests.compat.databricks_client import Workspace
from tests.live_registry import LiveRegistry, serving
from tests.server.api import Api
from tests.server.receiver import Receiver

OPTIONS = ("--webhook-allow", "127.0.0.1")
SECRET = "shared"


@pytest.fixture(scope="module")
def live(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    """Another one for each way to sign in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TUI_REGISTRY_WEBHOOK_KEY", "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=")
        with serving(tmp_path_factory.mktemp("hooked"), *OPTIONS) as registry:
            yield registry


@pytest.fixture
def model_registry(live: LiveRegistry, workspace: Workspace) -> ModelRegistryAPI:
    return workspace(live).model_registry


def test_all_calls(model_registry: ModelRegistryAPI) -> None:
    model_registry.create_model("hooked")
    with Receiver() as receiver:
        spec = ml.HttpUrlSpec(url=receiver.url, secret=SECRET, authorization="Bearer x", enable_ssl_verification=True)
        every = list(RegistryWebhookEvent)
        made = model_registry.create_webhook(events=every, http_url_spec=spec, description="All of them").webhook
        assert made is not None
        assert made.id is not None
        assert (made.events, made.status, made.description) == (every, RegistryWebhookStatus.ACTIVE, "All of them")
        assert made.http_url_spec == ml.HttpUrlSpecWithoutSecret(url=receiver.url, enable_ssl_verification=True)
        assert isinstance(made.creation_timestamp, int)

        of_model = model_registry.create_webhook(
            events=[RegistryWebhookEvent.MODEL_VERSION_TRANSITIONED_TO_PRODUCTION],
            model_name="hooked",
            status=RegistryWebhookStatus.TEST_MODE,
            job_spec=ml.JobSpec(job_id="7", access_token="token", workspace_url=receiver.url),
        ).webhook
        assert of_model is not None
        assert of_model.id is not None
        assert (of_model.model_name, of_model.status) == ("hooked", RegistryWebhookStatus.TEST_MODE)
        assert of_model.job_spec == ml.JobSpecWithoutSecret(job_id="7", workspace_url=receiver.url)

        assert {each.id for each in model_registry.list_webhooks(max_results=1)} == {made.id, of_model.id}
        assert [each.id for each in model_registry.list_webhooks(model_name="hooked")] == [of_model.id]
        created = [RegistryWebhookEvent.COMMENT_CREATED, RegistryWebhookEvent.MODEL_VERSION_CREATED]
        assert [each.id for each in model_registry.list_webhooks(events=created)] == [made.id]

        tested = model_registry.test_registry_webhook(made.id, event=RegistryWebhookEvent.COMMENT_CREATED)
        assert (tested.status_code, tested.body) == (200, "OK")
        assert model_registry.test_registry_webhook(of_model.id).status_code == 200
        assert receiver.requests[0].json["event"] == "COMMENT_CREATED"
        assert receiver.requests[1].path == "/api/2.1/jobs/run-now"

        model_registry.create_model_version("hooked", "s3://x")
        delivery = receiver.wait_for(3)[2]
        assert delivery.is_signed_for_databricks(SECRET)
        assert delivery.headers["authorization"] == "Bearer x"
        assert (delivery.json["event"], delivery.json["model_name"], delivery.json["version"]) == (
            "MODEL_VERSION_CREATED",
            "hooked",
            "1",
        )

        model_registry.update_webhook(made.id, status=RegistryWebhookStatus.DISABLED, description="Fewer")
        (changed,) = (each for each in model_registry.list_webhooks() if each.id == made.id)
        assert (changed.status, changed.description, changed.events) == (RegistryWebhookStatus.DISABLED, "Fewer", every)
        with pytest.raises(errors.InvalidParameterValue, match="REGISTERED_MODEL_CREATED"):
            model_registry.update_webhook(of_model.id, events=[RegistryWebhookEvent.REGISTERED_MODEL_CREATED])
        for each in (made.id, of_model.id):
            model_registry.delete_webhook(id=each)
        assert list(model_registry.list_webhooks()) == []
        with pytest.raises(errors.ResourceDoesNotExist):
            model_registry.delete_webhook(id=made.id)


def test_who_may(live: LiveRegistry, model_registry: ModelRegistryAPI, workspace: Workspace) -> None:
    model_registry.create_model("foreign")
    theirs = workspace(live, live.token("ann")).model_registry
    spec, events = ml.HttpUrlSpec(url="https://hooks.example.com"), [RegistryWebhookEvent.COMMENT_CREATED]
    with pytest.raises(errors.PermissionDenied, match="admins"):
        theirs.create_webhook(events=events, http_url_spec=spec)
    with pytest.raises(errors.NotFound):
        theirs.create_webhook(events=events, http_url_spec=spec, model_name="foreign")
    theirs.create_model("own")
    made = theirs.create_webhook(events=events, http_url_spec=spec, model_name="own").webhook
    assert [each.id for each in theirs.list_webhooks()] == [made.id if made else None]


def test_the_older_client(live: LiveRegistry) -> None:
    """It calls /preview, with JSON in the body of DELETE, too, and always sends a status and max_results."""
    preview = "/api/2.0/preview/mlflow/registry-webhooks"
    with Api(live.url, live.admin_token) as api:

        def call(method: str, path: str, body: object | None = None) -> dict[str, object]:
            content = None if body is None else json.dumps(body).encode()
            answer: dict[str, object] = api.send(method, preview + path, content).ok()
            return answer

        asked = {"events": ["COMMENT_CREATED"], "http_url_spec": {"url": "https://x.example.com"}, "status": "ACTIVE"}
        made = call("POST", "/create", asked)["webhook"]
        assert isinstance(made, dict)
        call("PATCH", "/update", {"id": made["id"], "description": "d", "status": "DISABLED"})
        listed = call("GET", "/list?max_results=1000&events=COMMENT_CREATED&events=MODEL_VERSION_CREATED")["webhooks"]
        assert isinstance(listed, list)
        assert made["id"] in {each["id"] for each in listed}
        assert call("DELETE", "/delete", {"id": made["id"]}) == {}
