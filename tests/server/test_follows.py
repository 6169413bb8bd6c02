"""Following models and requests: who is notified of what, when, and that it is no more than they may read by then."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.live_registry import LiveRegistry
from tests.server.api import Api
from tests.server.database_state import changing
from tests.server.mail_registry import serving_with_mail
from tests.server.mailbox import Mail, Mailbox
from tests.server.receiver import Receiver
from tui_registry_server.rules.digests import DAY, HOUR, due
from tui_registry_server.store.webhook_tables import webhook_deliveries

FOLLOWS = "/mlflow/follows"
VERSIONS, REQUESTS = "/mlflow/model-versions", "/mlflow/transition-requests"
SCIM_PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


class Followers:
    """A registry with a mail server; ``ann`` owns the models, ``bob`` reads them."""

    def __init__(self, live: LiveRegistry, mailbox: Mailbox) -> None:
        self.live, self.mailbox = live, mailbox
        self.admin, self.ann, self.bob = (
            Api(live.url, live.token(name)) for name in ("admin", "ann@example.com", "bob@example.com")
        )

    def model(self, name: str, level: str = "CAN_READ") -> str:
        self.ann.post("/mlflow/registered-models/create", name=name).ok()
        self.grant(name, level)
        self.ann.post(f"{VERSIONS}/create", name=name, source="s3://secret-bucket/x").ok()
        return name

    def grant(self, model: str, *levels: str) -> None:
        """Bob's level on a model; none without any."""
        found = self.ann.get("/mlflow/databricks/registered-models/get", name=model).ok()
        path = f"/permissions/registered-models/{found['registered_model_databricks']['id']}"
        owner = {"user_name": "ann@example.com", "permission_level": "CAN_MANAGE"}
        entries = [owner, *({"user_name": "bob@example.com", "permission_level": level} for level in levels)]
        self.ann.send("PUT", path, _json(access_control_list=entries)).ok()

    def request(self, model: str, stage: str, comment: str = "") -> None:
        self.ann.post(f"{REQUESTS}/create", name=model, version="1", stage=stage, comment=comment).ok()

    def comment(self, model: str, *texts: str) -> None:
        for text in texts:
            self.ann.post("/mlflow/comments/create", name=model, version="1", comment=text).ok()

    def queued(self, follow: str, count: int) -> list[str]:
        """The states of a follow's deliveries, once there are so many."""
        deadline = time.monotonic() + 30
        while True:
            with changing(self.live.database) as connection:
                query = select(webhook_deliveries.c.status).where(webhook_deliveries.c.webhook_id == follow)
                found = list(connection.execute(query.order_by(webhook_deliveries.c.number)).scalars())
            if len(found) >= count:
                return found
            assert time.monotonic() < deadline, found
            time.sleep(0.05)

    def end_of_digest(self, follow: str) -> None:
        """Let the time come at which a digest is sent."""
        with changing(self.live.database) as connection:
            mine = webhook_deliveries.c.webhook_id == follow
            connection.execute(update(webhook_deliveries).where(mine).values(due_timestamp=1))

    def settled(self, follow: str, *statuses: str) -> None:
        deadline = time.monotonic() + 30
        while self.queued(follow, 0) != [*statuses]:
            assert time.monotonic() < deadline, self.queued(follow, 0)
            time.sleep(0.05)

    def mails(self, count: int) -> list[Mail]:
        return self.mailbox.wait_for(count)


def _json(**fields: Any) -> bytes:
    import json

    return json.dumps(fields).encode()


@pytest.fixture(scope="module")
def followers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Followers]:
    with serving_with_mail(tmp_path_factory.mktemp("followed")) as (live, mailbox):
        followers = Followers(live, mailbox)
        with followers.admin, followers.ann, followers.bob:
            yield followers


@pytest.fixture(autouse=True)
def empty_mailbox(followers: Followers) -> None:
    followers.mailbox.mails.clear()


def follow(api: Api, **fields: Any) -> str:
    made: str = api.post(f"{FOLLOWS}/set", **fields).ok()["follow"]["id"]
    return made


def unfollow(api: Api, *ids: str) -> None:
    for each in ids:
        api.delete(f"{FOLLOWS}/delete", id=each).ok()


def test_a_model_is_followed_at_once(followers: Followers) -> None:
    """To one's own address; each change once, one's own not at all, and nothing of other models."""
    model, other = followers.model("churn"), followers.model("other")
    bobs, anns = follow(followers.bob, model_name=model), follow(followers.ann, model_name=model)
    followers.comment(other, "elsewhere")
    followers.request(model, "Staging", "AUC 0.91")
    followers.admin.post(
        f"{REQUESTS}/approve", name=model, version="1", stage="Staging", archive_existing_versions=True
    ).ok()
    mails = followers.mails(3)
    followers.settled(bobs, "DELIVERED", "DELIVERED")
    followers.settled(anns, "DELIVERED")
    received = sorted((each.recipient, each.message["Subject"]) for each in mails)
    assert received == [
        ("ann@example.com", "admin approved the request to transition registered model 'churn' version 1 to Staging."),
        ("bob@example.com", "admin approved the request to transition registered model 'churn' version 1 to Staging."),
        ("bob@example.com", "ann@example.com requested to transition registered model 'churn' version 1 to Staging."),
    ]
    first = next(each for each in mails if "requested" in each.message["Subject"])
    assert "“AUC 0.91”" in first.text
    assert "To stop: tui-registry unfollow churn" in first.text
    assert "secret-bucket" not in first.text
    unfollow(followers.bob, bobs)
    unfollow(followers.ann, anns)
    followers.comment(model, "to nobody")
    assert followers.bob.get(f"{FOLLOWS}/list").ok() == {}


def test_a_digest_is_one_message_of_what_is_readable_by_then(followers: Followers) -> None:
    """In Slack: in order, of what happened since the last; what may not be read any more is not in it, and nothing is
    sent where nothing happened."""
    model, hidden = followers.model("digested"), followers.model("hidden")
    with Receiver() as receiver:
        ids = [
            follow(followers.bob, model_name=each, digest="DAILY", slack_url=receiver.url) for each in (model, hidden)
        ]
        followers.comment(model, "one", "two")
        followers.comment(hidden, "a secret")
        followers.queued(ids[0], 2)
        followers.queued(ids[1], 1)
        with changing(followers.live.database) as connection:
            times = connection.execute(
                select(webhook_deliveries.c.due_timestamp).where(webhook_deliveries.c.webhook_id == ids[0])
            ).scalars()
            assert {each % DAY for each in times} == {6 * HOUR}
        assert receiver.requests == []
        followers.grant(hidden)
        for each in ids:
            followers.end_of_digest(each)
        (said,) = receiver.wait_for(1)
        assert said.json["text"] == "2 changes in the model registry"
        text = said.json["blocks"][0]["text"]["text"]
        assert text.index("“one”") < text.index("“two”")
        followers.settled(ids[0], "DELIVERED", "DELIVERED")
        followers.settled(ids[1], "WITHHELD")
        followers.comment(model, "three")
        followers.queued(ids[0], 3)
        followers.end_of_digest(ids[0])
        assert "three" in receiver.wait_for(2)[1].json["blocks"][0]["text"]["text"]
        assert not any(b"secret" in each.body for each in receiver.requests)
        assert follow(followers.bob, model_name=model, digest="NOW", slack_url=receiver.url) == ids[0], "replaced"
        followers.comment(model, "four")
        receiver.wait_for(3)
        unfollow(followers.bob, *ids)


def test_a_failed_digest_comes_again_as_a_whole(followers: Followers) -> None:
    model = followers.model("retried")
    mine = follow(followers.bob, model_name=model, digest="HOURLY")
    followers.comment(model, "one", "two", "three")
    followers.queued(mine, 3)
    followers.mailbox.answers.append("451 later")
    followers.end_of_digest(mine)
    first, again = followers.mails(2)
    assert first.message["Subject"] == again.message["Subject"] == "3 changes in the model registry"
    assert first.message["Message-ID"] == again.message["Message-ID"]
    followers.settled(mine, *["DELIVERED"] * 3)
    unfollow(followers.bob, mine)


def test_requests_are_followed_by_those_who_may_decide_them(followers: Followers) -> None:
    """As long as they are open; and a deactivated person is not notified."""
    mine, theirs = followers.model("staged", "CAN_MANAGE_STAGING_VERSIONS"), followers.model("not bob's")
    followed = follow(followers.bob, digest="HOURLY")
    followers.request(theirs, "Staging")
    followers.request(mine, "Production")
    followers.request(mine, "Staging", "please")
    followers.request(mine, "Archived")
    followers.ann.delete(f"{REQUESTS}/delete", name=mine, version="1", stage="Archived", creator="ann@example.com").ok()
    followers.queued(followed, 4)
    followers.end_of_digest(followed)
    (mail,) = followers.mails(1)
    followers.settled(followed, "WITHHELD", "WITHHELD", "DELIVERED", "WITHHELD")
    expected = "ann@example.com requested to transition registered model 'staged' version 1 to Staging."
    assert mail.message["Subject"] == expected
    assert "tui-registry unfollow --requests" in mail.text

    users = followers.admin.get("/preview/scim/v2/Users", filter='userName eq "bob@example.com"').ok()["Resources"]
    for is_active in (False, True):
        active = {"op": "replace", "path": "active", "value": is_active}
        followers.admin.patch(
            f"/preview/scim/v2/Users/{users[0]['id']}", schemas=[SCIM_PATCH], Operations=[active]
        ).ok()
        followers.ann.delete(
            f"{REQUESTS}/delete", name=mine, version="1", stage="Staging", creator="ann@example.com"
        ).ok()
        followers.request(mine, "Staging", "again")
        follower = follow(followers.admin, slack_url="https://127.0.0.1:9/")  # hears of it after bob would be
        followers.queued(followed, 5 if is_active else 4)
        unfollow(followers.admin, follower)
    followers.end_of_digest(followed)
    assert "again" in followers.mails(2)[1].text
    unfollow(followers.bob, followed)


def test_what_is_refused(followers: Followers) -> None:
    """What others follow is nobody's business, an administrator's neither."""
    model = followers.model("private")
    mine = follow(followers.bob, model_name=model, digest="DAILY", email="somebody@example.org")
    (listed,) = followers.bob.get(f"{FOLLOWS}/list").ok()["follows"]
    assert (listed["id"], listed["email"], listed["digest"]) == (mine, "somebody@example.org", "DAILY")
    for path in ("deliveries", "test", "update", "delete", "replay"):
        method = {"deliveries": "GET", "update": "PATCH", "delete": "DELETE"}.get(path, "POST")
        followers.admin.call(method, f"/mlflow/registry-webhooks/{path}", {"id": mine}).missing()
    assert mine not in str(followers.admin.get("/mlflow/registry-webhooks/overview").ok())
    assert "follows" not in followers.admin.get(f"{FOLLOWS}/list").ok()
    followers.admin.delete(f"{FOLLOWS}/delete", id=mine).missing()
    assert "your own address" in followers.bob.post(f"{FOLLOWS}/set", model_name=model, email="x@example.com").denied()
    assert "no e-mail address" in followers.admin.post(f"{FOLLOWS}/set", model_name=model).invalid()
    followers.bob.post(f"{FOLLOWS}/set", email="a@example.org", slack_url="https://hooks.slack.com/x").invalid()
    followers.bob.post(f"{FOLLOWS}/set", slack_url="https://10.0.0.1/").invalid()
    unfollow(followers.bob, mine)


def test_when_a_digest_is_due() -> None:
    six = 6 * HOUR
    assert due(None, 5) == due("NOW", 5) == 5
    assert due("HOURLY", 0) == HOUR
    assert due("HOURLY", HOUR - 1) == HOUR
    assert due("DAILY", 0) == six
    assert due("DAILY", six - 1) == six
    assert due("DAILY", six) == six + DAY
    assert due("DAILY", 10 * DAY + 7 * HOUR) == 11 * DAY + six
