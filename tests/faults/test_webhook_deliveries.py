"""Two servers on one database are killed at random while they notify webhooks of changes: each change is delivered at
least once, in order for each webhook, and nothing else is. A longer form, with ten thousand deliveries:

TUI_REGISTRY_TEST_ROUNDS=5000 python -m pytest -n0 -s tests/faults/test_webhook_deliveries.py
"""

import http.client
import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import pytest

from tests.faults.rounds import ROUNDS
from tests.live_registry import Server, command, fresh_database
from tests.postgresql import bundled_server
from tests.server.api import Api
from tests.server.receiver import OK, Answer, Received, Receiver
from tests.variants import variant
from tui_registry_server.store.engine import database_url, make_engine

CHANGES = ROUNDS
WEBHOOKS = ("/first", "/second")
KILLS = max(3, CHANGES // 250)
OPTIONS = (
    *("--webhook-allow", "127.0.0.1"),
    *("--limit", "webhook_seconds=1"),  # so that the leases of killed servers end soon
    *("--limit", "webhook_sends_per_second=1000"),
)
FAILING = max(2, CHANGES // 250) / CHANGES  # of the answers: each makes a webhook wait for a second


@contextmanager
def database_on(kind: str, folder: Path) -> Iterator[str]:
    with ExitStack() as stack:
        maintenance = stack.enter_context(bundled_server()).url if kind == "postgresql" else ""
        yield stack.enter_context(fresh_database(folder, maintenance))


def change(urls: list[str], token: str) -> None:
    """Set a tag CHANGES times, at either server, to another value each time; a request that was cut off may or may not
    have had its effect."""
    done, values = 0, count()
    while done < CHANGES:
        try:
            with Api(urls[done % 2], token) as api:
                while done < CHANGES:
                    answer = api.post(
                        "/mlflow/model-versions/set-tag", name="m", version="1", key="k", value=str(next(values))
                    )
                    done += answer.status == 200
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
            urls.reverse()  # the other server still runs


def recorded(database: str) -> list[str]:
    """The values of the tag, in the order of the changes."""
    engine = make_engine(database_url(database), write=False)
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT detail FROM activities WHERE activity_type = 'SET_TAG' ORDER BY sequence"
        ).all()
    engine.dispose()
    return [json.loads(row[0])["value"][1] for row in rows]


@pytest.mark.timeout(300 + CHANGES // 5)
@pytest.mark.parametrize("kind", ["sqlite", variant("postgresql")])
def test_nothing_is_lost(kind: str, tmp_path: Path) -> None:
    chance = random.Random(CHANGES)

    def answer(request: Received) -> Answer:
        return (503, b"", {}) if chance.random() < FAILING else OK

    with database_on(kind, tmp_path) as database, Receiver(answer) as receiver, ExitStack() as stack:
        command(database, "users", "create", "admin", "--admin")
        token = command(database, "tokens", "create", "admin").strip()
        servers = []
        for number in range(2):
            (folder := tmp_path / str(number)).mkdir()
            servers.append(stack.enter_context(Server(folder, database, *OPTIONS)))
        urls = [server.start() for server in servers]
        with Api(urls[0], token) as api:
            api.post("/mlflow/registered-models/create", name="m").ok()
            api.post("/mlflow/model-versions/create", name="m", source="s3://x").ok()
            for path in WEBHOOKS:
                spec = {"url": receiver.url + path}
                fields = {"events": ["MODEL_VERSION_TAG_SET"], "http_url_spec": spec}
                api.post("/mlflow/registry-webhooks/create", **fields).ok()
        writer = threading.Thread(target=change, args=(urls, token))
        writer.start()
        started = time.monotonic()
        for number in range(KILLS):
            time.sleep(0.2 + chance.random())
            servers[number % 2].kill()
            servers[number % 2].start()
        writer.join()
        expected = recorded(database)
        assert len(expected) >= CHANGES
        for path in WEBHOOKS:
            deadline = time.monotonic() + 60 + CHANGES / 20
            while len(arrived := first_arrivals(receiver, path)) < len(expected):
                assert time.monotonic() < deadline, f"{len(arrived)} of {len(expected)} arrived at {path}"
                time.sleep(0.2)
            assert arrived == expected, f"not in the order of the changes at {path}"
        ids = {
            (each.headers["x-registry-delivery-id"], each.path, each.json["tags"][0]["value"])
            for each in receiver.requests
        }
        assert len(ids) == len(WEBHOOKS) * len(expected), "a delivery has one id"
        seconds = time.monotonic() - started
    print(
        f"{kind}: {KILLS} kills of two servers; {len(expected):,} changes to {len(WEBHOOKS)} webhooks: {len(ids):,} "
        f"deliveries, none missing, none of no change, in order, in {seconds:.0f} s; "
        f"{len(receiver.requests) - len(ids)} were sent more than once"
    )


def first_arrivals(receiver: Receiver, path: str) -> list[str]:
    """The values that have arrived, in their order, without repetitions."""
    return list(dict.fromkeys(each.json["tags"][0]["value"] for each in [*receiver.requests] if each.path == path))
