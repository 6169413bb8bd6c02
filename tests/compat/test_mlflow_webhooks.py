"""Webhooks by MLflow's client, unmodified."""

from collections.abc import Iterator

import pytest
from mlflow.entities.webhook import WebhookAction, WebhookEntity, WebhookEvent, WebhookStatus

from tests.compat.mlflow_client import THEIR_WARNINGS, MlflowClient, MlflowException
from tests.live_registry import LiveRegistry, serving
from tests.server.receiver import Receiver

pytestmark = THEIR_WARNINGS
SECRET = "shared"
CREATED = WebhookEvent(WebhookEntity.MODEL_VERSION, WebhookAction.CREATED)
PROMPTS = WebhookEvent(WebhookEntity.PROMPT_VERSION, WebhookAction.CREATED)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TUI_REGISTRY_WEBHOOK_KEY", "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=")
        with serving(tmp_path_factory.mktemp("hooked"), "--webhook-allow", "127.0.0.1") as registry:
            yield registry


@pytest.fixture
def client(live: LiveRegistry, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", live.admin_token)
    return MlflowClient(tracking_uri=live.url, registry_uri=live.url)


def test_all_calls(client: MlflowClient) -> None:
    with Receiver() as receiver:
        made = client.create_webhook("ci", receiver.url, [CREATED, PROMPTS], description="To CI", secret=SECRET)
        assert (made.name, made.url, made.events) == ("ci", receiver.url, [CREATED, PROMPTS])
        assert (made.status, made.description, made.secret) == (WebhookStatus.ACTIVE, "To CI", None)
        second = client.create_webhook("second", receiver.url, [CREATED], status=WebhookStatus.DISABLED)
        page = client.list_webhooks(max_results=1)
        assert [each.webhook_id for each in page] == [second.webhook_id]
        assert [each.webhook_id for each in client.list_webhooks(1, page.token)] == [made.webhook_id]
        assert client.get_webhook(made.webhook_id).name == "ci"

        tested = client.test_webhook(made.webhook_id)
        assert (tested.success, tested.response_status, tested.response_body) == (True, 200, "OK")
        client.test_webhook(made.webhook_id, PROMPTS)
        assert [each.json["entity"] for each in receiver.requests] == ["model_version", "prompt_version"]

        client.create_registered_model("m")
        client.create_model_version("m", "s3://x", run_id="r", tags={"a": "b"})
        client.create_prompt("p")
        client.create_prompt_version("p", "Hello {{name}}", description="first")
        model, prompt = receiver.wait_for(4)[2:]
        assert model.is_signed_for_mlflow(SECRET)
        assert prompt.is_signed_for_mlflow(SECRET)
        assert model.json["data"] == {
            "name": "m", "version": "1", "source": "s3://x", "run_id": "r", "tags": {"a": "b"}, "description": None
        }  # fmt: skip
        assert (prompt.json["entity"], prompt.json["data"]["template"]) == ("prompt_version", "Hello {{name}}")

        changed = client.update_webhook(made.webhook_id, name="other", events=[CREATED], status=WebhookStatus.DISABLED)
        assert (changed.name, changed.events, changed.status) == ("other", [CREATED], WebhookStatus.DISABLED)
        assert changed.description == "To CI"
    failed = client.test_webhook(made.webhook_id)
    assert not failed.success
    assert failed.error_message
    for each in (made, second):
        client.delete_webhook(each.webhook_id)
    assert list(client.list_webhooks()) == []
    with pytest.raises(MlflowException, match="not found"):
        client.get_webhook(made.webhook_id)


def test_who_may(live: LiveRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", live.token("ann"))
    client = MlflowClient(tracking_uri=live.url, registry_uri=live.url)
    with pytest.raises(MlflowException, match="admins"):
        client.create_webhook("n", "https://hooks.example.com", [CREATED])
    with pytest.raises(MlflowException, match="admins"):
        client.list_webhooks()
