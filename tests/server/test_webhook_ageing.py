"""What time does to webhooks: deliveries that are given up, or removed, and keys that are changed."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select, update

from tests.live_registry import LiveRegistry, Server, serving
from tests.server.api import Api
from tests.server.database_state import changing
from tests.server.receiver import OK, Answer, Received, Receiver
from tests.server.webhook_deliveries import HOOKS, settled
from tests.waiting import until
from tui_registry_server.delivery.retries import LEAST_ATTEMPTS
from tui_registry_server.store.webhook_tables import webhook_deliveries

ALLOWED = ("--webhook-allow", "127.0.0.0/8")
HOUR = 60 * 60 * 1000  # milliseconds
DAY = 24 * HOUR
SECRET = "the key of the signature"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    folder = tmp_path_factory.mktemp("ageing")
    with serving(folder, *ALLOWED, "--webhook-key-file", str(key_file(folder / "first.key", OLD))) as registry:
        with Api(registry.url, registry.admin_token) as admin:
            admin.post("/mlflow/registered-models/create", name="m").ok()
            admin.post("/mlflow/model-versions/create", name="m", source="s3://x").ok()
        yield registry


@pytest.fixture(scope="module")
def admin(live: LiveRegistry) -> Iterator[Api]:
    with Api(live.url, live.admin_token) as api:
        yield api


OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def key_file(file: Path, *keys: str) -> Path:
    file.touch(mode=0o600)
    file.write_text("\n".join(keys))
    return file


def hook(api: Api, receiver: Receiver, **spec: str) -> str:
    fields = {"events": ["COMMENT_CREATED"], "http_url_spec": {"url": receiver.url, **spec}}
    made: str = api.post(f"{HOOKS}/create", **fields).ok()["webhook"]["id"]
    return made


def comment(api: Api, *texts: str) -> None:
    for text in texts:
        api.post("/mlflow/comments/create", name="m", version="1", comment=text).ok()


def set_times(live: LiveRegistry, delivery_id: str, **times: int) -> None:
    with changing(live.database) as connection:
        connection.execute(update(webhook_deliveries).where(webhook_deliveries.c.id == delivery_id).values(times))


def now() -> int:
    return time.time_ns() // 1_000_000


def test_a_delivery_is_given_up_after_a_day(live: LiveRegistry, admin: Api) -> None:
    """And holds up those behind it until then, but no longer."""

    def answer(request: Received) -> Answer:
        return (503, b"away", {}) if request.json["comment"] == "first" else OK

    with Receiver(answer) as receiver:
        webhook = hook(admin, receiver)
        comment(admin, "first", "second")
        receiver.wait_for(1)
        waiting, behind = settled(admin, webhook, "PENDING", "PENDING")
        set_times(live, waiting["id"], queued_timestamp=now() - DAY + HOUR, due_timestamp=now())
        receiver.wait_for(2)
        settled(admin, webhook, "PENDING", "PENDING")
        set_times(live, waiting["id"], queued_timestamp=now() - DAY, due_timestamp=now())
        receiver.wait_for(3)
        # One that is tried again after a long outage has its attempts.
        until(lambda: settled(admin, webhook, "PENDING", "PENDING")[0]["attempts"] >= 3, "the third attempt")
        set_times(live, waiting["id"], attempts=LEAST_ATTEMPTS - 1, due_timestamp=now())
        dead, sent = settled(admin, webhook, "DEAD", "DELIVERED")
        assert (dead["id"], dead["response_status"], dead["response_body"]) == (waiting["id"], 503, "away")
        assert dead["attempts"] >= LEAST_ATTEMPTS
        assert (sent["id"], sent["attempts"]) == (behind["id"], 1)
        admin.delete(f"{HOOKS}/delete", id=webhook).ok()


def test_deliveries_are_removed_after_30_days(live: LiveRegistry, admin: Api, tmp_path: Path) -> None:
    """By whichever server cleans up next: each does when it starts, and every hour."""
    with Receiver() as receiver:
        webhook = hook(admin, receiver)
        comment(admin, *"abc")
        oldest, old, kept = settled(admin, webhook, *["DELIVERED"] * 3)
        set_times(live, oldest["id"], creation_timestamp=now() - 400 * DAY)
        set_times(live, old["id"], creation_timestamp=now() - 30 * DAY - HOUR)
        set_times(live, kept["id"], creation_timestamp=now() - 30 * DAY + HOUR)
        with Server(tmp_path, live.database, *ALLOWED) as other:
            other.start()
            assert [each["id"] for each in settled(admin, webhook, "DELIVERED")] == [kept["id"]]
        with changing(live.database) as connection:
            left = connection.execute(select(webhook_deliveries.c.id)).scalars().all()
        assert oldest["id"] not in left
        assert old["id"] not in left
        admin.delete(f"{HOOKS}/delete", id=webhook).ok()


def test_the_key_of_secrets_is_changed(live: LiveRegistry, admin: Api, tmp_path: Path) -> None:
    """The new one above the old one: what the old one encrypted is still signed; what is set since needs only the
    new one. Without the key nothing is sent, unsigned or not, and the error says how to set it."""
    with Receiver() as receiver:
        before, since = hook(admin, receiver, secret=SECRET), hook(admin, receiver, secret="replaced")

        def serve(*keys: str) -> Server:
            folder = tmp_path / str(len(list(tmp_path.iterdir())))
            folder.mkdir()
            return Server(
                folder, live.database, *ALLOWED, "--webhook-key-file", str(key_file(folder / "webhook.key", *keys))
            )

        with serve(NEW, OLD) as server, Api(server.start(), live.admin_token) as both:
            assert both.post(f"{HOOKS}/test", id=before).ok()["status_code"] == 200
            assert receiver.requests[-1].is_signed_for_databricks(SECRET)
            spec = {"url": receiver.url, "secret": SECRET}
            both.patch(f"{HOOKS}/update", id=since, http_url_spec=spec).ok()
        with serve(NEW) as server, Api(server.start(), live.admin_token) as changed:
            assert changed.post(f"{HOOKS}/test", id=since).ok()["status_code"] == 200
            assert receiver.requests[-1].is_signed_for_databricks(SECRET)
            arrived = len(receiver.requests)
            refused = changed.post(f"{HOOKS}/test", id=before)
            assert "--webhook-key-file" in refused.refused(400, "INVALID_STATE")
            assert len(receiver.requests) == arrived
        assert "--webhook-key-file" in admin.post(f"{HOOKS}/test", id=since).refused(400, "INVALID_STATE")
