"""Webhooks: who may have them, what they send, and that nothing is lost."""

import base64
import json
import ssl
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import trustme
from cryptography.fernet import Fernet

from tests.live_registry import LiveRegistry, serving
from tests.server.api import Api
from tests.server.receiver import OK, Answer, Received, Receiver
from tests.server.webhook_deliveries import HOOKS, deliveries, settled
from tui_registry_server.wire.webhook_events import VALID_ACTIONS, RegistryWebhookEvent

MLFLOW = "/mlflow/webhooks"
MODELS, VERSIONS, REQUESTS = "/mlflow/registered-models", "/mlflow/model-versions", "/mlflow/transition-requests"
URL = "https://hooks.example.com/services/T0/secret-path"
SECRET = "a-shared-secret"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    """A registry whose webhooks may send to this machine, with a key for their secrets."""
    folder = tmp_path_factory.mktemp("hooked")
    key = folder / "webhook.key"
    key.touch(mode=0o600)
    key.write_bytes(Fernet.generate_key())
    with serving(folder, "--webhook-allow", "127.0.0.0/8", "--webhook-key-file", str(key)) as registry:
        yield registry


@pytest.fixture(scope="module")
def admin(live: LiveRegistry) -> Iterator[Api]:
    with Api(live.url, live.admin_token) as api:
        yield api


@pytest.fixture(scope="module")
def user(live: LiveRegistry) -> Iterator[Api]:
    with Api(live.url, live.token("ann")) as api:
        yield api


def model(api: Api, name: str) -> str:
    api.post(f"{MODELS}/create", name=name).ok()
    return name


def id_of(api: Api, name: str) -> str:
    answer = api.get("/mlflow/databricks/registered-models/get", name=name).ok()
    made: str = answer["registered_model_databricks"]["id"]
    return made


def hook(api: Api, receiver: Receiver, path: str, events: list[str], **fields: Any) -> str:
    spec = {"url": receiver.url + path, **fields.pop("http", {})}
    made: str = api.post(f"{HOOKS}/create", events=events, http_url_spec=spec, **fields).ok()["webhook"]["id"]
    return made


def test_every_event_in_both_forms(live: LiveRegistry, admin: Api, user: Api) -> None:
    """All that can happen to a model, in the payloads of both forms; signed, in order, with stable texts."""
    every = [event.value for event in RegistryWebhookEvent]
    with Receiver() as receiver:
        http = {"secret": SECRET, "authorization": "Bearer for-the-receiver"}
        hook(admin, receiver, "/databricks", every, http=http)
        events = [{"entity": entity, "action": action} for entity in VALID_ACTIONS for action in VALID_ACTIONS[entity]]
        admin.post(MLFLOW, name="all", url=f"{receiver.url}/mlflow", events=events, secret=SECRET).ok()
        user.post(f"{MODELS}/create", name="m", description="Lines", tags=[{"key": "a", "value": "b"}]).ok()
        version = {"name": "m", "version": "1"}
        user.post(f"{VERSIONS}/create", name="m", source="s3://secret-bucket/m", run_id="r", description="d").ok()
        user.post(f"{VERSIONS}/set-tag", **version, key="k", value="v").ok()
        user.delete(f"{VERSIONS}/delete-tag", **version, key="k").ok()
        user.post(f"{MODELS}/set-tag", name="m", key="k", value="v").ok()
        user.post("/mlflow/comments/create", **version, comment="Looks **good**").ok()
        user.post(f"{MODELS}/alias", **version, alias="champion").ok()
        user.delete(f"{MODELS}/alias", name="m", alias="champion").ok()
        user.post(f"{REQUESTS}/create", **version, stage="Staging").ok()
        admin.post(f"{REQUESTS}/approve", **version, stage="Staging", archive_existing_versions=True).ok()
        user.post(f"{REQUESTS}/create", **version, stage="Production").ok()
        admin.post(f"{REQUESTS}/reject", **version, stage="Production").ok()
        user.post(f"{REQUESTS}/create", **version, stage="Archived").ok()
        user.delete(f"{REQUESTS}/delete", **version, stage="Archived", creator="ann").ok()
        user.post(f"{VERSIONS}/transition-stage", **version, stage="Production", archive_existing_versions=True).ok()
        reader = {"group_name": "users", "permission_level": "CAN_READ"}
        user.patch(f"/permissions/registered-models/{id_of(user, 'm')}", access_control_list=[reader]).ok()
        receiver.wait_for(20, "/databricks")  # a comment that was deleted before, with its version, is not sent
        user.post(f"{MODELS}/rename", name="m", new_name="n").ok()
        user.delete(f"{VERSIONS}/delete", name="n", version="1").ok()
        user.delete(f"{MODELS}/delete", name="n").ok()
        prompt = {"key": "mlflow.prompt.is_prompt", "value": "true"}
        user.post(f"{MODELS}/create", name="p", tags=[prompt, {"key": "x", "value": "y"}]).ok()
        text = {"key": "mlflow.prompt.text", "value": "Hello {{name}}"}
        user.post(f"{VERSIONS}/create", name="p", source="dummy-source", tags=[prompt, text]).ok()
        user.post(f"{MODELS}/set-tag", name="p", key="k", value="v").ok()
        user.delete(f"{MODELS}/delete-tag", name="p", key="k").ok()
        user.post(f"{VERSIONS}/set-tag", name="p", version="1", key="k", value="v").ok()
        user.delete(f"{VERSIONS}/delete-tag", name="p", version="1", key="k").ok()
        user.post(f"{MODELS}/alias", name="p", version="1", alias="best").ok()
        user.delete(f"{MODELS}/alias", name="p", alias="best").ok()
        ours = receiver.wait_for(28, "/databricks")
        theirs = receiver.wait_for(14, "/mlflow")
    assert all(each.is_signed_for_databricks(SECRET) for each in ours)
    assert not ours[0].is_signed_for_databricks("another")
    assert {each.headers["authorization"] for each in ours} == {"Bearer for-the-receiver"}
    assert all(each.headers["content-type"] == "application/json" for each in (*ours, *theirs))
    assert all(each.is_signed_for_mlflow(SECRET) for each in theirs)
    assert not theirs[0].is_signed_for_mlflow("another")
    assert not any(b"secret-bucket" in each.body for each in ours), "artifact paths are left out"

    sent = [each.json for each in ours]
    assert [each["event"] for each in sent] == [
        "REGISTERED_MODEL_CREATED", "MODEL_VERSION_CREATED", "MODEL_VERSION_TAG_SET", "COMMENT_CREATED", "ALIAS_SET",
        "ALIAS_DELETED", "TRANSITION_REQUEST_CREATED", "TRANSITION_REQUEST_TO_STAGING_CREATED",
        "TRANSITION_REQUEST_APPROVED", "MODEL_VERSION_TRANSITIONED_STAGE", "MODEL_VERSION_TRANSITIONED_TO_STAGING",
        "TRANSITION_REQUEST_CREATED", "TRANSITION_REQUEST_TO_PRODUCTION_CREATED", "TRANSITION_REQUEST_REJECTED",
        "TRANSITION_REQUEST_CREATED", "TRANSITION_REQUEST_TO_ARCHIVED_CREATED", "TRANSITION_REQUEST_CANCELLED",
        "MODEL_VERSION_TRANSITIONED_STAGE", "MODEL_VERSION_TRANSITIONED_TO_PRODUCTION", "PERMISSIONS_CHANGED",
        "REGISTERED_MODEL_RENAMED", "MODEL_VERSION_DELETED", "REGISTERED_MODEL_DELETED", "REGISTERED_MODEL_CREATED",
        "MODEL_VERSION_CREATED", "MODEL_VERSION_TAG_SET", "ALIAS_SET", "ALIAS_DELETED",
    ]  # fmt: skip
    moved = sent[17]
    assert isinstance(moved.pop("event_timestamp"), int)
    assert moved.pop("webhook_id") == sent[0]["webhook_id"]
    assert moved == {
        "event": "MODEL_VERSION_TRANSITIONED_STAGE",
        "model_name": "m",
        "version": "1",
        "to_stage": "Production",
        "from_stage": "Staging",
        "text": "Registered model 'm' version 1 transitioned from Staging to Production.",
    }
    assert sent[2]["tags"] == [{"key": "k", "value": "v"}]
    assert sent[2]["text"] == "ann set version tag(s) 'k' => 'v' for registered model 'm' version 1."
    assert sent[3]["comment"] == "Looks **good**"
    assert (sent[20]["previous_name"], sent[20]["model_name"]) == ("m", "n")

    payloads = [each.json for each in theirs]
    names = [f"{each['entity']}.{each['action']}" for each in payloads]
    assert names == [
        "registered_model.created", "model_version.created", "model_version_tag.set", "model_version_tag.deleted",
        "model_version_alias.created", "model_version_alias.deleted", "prompt.created", "prompt_version.created",
        "prompt_tag.set", "prompt_tag.deleted", "prompt_version_tag.set", "prompt_version_tag.deleted",
        "prompt_alias.created", "prompt_alias.deleted",
    ]  # fmt: skip
    assert [each["data"] for each in payloads[:4]] == [
        {"name": "m", "tags": {"a": "b"}, "description": "Lines"},
        {"name": "m", "version": "1", "source": "s3://secret-bucket/m", "run_id": "r", "tags": {}, "description": "d"},
        {"name": "m", "version": "1", "key": "k", "value": "v"},
        {"name": "m", "version": "1", "key": "k"},
    ]
    assert payloads[4]["data"] == {"name": "m", "alias": "champion", "version": "1"}
    assert payloads[6]["data"] == {"name": "p", "tags": {"x": "y"}, "description": ""}
    assert payloads[7]["data"] == {
        "name": "p", "version": "1", "template": "Hello {{name}}", "tags": {}, "description": None
    }  # fmt: skip
    assert payloads[12]["data"] == {"name": "p", "alias": "best", "version": "1"}
    assert payloads[0]["timestamp"].endswith("+00:00")


def comment(api: Api, name: str, *texts: str) -> None:
    for text in texts:
        api.post("/mlflow/comments/create", name=name, version="1", comment=text).ok()


def commented_model(api: Api, name: str) -> str:
    model(api, name)
    api.post(f"{VERSIONS}/create", name=name, source="s3://x").ok()
    return name


def test_failures_are_retried_in_order_and_dead_ones_replayed(admin: Api) -> None:
    name = commented_model(admin, "retried")
    answers: dict[str, Answer] = {
        "busy": (503, b"later", {"Retry-After": "2"}),
        "refused": (422, b"x" * 5000, {}),
    }

    def answer(request: Received) -> Answer:
        return answers.pop(request.json["comment"], OK)

    with Receiver(answer) as receiver:
        webhook = hook(admin, receiver, "/", ["COMMENT_CREATED"], model_name=name)
        comment(admin, name, "busy", "behind it", "refused", "last")
        first, again, *others = receiver.wait_for(5)
        assert [each.json["comment"] for each in (first, again, *others)] == [
            "busy",
            "busy",
            "behind it",
            "refused",
            "last",
        ]
        ids = [each.headers["x-registry-delivery-id"] for each in (first, again, *others)]
        assert ids[0] == ids[1]
        assert len(set(ids)) == 4
        assert again.at - first.at >= 2, "Retry-After is honoured"
        rows = settled(admin, webhook, "DELIVERED", "DELIVERED", "DEAD", "DELIVERED")
        assert [each["attempts"] for each in rows] == [2, 1, 1, 1]
        assert [each["id"] for each in rows] == ids[1:]
        (seen,) = admin.get(f"{HOOKS}/overview", model_name=name).ok()["webhooks"]
        assert (seen["id"], seen["pending"], seen["dead"], seen["last"]) == (webhook, 0, 1, rows[-1])
        dead = deliveries(admin, webhook, status="DEAD")
        assert dead == [rows[2]]
        assert (dead[0]["response_status"], dead[0]["response_body"]) == (422, "x" * 4096)
        assert rows[0]["latency_ms"] >= 0

        replayed = admin.post(f"{HOOKS}/replay", id=webhook, delivery_id=dead[0]["id"]).ok()
        assert replayed == {"replayed": 1}
        assert receiver.wait_for(6)[5].headers["x-registry-delivery-id"] == dead[0]["id"]
        rows = settled(admin, webhook, *["DELIVERED"] * 4)
        assert admin.post(f"{HOOKS}/replay", id=webhook, **{"from": 0, "status": "DEAD"}).ok() == {"replayed": 0}
        whole = {"from": rows[0]["creation_timestamp"], "to": rows[-1]["creation_timestamp"] + 1}
        assert admin.post(f"{HOOKS}/replay", id=webhook, **whole).ok() == {"replayed": 4}
        assert [each.headers["x-registry-delivery-id"] for each in receiver.wait_for(10)[6:]] == ids[1:]
        assert {(each["model_name"], each["version"]) for each in rows} == {(name, "1")}
        pages: list[dict[str, Any]] = []
        token = ""
        while not pages or token:
            page = admin.get(f"{HOOKS}/deliveries", id=webhook, max_results=1, page_token=token).ok()
            pages += page["deliveries"]
            token = page.get("next_page_token", "")
            content = json.loads(base64.urlsafe_b64decode(token + "==")) if token else []
            assert not any(isinstance(each, int) for each in content), "it would count what others are sent"
        assert [each["id"] for each in pages[::-1]] == ids[1:]
        admin.get(f"{HOOKS}/deliveries", id=webhook, page_token="bad").invalid()
        admin.post(f"{HOOKS}/replay", id=webhook, delivery_id="f" * 32).missing()
        admin.post(f"{HOOKS}/replay", id=webhook).invalid()


def test_a_slow_receiver_delays_nobody_else(admin: Api) -> None:
    name = commented_model(admin, "shared")
    released = threading.Event()

    def wait(request: Received) -> Answer:
        released.wait(8)
        return OK

    with Receiver(wait) as slow, Receiver() as fast:
        delayed = hook(admin, slow, "/", ["COMMENT_CREATED"], model_name=name)
        hook(admin, fast, "/", ["COMMENT_CREATED"], model_name=name)
        comment(admin, name, *map(str, range(10)))
        assert [each.json["comment"] for each in fast.wait_for(10)] == [*map(str, range(10))]
        assert len(slow.requests) == 1, "one at a time"
        released.set()
        assert [each.json["comment"] for each in slow.wait_for(10)] == [*map(str, range(10))]
        admin.delete(f"{HOOKS}/delete", id=delayed).ok()


def test_it_sends_what_its_owner_may_read(live: LiveRegistry, admin: Api) -> None:
    """At the time of sending; and nothing of one who is not active."""
    own, other = commented_model(admin, "owned"), commented_model(admin, "foreign")
    chief = live.token("chief", admin=True)
    with Api(live.url, chief) as theirs, Receiver() as receiver:
        webhook = hook(theirs, receiver, "/", ["COMMENT_CREATED"])
        comment(admin, own, "an administrator's")
        receiver.wait_for(1)
        users = admin.get("/preview/scim/v2/Users", filter='userName eq "chief"').ok()["Resources"]
        groups = admin.get("/preview/scim/v2/Groups", filter='displayName eq "admins"').ok()["Resources"]
        leave = {"op": "remove", "path": f'members[value eq "{users[0]["id"]}"]'}
        message = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}
        admin.patch(f"/preview/scim/v2/Groups/{groups[0]['id']}", **message, Operations=[leave]).ok()
        entry = {"user_name": "chief", "permission_level": "CAN_READ"}
        admin.patch(f"/permissions/registered-models/{id_of(admin, own)}", access_control_list=[entry]).ok()
        comment(admin, other, "a secret")
        comment(admin, own, "a reader's")
        assert [each.json["comment"] for each in receiver.wait_for(2)] == ["an administrator's", "a reader's"]
        rows = settled(admin, webhook, "DELIVERED", "WITHHELD", "DELIVERED")
        assert "chief" in rows[1]["error"]
        gone = {"op": "replace", "path": "active", "value": False}
        admin.patch(f"/preview/scim/v2/Users/{users[0]['id']}", **message, Operations=[gone]).ok()
        comment(admin, own, "of nobody")
        settled(admin, webhook, "DELIVERED", "WITHHELD", "DELIVERED", "WITHHELD")
        adopted = admin.patch(f"{HOOKS}/update", id=webhook, status="ACTIVE").ok()["webhook"]
        assert adopted["user_id"] == "admin"
        comment(admin, other, "adopted")
        assert receiver.wait_for(3)[2].json["comment"] == "adopted"
        assert not any(b"a secret" in each.body or b"of nobody" in each.body for each in receiver.requests)


def test_pausing_testing_and_what_was_before(admin: Api) -> None:
    name = commented_model(admin, "paused")
    with Receiver(lambda _: (202, "schön".encode() * 2000, {})) as receiver:
        comment(admin, name, "before it")
        webhook = hook(admin, receiver, "/", ["COMMENT_CREATED"], model_name=name, status="TEST_MODE")
        comment(admin, name, "in test mode")
        tested = admin.post(f"{HOOKS}/test", id=webhook).ok()
        assert tested["status_code"] == 202
        assert tested["body"].startswith("schön")
        assert receiver.wait_for(1)[0].json["comment"] == "This is a test."
        moved = admin.post(f"{HOOKS}/test", id=webhook, event="MODEL_VERSION_TRANSITIONED_TO_PRODUCTION").ok()
        assert moved["status_code"] == 202
        example = receiver.requests[1].json
        assert (example["event"], example["to_stage"], example["model_name"]) == (
            "MODEL_VERSION_TRANSITIONED_TO_PRODUCTION",
            "Production",
            name,
        )
        admin.patch(f"{HOOKS}/update", id=webhook, status="ACTIVE").ok()
        comment(admin, name, "active")
        admin.patch(f"{HOOKS}/update", id=webhook, status="DISABLED").ok()
        comment(admin, name, "disabled")
        admin.patch(f"{HOOKS}/update", id=webhook, status="ACTIVE").ok()
        comment(admin, name, "active again")
        assert [each.json["comment"] for each in receiver.wait_for(4)[2:]] == ["active", "active again"]


def test_a_job_is_run(admin: Api) -> None:
    name = commented_model(admin, "with a job")
    with Receiver() as workspace:
        spec = {"job_id": "42", "access_token": "dapi-token", "workspace_url": f"{workspace.url}/"}
        admin.post(f"{HOOKS}/create", model_name=name, events=["COMMENT_CREATED"], job_spec=spec).ok()
        comment(admin, name, "run it")
        (request,) = workspace.wait_for(1)
    assert request.path == "/api/2.1/jobs/run-now"
    assert request.headers["authorization"] == "Bearer dapi-token"
    asked = request.json
    assert asked["job_id"] == 42
    message = asked["notebook_params"]["event_message"]
    assert json.loads(message)["comment"] == "run it"
    assert asked["python_named_params"] == {"event_message": message}
    assert asked["jar_params"] == asked["python_params"] == asked["spark_submit_params"] == [message]
    assert len(asked["idempotency_token"]) == 32


def test_certificates_are_checked_unless_told_otherwise(admin: Api) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with Receiver(context=context) as receiver:
        webhook = hook(admin, receiver, "/", ["COMMENT_CREATED"], status="TEST_MODE")
        refused = admin.post(f"{HOOKS}/test", id=webhook).ok()
        assert refused["body"].startswith("bad certificate: ")
        assert "status_code" not in refused
        assert receiver.requests == []
        unchecked = {"url": receiver.url, "enable_ssl_verification": False}
        admin.patch(f"{HOOKS}/update", id=webhook, http_url_spec=unchecked).ok()
        tested = admin.post(f"{HOOKS}/test", id=webhook).ok()
        assert (tested["status_code"], tested["body"]) == (200, "OK")
        assert 0 <= tested["latency_ms"] < 10_000
