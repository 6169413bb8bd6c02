"""What anybody may ask of the server before it is refused, and that others are served meanwhile."""

import contextlib
import json
import os
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import cycle

import pytest
from click.testing import CliRunner

from tests.faults.rounds import ROUNDS
from tests.live_registry import DATABASE_VARIABLE, LiveRegistry, serving
from tests.server.api import Api
from tests.server.sockets import Said, connect, exchange, rest
from tests.server.streams import stream
from tui_registry_server.commands import main
from tui_registry_server.rules.limits import Limits

ATTEMPTS = 2_000 if os.environ.get(DATABASE_VARIABLE) else 10_000  # to open event streams; PostgreSQL takes longer
SMALL = {
    "head_bytes": 100_000,
    "head_fields": 30,
    "body_bytes": 50_000,
    "drained_bytes": 200_000,
    "pipelined": 5,
    "head_seconds": 2,
    "body_seconds": 2,
    "stalled_seconds": 2,
    "connections": 60,
    "connections_per_address": 40,
    "streams": 20,
    "streams_per_principal": 8,
}
CREATE = b"POST /api/2.0/mlflow/registered-models/create HTTP/1.1\r\nHost: x\r\n"
HEALTH = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    """A server with small limits."""
    options = [part for name, number in SMALL.items() for part in ("--limit", f"{name}={number}")]
    with serving(tmp_path_factory.mktemp("small"), *options) as live:
        yield live


@pytest.fixture
def admin(small: LiveRegistry) -> Iterator[Api]:
    """Somebody who is served whatever else goes on."""
    with Api(small.url, small.admin_token) as api:
        yield api
        api.get("/health").ok()


def bearer(registry: LiveRegistry) -> bytes:
    return f"Authorization: Bearer {registry.admin_token}\r\n".encode()


def models(api: Api) -> list[str]:
    return [each["name"] for each in api.get("/mlflow/registered-models/list").ok().get("registered_models", [])]


# --- two readings of one request

SMUGGLED = b'{"name": "smuggled"}'
AS_CHUNK = b"%x\r\n%s\r\n0\r\n\r\n" % (len(SMUGGLED), SMUGGLED)
AMBIGUOUS = {
    "a length and chunks": b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n" % len(SMUGGLED) + AS_CHUNK,
    "chunks and a length": b"Transfer-Encoding: chunked\r\nContent-Length: %d\r\n\r\n" % len(SMUGGLED) + AS_CHUNK,
    "two lengths": b"Content-Length: %d\r\nContent-Length: 0\r\n\r\n" % len(SMUGGLED) + SMUGGLED,
    "one length twice": b"Content-Length: %d\r\n" % len(SMUGGLED) * 2 + b"\r\n" + SMUGGLED,
    "a list of lengths": b"Content-Length: %d, 0\r\n\r\n" % len(SMUGGLED) + SMUGGLED,
    "a signed length": b"Content-Length: +%d\r\n\r\n" % len(SMUGGLED) + SMUGGLED,
    "a length beyond 64 bits": b"Content-Length: %d\r\n\r\n" % 10**30 + SMUGGLED,
    "an unknown encoding": b"Transfer-Encoding: xchunked\r\n\r\n" + AS_CHUNK,
    "chunks twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" + AS_CHUNK,
    "chunks of what is compressed": b"Transfer-Encoding: gzip, chunked\r\n\r\n" + AS_CHUNK,
    "chunks, then not": b"Transfer-Encoding: chunked, identity\r\n\r\n" + AS_CHUNK,
    "a space before the colon": b"Transfer-Encoding : chunked\r\n\r\n" + AS_CHUNK,
    "a tab before chunked": b"Transfer-Encoding:\x0bchunked\r\n\r\n" + AS_CHUNK,
    "a chunk's line without its CR": b"Transfer-Encoding: chunked\r\n\r\n" + AS_CHUNK.replace(b"\r\n", b"\n", 1),
    "a line without its CR": b"X: y\nContent-Length: %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED,
    "a line without its LF": b"X: y\rContent-Length: %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED,
    "a folded line": b"X: y\r\n Content-Length: 0\r\nContent-Length: %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED,
    "a NUL in a line": b"X: a\0b\r\nContent-Length: %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED,
    "two hosts": b"Host: y\r\nContent-Length: %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED,
}


@pytest.mark.parametrize("rest_of_it", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_what_could_be_read_in_two_ways_is_not_read(rest_of_it: bytes, small: LiveRegistry, admin: Api) -> None:
    said = exchange(small.url, CREATE + bearer(small) + rest_of_it)
    assert (said.statuses, said.ended) == ([400], True)
    assert said.error["error_code"] == "BAD_REQUEST"
    assert "smuggled" not in models(admin)


def test_two_authorizations_are_none(small: LiveRegistry) -> None:
    twice = b"Authorization: Bearer x\r\n" + bearer(small)
    head = CREATE + twice + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(SMUGGLED)
    assert exchange(small.url, head + SMUGGLED).statuses == [401]


def test_fields_after_a_chunked_body_are_not_believed(small: LiveRegistry, admin: Api) -> None:
    """No proxy has looked at them."""
    trailer = AS_CHUNK.removesuffix(b"\r\n") + bearer(small) + b"\r\n"
    said = exchange(small.url, CREATE + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n" + trailer)
    assert said.statuses == [401]
    assert "smuggled" not in models(admin)


@pytest.mark.parametrize(
    "line", ["GET /health", "GET /health HTTP/2.0", "GET /health HTTP/0.9", "GET /health HTTP/1.1"]
)
def test_versions_without_a_host(line: str, small: LiveRegistry) -> None:
    said = exchange(small.url, f"{line}\r\n\r\n".encode())
    assert (said.statuses, said.ended) == ([400], True)


def test_older_http_and_whole_urls_are_served(small: LiveRegistry) -> None:
    said = exchange(small.url, b"GET /health HTTP/1.0\r\n\r\n")
    assert (said.statuses, said.ended) == ([200], True)
    absolute = b"GET http://elsewhere/health HTTP/1.1\r\nHost: elsewhere\r\nConnection: close\r\n\r\n"
    assert exchange(small.url, absolute).statuses == [200]


def test_an_answer_is_that_of_its_own_request(small: LiveRegistry) -> None:
    """What cannot be read is not answered while another answer is due: it would be taken for that one."""
    said = exchange(small.url, HEALTH + b"\x00\x01garbage\r\n\r\n")
    assert (said.statuses, said.ended) == ([200], True)


def test_requests_sent_ahead(small: LiveRegistry) -> None:
    assert exchange(small.url, HEALTH * 5, patience=0.5).statuses == [200] * 5
    said = exchange(small.url, HEALTH * 5000)
    assert said.ended
    assert set(said.statuses) == {200}
    assert len(said.statuses) <= SMALL["pipelined"] + 1


def test_whoever_waits_to_send_a_body_is_told_first(small: LiveRegistry) -> None:
    """Whether the body still comes is not known then, so that nothing more is read on the connection."""
    expecting = b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(HEALTH)
    said = exchange(small.url, CREATE + expecting)
    assert (said.statuses, said.ended) == ([401], True)
    assert b"connection: close" in said.content
    assert exchange(small.url, CREATE + expecting + HEALTH + HEALTH).statuses == [401]
    assert exchange(small.url, CREATE + bearer(small) + expecting + HEALTH).statuses == [100, 400]


# --- sizes


def test_heads(small: LiveRegistry) -> None:
    field = b"X: " + b"x" * (SMALL["head_bytes"] // 2) + b"\r\n"
    close = b"Connection: close\r\n"
    assert exchange(small.url, HEALTH[:-2] + close + field + b"\r\n").statuses == [200]
    assert exchange(small.url, HEALTH[:-2] + field * 20).statuses in ([400], [])  # it may still be sending
    assert exchange(small.url, HEALTH[:-2] + b"X: y\r\n" * 31 + b"\r\n").statuses == [400]
    assert exchange(small.url, b"GET /" + b"x" * 70_000 + HEALTH[11:]).statuses == [400]


@pytest.mark.parametrize("trailer", [b"X: y\r\n" * 40, b"X: " + b"x" * 2_000_000], ids=["many", "endless"])
def test_fields_after_a_chunked_body_without_end(trailer: bytes, small: LiveRegistry) -> None:
    said = exchange(small.url, CREATE + bearer(small) + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + trailer)
    assert said.ended
    assert said.statuses in ([400], [])


def test_bodies(small: LiveRegistry, admin: Api) -> None:
    path = "/mlflow/registered-models/create"
    largest = json.dumps({"name": "large", "ignored": "x" * 49_900}).encode()
    assert len(largest) <= SMALL["body_bytes"]
    admin.send("POST", path, largest).ok()
    admin.send("POST", path, b" " * 51_000 + largest).refused(413, "MAX_REQUEST_SIZE_EXCEEDED")
    endless = (
        CREATE + bearer(small) + b"Transfer-Encoding: chunked\r\n\r\n" + (b"2710\r\n%s\r\n" % (b"x" * 10_000)) * 2000
    )
    with connect(small.url) as connection, pytest.raises(ConnectionError):
        connection.sendall(endless)


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'{"name":['])
def test_deep_json(opening: bytes, admin: Api) -> None:
    depth = 4_000 // len(opening)
    answer = admin.send("POST", "/mlflow/registered-models/create", opening * depth)
    assert "JSON" in answer.refused(400, "BAD_REQUEST")


# --- times


SLOW = {
    "nothing": (b"", []),
    "half a head": (b"GET /health HTTP/1.1\r\nHo", [408]),
    "half a second head": (HEALTH + b"GET /hea", [200]),
    "half a body": (CREATE + b"Authorization: %s\r\nContent-Length: 100\r\n\r\n{", [408]),
    "half a body that nobody waits for": (CREATE + b"Content-Length: 100\r\n\r\n{", [401]),
}


def test_who_sends_slowly_is_not_waited_for(small: LiveRegistry, admin: Api) -> None:
    """Neither who is silent, nor who lets line ends drip to be taken for alive. Others are served meanwhile."""
    served = 0
    with ExitStack() as stack:
        waiting: dict[tuple[str, bool], socket.socket] = {}
        said = dict.fromkeys([(what, drips) for what in SLOW for drips in (False, True)], Said(b"", ended=False))
        del said["half a second head", False]  # a connection that is kept for a next request may be silent for longer
        for what, drips in said:
            connection = waiting[what, drips] = stack.enter_context(connect(small.url))
            connection.sendall(SLOW[what][0].replace(b"%s", f"Bearer {small.admin_token}".encode()))
            connection.settimeout(0.01)
        deadline = time.monotonic() + 60
        while waiting:
            assert time.monotonic() < deadline, f"the server waits on: {list(waiting)}"
            for (what, drips), connection in list(waiting.items()):
                if drips:
                    with contextlib.suppress(ConnectionError):
                        connection.sendall(b"\r" if what == "half a second head" else b"\r\n")
                more = rest(connection)
                before = said[what, drips]
                said[what, drips] = Said(before.content + more.content, more.ended)
                if more.ended:
                    del waiting[what, drips]
            admin.get("/health").ok()
            served += 1
    print(f"\n{len(said)} slow senders were cut off; {served} calls were served meanwhile")
    for what, (_, statuses) in SLOW.items():
        if (what, False) in said:
            assert said[what, False].statuses == statuses, what


def test_who_reads_slowly_is_cut_off(small: LiveRegistry, admin: Api) -> None:
    """An answer of megabytes; somebody who takes it at an even pace gets it all."""
    admin.post("/mlflow/registered-models/create", name="big").ok()
    for _ in range(150):
        admin.post("/mlflow/model-versions/create", name="big", source="s3://x", description="x" * 45_000).ok()
    request = (
        b"GET /api/2.0/mlflow/model-versions/search?max_results=1000 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        + bearer(small)
        + b"\r\n"
    )
    with connect(small.url, receive=20_000) as idle, connect(small.url, receive=20_000) as steady:
        idle.sendall(request)
        steady.sendall(request)
        began, taken = time.monotonic(), b""
        while chunk := steady.recv(65536):
            taken += chunk
            if time.monotonic() - began < 4:
                time.sleep(0.05)
        assert len(taken) > 150 * 45_000
        json.loads(taken.partition(b"\r\n\r\n")[2])
        cut = rest(idle)
        print(f"\nread steadily: {len(taken):,} bytes, all; left unread and then cut off: {len(cut.content):,}")
        assert cut.ended
        assert len(cut.content) < len(taken)


def test_who_does_not_read_events_is_cut_off(small: LiveRegistry, admin: Api) -> None:
    admin.post("/mlflow/registered-models/create", name="loud").ok()
    admin.post("/mlflow/model-versions/create", name="loud", source="s3://x").ok()
    with connect(small.url, receive=20_000) as connection, stream(admin) as reader:
        connection.sendall(b"GET /api/2.0/mlflow/events HTTP/1.1\r\nHost: x\r\n" + bearer(small) + b"\r\n")
        for number in range(160):
            text = f"{number} ".ljust(45_000, "x")
            admin.post("/mlflow/comments/create", name="loud", version="1", comment=text).ok()
            assert reader.next()["comment"] == text
        time.sleep(2 * SMALL["stalled_seconds"])
        cut = rest(connection)
        assert cut.ended
        assert b"159 xxx" not in cut.content


# --- numbers


def test_connections(small: LiveRegistry, admin: Api) -> None:
    """Too many from one address, then too many in all. Those that were there before are served all the time."""
    admin.get("/health").ok()
    with ExitStack() as stack:
        for _ in range(SMALL["connections_per_address"]):
            stack.enter_context(connect(small.url, source="127.0.0.2"))
        said = exchange(small.url, HEALTH, source="127.0.0.2")
        assert (said.statuses, said.ended) == ([429], True)
        assert b"retry-after: " in said.content.lower()
        assert exchange(small.url, HEALTH, source="127.0.0.3", patience=0.2).statuses == [200]
        outcomes = Counter[int]()
        for number in range(60):
            connection = stack.enter_context(connect(small.url, source=f"127.0.0.{4 + number % 9}"))
            connection.sendall(HEALTH)
            connection.settimeout(10)
            outcomes[Said(connection.recv(65536), ended=False).statuses[0]] += 1
            admin.get("/mlflow/registered-models/search", filter="name = 'none'").ok()
        print(f"\nbesides {SMALL['connections_per_address']} silent connections, 60 more: {dict(outcomes)}")
        assert set(outcomes) == {200, 503}
    deadline = time.monotonic() + 30
    while exchange(small.url, HEALTH, patience=0.2).statuses != [200]:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_event_streams_beyond_the_limit_are_refused_while_others_are_served(small: LiveRegistry, admin: Api) -> None:
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
        admin.post("/mlflow/registered-models/create", name="told of").ok()
        entry = {"group_name": "users", "permission_level": "CAN_READ"}
        shared = admin.get("/mlflow/databricks/registered-models/get", name="told of").ok()
        path = f"/permissions/registered-models/{shared['registered_model_databricks']['id']}"
        admin.patch(path, access_control_list=[entry]).ok()
        admin.post("/mlflow/model-versions/create", name="told of", source="s3://x").ok()
        for each_stream in streams:  # those that were open go on
            each_stream.until(lambda one: one["name"] == "told of")
    print(f"\n{ATTEMPTS:,} attempts to open a stream beyond {SMALL['streams']}: {dict(outcomes)}; {served:,} served")
    assert outcomes == {(503, "TEMPORARILY_UNAVAILABLE"): ATTEMPTS}
    assert served > 10
    deadline = time.monotonic() + 30
    while True:  # those that were closed make room
        with connect(small.url) as connection:
            connection.sendall(b"GET /api/2.0/mlflow/events HTTP/1.1\r\nHost: x\r\n" + bearer(small) + b"\r\n")
            if Said(connection.recv(65536), ended=False).statuses == [200]:
                break
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_stream_that_was_left_holds_no_place(small: LiveRegistry, admin: Api) -> None:
    """Even if its client had sent another request ahead, so that the server reads nothing more from it."""
    request = b"GET /api/2.0/mlflow/events HTTP/1.1\r\nHost: x\r\n" + bearer(small) + b"\r\n" + HEALTH
    deadline = time.monotonic() + 60
    opened = 0
    while opened < 3 * SMALL["streams_per_principal"]:
        with connect(small.url) as connection:
            connection.sendall(request)
            opened += Said(connection.recv(65536), ended=False).statuses == [200]
        assert time.monotonic() < deadline, f"after {opened} streams that were left there is no place"


def test_mutated_requests_break_nothing(small: LiveRegistry, admin: Api) -> None:
    """That nothing unexpected is in the log is seen when the server has ended."""
    chance = random.Random(5)
    chunked = CREATE + b"Transfer-Encoding: chunked\r\n\r\n" + AS_CHUNK.removesuffix(b"\r\n") + b"T: x\r\n\r\n" + HEALTH
    expecting = CREATE + b"Expect: 100-continue\r\nContent-Length: 10\r\n\r\n0123456789" + HEALTH
    listening = b"GET /api/2.0/mlflow/events HTTP/1.1\r\nHost: x\r\n" + bearer(small)
    seeds = (HEALTH * 3, chunked, expecting, listening + b"Content-Length: 4\r\n\r\nabcd" + HEALTH)
    pieces = (
        b"\r\n",
        b"\n",
        b"\0",
        b"\r\n\r\n",
        b"chunked",
        b"x" * 3000,
        b"Content-Length: 5\r\n",
        b"Upgrade: h2c\r\n",
    )
    outcomes = Counter[str]()
    for _ in range(10 * ROUNDS):
        content = bytearray(chance.choice(seeds))
        for _ in range(chance.randrange(4)):
            place = chance.randrange(len(content))
            what = chance.randrange(4)
            if what == 0:
                content[place] = chance.randrange(256)
            elif what == 1:
                del content[place : place + chance.randrange(1, 9)]
            else:
                content[place:place] = chance.choice(pieces) if what == 2 else content[max(0, place - 30) : place]
        with connect(small.url) as connection:
            connection.settimeout(0.005)
            with contextlib.suppress(ConnectionError):
                half = chance.randrange(len(content) + 1)
                connection.sendall(content[:half])
                connection.sendall(content[half:])
            try:
                outcomes[connection.recv(65536)[9:12].decode()] += 1
            except (TimeoutError, ConnectionError) as error:
                outcomes[type(error).__name__] += 1
    admin.get("/mlflow/registered-models/list").ok()
    print(f"\n{10 * ROUNDS:,} mutated requests: {dict(outcomes)}")


@pytest.mark.parametrize("given", ["nothing=1", "streams", "streams=", "streams=0", "streams=-1", "streams=1.5", "=1"])
def test_limits_that_are_none(given: str) -> None:
    result = CliRunner().invoke(main, ["serve", "--limit", given])
    assert result.exit_code == 2
    assert "--limit" in result.stderr


def test_small_limits_are_of_those_there_are() -> None:
    assert set(SMALL) <= set(Limits.__dataclass_fields__)
