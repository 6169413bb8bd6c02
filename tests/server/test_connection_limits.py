"""Limits on connections and event streams, and that other clients are served when they are reached."""

import os
import threading
import time
from collections import Counter
from contextlib import ExitStack
from itertools import cycle

from tests.live_registry import DATABASE_VARIABLE, LiveRegistry
from tests.server.api import Api
from tests.server.small_limits import EVENTS, HEALTH, SMALL, bearer
from tests.server.sockets import Received, connect, exchange
from tests.server.streams import stream

ATTEMPTS = 2_000 if os.environ.get(DATABASE_VARIABLE) else 10_000  # to open event streams; PostgreSQL takes longer


def test_connections(small: LiveRegistry, small_admin: Api) -> None:
    """Too many from one address, then too many in total. Existing connections are served all the time."""
    small_admin.get("/health").ok()
    with ExitStack() as stack:
        for _ in range(SMALL["connections_per_address"]):
            stack.enter_context(connect(small.url, source="127.0.0.2"))
        received = exchange(small.url, HEALTH, source="127.0.0.2")
        assert (received.statuses, received.ended) == ([429], True)
        assert b"retry-after: " in received.content.lower()
        assert exchange(small.url, HEALTH, source="127.0.0.3", timeout=0.2).statuses == [200]
        outcomes = Counter[int]()
        for number in range(60):
            connection = stack.enter_context(connect(small.url, source=f"127.0.0.{4 + number % 9}"))
            connection.sendall(HEALTH)
            connection.settimeout(10)
            outcomes[Received(connection.recv(65536), ended=False).statuses[0]] += 1
            small_admin.get("/mlflow/registered-models/search", filter="name = 'none'").ok()
        print(f"\nbesides {SMALL['connections_per_address']} silent connections, 60 more: {dict(outcomes)}")
        assert set(outcomes) == {200, 503}
    deadline = time.monotonic() + 30
    while exchange(small.url, HEALTH, timeout=0.2).statuses != [200]:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_event_streams_beyond_the_limit_are_refused_while_others_are_served(
    small: LiveRegistry, small_admin: Api
) -> None:
    users = [Api(small.url, small.token(f"listener-{number}")) for number in range(4)]
    outcomes = Counter[tuple[int, str]]()
    with ExitStack() as stack:
        for user in users:
            stack.enter_context(user)
        each = SMALL["streams_per_principal"]
        streams = [stack.enter_context(stream(user)) for user in users[:2] for _ in range(each)]
        refused = users[0].get("/mlflow/events")
        assert refused.refused(429, "REQUEST_LIMIT_EXCEEDED").startswith("listener-0 has 8 event streams")
        assert int(refused.headers["retry-after"]) > 0
        streams += [stack.enter_context(stream(users[2])) for _ in range(SMALL["streams"] - 2 * each)]
        users[2].get("/mlflow/events").refused(503, "TEMPORARILY_UNAVAILABLE")

        done = threading.Event()
        served = 0

        def ordinary() -> None:
            nonlocal served
            with Api(small.url, small.admin_token) as api:
                while not done.is_set():
                    api.get("/mlflow/registered-models/search", max_results=10).ok()
                    served += 1

        other = threading.Thread(target=ordinary)
        other.start()
        try:
            for _, user in zip(range(ATTEMPTS), cycle(users), strict=False):
                answer = user.get("/mlflow/events")
                outcomes[answer.status, answer.json["error_code"]] += 1
        finally:
            done.set()
            other.join()
        small_admin.post("/mlflow/registered-models/create", name="streamed").ok()
        entry = {"group_name": "users", "permission_level": "CAN_READ"}
        shared = small_admin.get("/mlflow/databricks/registered-models/get", name="streamed").ok()
        path = f"/permissions/registered-models/{shared['registered_model_databricks']['id']}"
        small_admin.patch(path, access_control_list=[entry]).ok()
        small_admin.post("/mlflow/model-versions/create", name="streamed", source="s3://x").ok()
        for each_stream in streams:  # existing streams continue
            each_stream.until(lambda one: one["name"] == "streamed")
    print(f"\n{ATTEMPTS:,} attempts to open a stream beyond {SMALL['streams']}: {dict(outcomes)}; {served:,} served")
    assert outcomes == {(503, "TEMPORARILY_UNAVAILABLE"): ATTEMPTS}
    assert served > 10
    deadline = time.monotonic() + 30
    while True:  # closed streams free their slots
        with connect(small.url) as connection:
            connection.sendall(EVENTS + bearer(small) + b"\r\n")
            if Received(connection.recv(65536), ended=False).statuses == [200]:
                break
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_stream_that_was_left_holds_no_place(small: LiveRegistry, small_admin: Api) -> None:
    """Even if its client has pipelined another request, so that the server reads nothing more from it."""
    request = EVENTS + bearer(small) + b"\r\n" + HEALTH
    deadline = time.monotonic() + 60
    opened = 0
    while opened < 3 * SMALL["streams_per_principal"]:
        with connect(small.url) as connection:
            connection.sendall(request)
            opened += Received(connection.recv(65536), ended=False).statuses == [200]
        assert time.monotonic() < deadline, f"after {opened} streams that were left there is no place"
