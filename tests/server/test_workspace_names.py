"""Every notification of something in a workspace names it; of the default one nothing is said."""

from collections.abc import Iterator

import pytest

from tests.live_registry import LiveRegistry
from tests.server.api import Api
from tests.server.mail_registry import serving_with_mail
from tests.server.mailbox import Mailbox
from tests.server.permission_case import MODELS, VERSIONS
from tests.server.receiver import Receiver
from tests.server.workspace_callers import ROOT, WORKSPACES

TEAM = "team-a"
HOOKS = "/mlflow/registry-webhooks"
FOLLOWER = "bob@example.com"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveRegistry, Mailbox]]:
    with serving_with_mail(tmp_path_factory.mktemp("names")) as served:
        with Api(served[0].url, served[0].admin_token) as admin:
            admin.post(WORKSPACES, name=TEAM).ok()
        yield served


@pytest.fixture(params=[None, TEAM], ids=["the default one", "another one"])
def api(request: pytest.FixtureRequest, served: tuple[LiveRegistry, Mailbox]) -> Iterator[Api]:
    live, mailbox = served
    mailbox.mails.clear()
    with Api(live.url, live.admin_token, request.param) as api:
        api.post(f"{MODELS}/create", name="m").ok()
        api.post(f"{VERSIONS}/create", name="m", source="s3://x").ok()
        yield api
        api.delete(f"{MODELS}/delete", name="m").ok()


def test_webhooks(api: Api) -> None:
    of_version = {"events": ["MODEL_VERSION_CREATED"], "model_name": "m"}
    with Receiver() as receiver:
        made = api.post(f"{HOOKS}/create", http_url_spec={"url": f"{receiver.url}/databricks"}, **of_version).ok()
        slack = {"url": f"{receiver.url}/slack"}
        api.post(f"{HOOKS}/create", http_url_spec=slack, format="SLACK", **of_version).ok()
        events = [{"entity": "MODEL_VERSION", "action": "CREATED"}]
        hook = {"name": "mine", "url": f"{receiver.url}/mlflow", "events": events}
        mlflow = api.post("/mlflow/webhooks", **hook).ok()["webhook"]["webhook_id"]
        api.post(f"{VERSIONS}/create", name="m", source="s3://y").ok()
        (databricks,) = receiver.wait_for(1, "/databricks")
        (of_mlflow,) = receiver.wait_for(1, "/mlflow")
        (said,) = receiver.wait_for(1, "/slack")
        api.post(f"{HOOKS}/test", id=made["webhook"]["id"]).ok()
        tested = receiver.wait_for(2, "/databricks")[1]
        api.delete(f"/mlflow/webhooks/{mlflow}").ok()
    for each in (databricks, of_mlflow, tested):
        assert each.json.get("workspace") == api.workspace
        assert ("workspace" in each.json) == (api.workspace is not None)
    where = "" if api.workspace is None else f"[{api.workspace}] "
    assert said.json["text"] == f"{where}admin created registered model 'm' version 2."


def test_mail_to_followers(api: Api, served: tuple[LiveRegistry, Mailbox]) -> None:
    live, mailbox = served
    with Api(live.url, live.token(FOLLOWER), api.workspace) as bob:
        entry = {"user_name": FOLLOWER, "permission_level": "CAN_READ"}
        api.patch(ROOT, access_control_list=[entry]).ok()
        follow = bob.post("/mlflow/follows/set", model_name="m").ok()["follow"]["id"]
        api.post("/mlflow/comments/create", name="m", version="1", comment="Good").ok()
        (mail,) = mailbox.wait_for(1)
        bob.delete("/mlflow/follows/delete", id=follow).ok()
    where = "" if api.workspace is None else f"[{api.workspace}] "
    assert mail.message["Subject"] == f"{where}admin commented on registered model 'm' version 1."
    of, option = ("", "") if api.workspace is None else (f"workspace {TEAM} of ", f"--workspace {TEAM} ")
    end = f"You follow m in {of}the model registry. To stop: tui-registry {option}unfollow m"
    assert mail.text.strip().endswith(end)
