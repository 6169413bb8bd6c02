"""A clock that is set back: durations are not affected, and no change is older than the one before it."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.live_registry import LiveRegistry, Server, command, fresh_database, serving
from tests.server.api import Api
from tests.server.receiver import OK, Answer, Received, Receiver

HOUR = 3600
SET_BACK = """
import os, time

def _shifted(read, unit):
    return lambda: read() + int(open(os.environ["TEST_CLOCK"]).read()) * unit

time.time, time.time_ns = _shifted(time.time, 1), _shifted(time.time_ns, 1_000_000_000)
"""
"""Run by Python at its start: shifts the system's clock by the seconds in a file."""


class Clock:
    """The server's clock, which can be set."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.set(0)

    def set(self, seconds: int) -> None:
        """Shift the clock by seconds."""
        self._file.write_text(str(seconds))


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clock:
    (tmp_path / "sitecustomize.py").write_text(SET_BACK)
    monkeypatch.setenv("TEST_CLOCK", str(tmp_path / "clock"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    return Clock(tmp_path / "clock")


@pytest.fixture
def registry(clock: Clock, tmp_path: Path) -> Iterator[LiveRegistry]:
    limits = ("--limit", "failed_attempts=3", "--limit", "failed_attempts_per_minute=600")
    with serving(tmp_path, *limits) as live:
        yield live


def test_nothing_is_older_than_what_came_before(clock: Clock, admin: Api) -> None:
    admin.post("/mlflow/registered-models/create", name="iris").ok()
    version = {"name": "iris", "version": "1"}
    admin.post("/mlflow/model-versions/create", name="iris", source="s3://iris").ok()
    admin.post("/mlflow/transition-requests/create", **version, stage="Staging", comment="please").ok()
    clock.set(-HOUR)
    approve = {"stage": "Staging", "archive_existing_versions": False}
    admin.post("/mlflow/transition-requests/approve", **version, **approve).ok()
    admin.post("/mlflow/comments/create", **version, comment="done").ok()
    feed = admin.get("/mlflow/activities/list", name="iris").ok()["activities"]
    kinds = ["NEW_COMMENT", "APPROVED_REQUEST", "REQUESTED_TRANSITION", "CREATED_VERSION", "CREATED_MODEL"]
    assert [each["activity_type"] for each in feed] == kinds
    times = [each["creation_timestamp"] for each in feed]
    assert times == sorted(times, reverse=True)
    got = admin.get("/mlflow/model-versions/get", **version).ok()["model_version"]
    assert got["last_updated_timestamp"] == times[1]
    (comment,) = admin.get("/mlflow/comments/list", **version).ok()["comments"]
    assert comment["creation_timestamp"] == times[0]
    clock.set(0)
    time.sleep(0.01)
    admin.post("/mlflow/registered-models/create", name="later").ok()
    assert admin.get("/mlflow/activities/list", name="later").ok()["activities"][0]["creation_timestamp"] > times[0]


def test_servers_whose_clocks_differ_do_not_send_the_same(
    clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A webhook is one server's until its lease ends, by the clock of the database that they share."""

    has_seen_both = threading.Event()

    def answer(_: Received) -> Answer:
        has_seen_both.wait(0.3)
        return OK

    with ExitStack() as stack:
        database = stack.enter_context(fresh_database(tmp_path))
        command(database, "users", "create", "admin", "--admin")
        token = command(database, "tokens", "create", "admin").strip()

        def started(name: str, shift: int) -> Api:
            Clock(tmp_path / name).set(shift)
            monkeypatch.setenv("TEST_CLOCK", str(tmp_path / name))
            (tmp_path / f"of-{name}").mkdir()
            server = Server(tmp_path / f"of-{name}", database, "--webhook-allow", "127.0.0.0/8")
            return stack.enter_context(Api(stack.enter_context(server).start(), token))

        receiver = stack.enter_context(Receiver(answer))
        first = started("right", 0)
        hook = {"events": ["REGISTERED_MODEL_CREATED"], "http_url_spec": {"url": receiver.url}}
        first.post("/mlflow/registry-webhooks/create", **hook).ok()
        names = [f"model-{number}" for number in range(60)]
        for name in names:
            first.post("/mlflow/registered-models/create", name=name).ok()
        receiver.wait_for(1)
        started("ahead", HOUR // 6)
        time.sleep(1.5)  # some deliveries
        assert len(receiver.requests) < len(names), "the second server came too late"
        has_seen_both.set()
        sent = [each.json["model_name"] for each in receiver.wait_for(len(names))]
        assert sent == names


def test_who_had_to_wait_waits_no_longer(clock: Clock, registry: LiveRegistry, admin: Api) -> None:
    fresh = admin.post("/token/create").ok()["token_value"]
    with Api(registry.url, "tr_guess") as guessing:
        assert 429 in [guessing.get("/token/list").status for _ in range(60)]
    clock.set(-HOUR)
    time.sleep(1)
    with Api(registry.url, fresh) as api:
        api.get("/token/list").ok()
    with Api(registry.url, "tr_guess") as guessing:  # nor shorter
        clock.set(HOUR)
        assert 429 in [guessing.get("/token/list").status for _ in range(60)]


def test_the_use_of_a_token_is_noted(clock: Clock, registry: LiveRegistry, admin: Api) -> None:
    """Though its last use is in the future now; its expiry is checked by the current clock."""
    made = admin.post("/token/create", lifetime_seconds=2 * HOUR).ok()
    token_id = made["token_info"]["token_id"]

    def noted(after: int) -> int:
        deadline = time.monotonic() + 30
        while True:
            used: int = admin.get(f"/token-management/tokens/{token_id}").ok()["token_info"].get("last_used_time", 0)
            if used != after or time.monotonic() > deadline:
                return used
            time.sleep(0.05)

    with Api(registry.url, made["token_value"]) as api:
        api.get("/token/list").ok()
        first = noted(0)
        assert first > 0
        clock.set(-HOUR)
        child = api.post("/token/create", lifetime_seconds=60).ok()["token_info"]  # and all caches are invalid
        assert child["expiry_time"] < first - (HOUR - 120) * 1000
        assert child["creation_time"] >= made["token_info"]["creation_time"]
        api.get("/token/list").ok()
        assert 0 < noted(first) < first


def test_a_token_that_a_console_made_stays_until_it_expires(clock: Clock, registry: LiveRegistry, admin: Api) -> None:
    """By the clock, though the last record is later."""
    clock.set(48 * HOUR)
    admin.post("/mlflow/registered-models/create", name="later").ok()
    clock.set(0)
    make = ("tokens", "create", "admin", "--found", "--comment", "console", "--days", "1")
    first, _ = (command(registry.database, *make).strip() for _ in range(2))
    with Api(registry.url, first) as api:
        api.get("/token/list").ok()
