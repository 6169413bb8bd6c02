"""Webhooks that somebody sets up to harm others: by what they make the server read, keep, resolve and send."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.benchmarks.probe import private_memory
from tests.live_registry import LiveRegistry, Server, serving
from tests.server.api import Api
from tests.server.receiver import OK, Answer, Received, Receiver
from tests.server.webhook_deliveries import HOOKS, settled
from tui_registry_server.operations.webhook_changes import MAX_OF_MODEL, MAX_OF_OWNER
from tui_registry_server.store.engine import database_url, make_engine
from tui_registry_server.store.webhook_deliveries import REPLAYED_AT_ONCE

MODELS, VERSIONS = "/mlflow/registered-models", "/mlflow/model-versions"
MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    with serving(tmp_path_factory.mktemp("loaded"), "--webhook-allow", "127.0.0.0/8") as registry:
        yield registry


def hook(api: Api, url: str, events: list[str], **fields: str) -> str:
    made: str = api.post(f"{HOOKS}/create", events=events, http_url_spec={"url": url}, **fields).ok()["webhook"]["id"]
    return made


def test_versions_of_megabytes_and_many_slow_receivers(live: LiveRegistry) -> None:
    """What a payload does not have is not read; one owner's slow receivers leave room for others'."""
    released = threading.Event()

    def wait(request: Received) -> Answer:
        released.wait(60)
        return OK

    with (
        Api(live.url, live.token("mal")) as mal,
        Api(live.url, live.admin_token) as admin,
        Receiver(wait) as slow,
        Receiver() as fast,
    ):
        mal.post(f"{MODELS}/create", name="large").ok()
        for number in range(MAX_OF_MODEL):
            hook(mal, f"{slow.url}/{number}", ["MODEL_VERSION_CREATED"], model_name="large")
        too_many = mal.post(
            f"{HOOKS}/create",
            model_name="large",
            events=["COMMENT_CREATED"],
            http_url_spec={"url": "https://hooks.example.com/"},
        )
        assert "the limit" in too_many.refused(400, "INVALID_STATE")
        tags = [{"key": str(number), "value": "x" * 98_000} for number in range(40)]
        before = private_memory(live.pid)
        longest = 0.0
        for _ in range(6):
            mal.post(f"{VERSIONS}/create", name="large", source="s3://x", tags=tags).ok()
        slow.wait_for(25)
        hook(admin, fast.url, ["REGISTERED_MODEL_CREATED"])
        for number in range(10):
            started = time.monotonic()
            admin.post(f"{MODELS}/create", name=f"small {number}").ok()
            longest = max(longest, time.monotonic() - started)
        fast.wait_for(10)
        assert longest < 5
        assert len(slow.requests) == 25, "webhook_sends_per_principal"
        assert private_memory(live.pid) - before < 150 * MEGABYTE
        released.set()


def test_how_many_one_may_set_up_and_test(live: LiveRegistry) -> None:
    """A model's, an owner's; five tests at once, which hold nothing that others wait for."""
    released = threading.Event()

    def wait(request: Received) -> Answer:
        released.wait(60)
        return OK

    with Api(live.url, live.token("ann")) as ann, Receiver(wait) as receiver:
        ann.post(f"{MODELS}/create", name="tested").ok()
        webhook = hook(ann, receiver.url, ["COMMENT_CREATED"], model_name="tested", status="TEST_MODE")

        def test(padding: int) -> int:
            with Api(live.url, live.token("ann")) as api:
                content = b'{"id": "%s"%s}' % (webhook.encode(), b" " * padding)
                return api.send("POST", f"{HOOKS}/test", content).status

        with ThreadPoolExecutor(8) as threads:
            running = [threads.submit(test, 100_000) for _ in range(5)]
            receiver.wait_for(5)
            assert [test(0) for _ in range(3)] == [429] * 3
            large = [{"key": "k", "value": "x" * 90_000}]
            ann.post(f"{MODELS}/create", name="also large", tags=large).ok()
            released.set()
            assert [each.result() for each in running] == [200] * 5
        assert test(0) == 200
        assert len(receiver.requests) == 6
        for number in range(1, MAX_OF_OWNER):
            if number % MAX_OF_MODEL == 1:
                ann.post(f"{MODELS}/create", name=f"hooked {number}").ok()
                name = f"hooked {number}"
            hook(ann, "https://hooks.example.com/", ["COMMENT_CREATED"], model_name=name, status="DISABLED")
        spec = {"url": "https://hooks.example.com/"}
        fields = {"model_name": "tested", "events": ["COMMENT_CREATED"], "http_url_spec": spec}
        assert "the limit" in ann.post(f"{HOOKS}/create", **fields).refused(400, "INVALID_STATE")


def test_who_waits_long_for_a_turn_keeps_the_webhook(tmp_path: Path) -> None:
    """Servers that may send one request a second: no other one takes over what has to wait for longer than a receiver
    has time to answer."""
    limits = [
        *("--webhook-allow", "127.0.0.1", "--limit", "webhook_seconds=1", "--limit", "webhook_sends_per_second=1"),
        *("--limit", "webhook_sends=6"),
    ]
    (tmp_path / "second").mkdir()
    with (
        serving(tmp_path, *limits) as first,
        Server(tmp_path / "second", first.database, *limits) as second,
        Api(first.url, first.admin_token) as admin,
        Receiver() as receiver,
    ):
        second.start()
        for number in range(6):
            hook(admin, f"{receiver.url}/{number}", ["REGISTERED_MODEL_CREATED"])
        admin.post(f"{MODELS}/create", name="awaited").ok()
        receiver.wait_for(6)
        time.sleep(3)  # in which a server that had taken one over would send it again
        assert sorted(request.path for request in receiver.requests) == [f"/{number}" for number in range(6)]


def test_rows_that_nobody_can_read(live: LiveRegistry) -> None:
    """A delivery of which nothing can be made is given up, and those behind it are sent; too many are not queued again
    at once, as others wait for that."""
    with Api(live.url, live.admin_token) as admin, Receiver() as receiver:
        admin.post(f"{MODELS}/create", name="spoilt").ok()
        webhook = hook(admin, receiver.url, ["REGISTERED_MODEL_RENAMED"], model_name="spoilt", status="ACTIVE")
        admin.post(f"{MODELS}/rename", name="spoilt", new_name="first").ok()
        settled(admin, webhook, "DELIVERED")
        spoil = "sequence = sequence + 1000000, status = 'PENDING', attempts = 0"
        execute(live, f"UPDATE webhook_deliveries SET {spoil} WHERE webhook_id = '{webhook}'")
        admin.post(f"{MODELS}/rename", name="first", new_name="second").ok()
        assert receiver.wait_for(2)[1].json["model_name"] == "second"
        settled(admin, webhook, "DELIVERED")  # what it is about is not there, so that it is in no list
        found = execute(live, f"SELECT status, error FROM webhook_deliveries WHERE webhook_id = '{webhook}'")
        assert ("DEAD", "The server could not make the request. Its log has the reason.") in found
        copied = (
            "INSERT INTO webhook_deliveries (id, webhook_id, sequence, event, status, attempts, creation_timestamp, "
            "queued_timestamp, due_timestamp) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE "
            f"i < {REPLAYED_AT_ONCE}) SELECT 'copy' || i, '{webhook}', 1, 'COMMENT_CREATED', 'DELIVERED', 1, 1, 1, 1 "
            "FROM n"
        )
        execute(live, copied)
        assert "shorter time" in admin.post(f"{HOOKS}/replay", id=webhook, **{"from": 0}).invalid()
        admin.delete(f"{HOOKS}/delete", id=webhook).ok()


def execute(live: LiveRegistry, sql: str) -> list[tuple[str, ...]]:
    engine = make_engine(database_url(live.database), write=True)
    with engine.begin() as connection:
        result = connection.exec_driver_sql(sql)
        rows = [tuple(row) for row in result] if result.returns_rows else []
    engine.dispose()
    return rows
