"""Limits on the sizes of requests and on the time that a client takes to send or read; and the option --limit."""

import contextlib
import json
import socket
import time
from contextlib import ExitStack

import pytest
from click.testing import CliRunner

from tests.live_registry import LiveRegistry
from tests.server.api import Api
from tests.server.small_limits import CREATE, EVENTS, HEALTH, SMALL, bearer
from tests.server.sockets import Received, connect, exchange, rest
from tests.server.streams import stream
from tui_registry_server.commands import main
from tui_registry_server.rules.limits import Limits

# --- sizes


def test_heads(small: LiveRegistry) -> None:
    field = b"X: " + b"x" * (SMALL["head_bytes"] // 2) + b"\r\n"
    close = b"Connection: close\r\n"
    assert exchange(small.url, HEALTH[:-2] + close + field + b"\r\n").statuses == [200]
    assert exchange(small.url, HEALTH[:-2] + field * 20).statuses in ([400], [])  # the client may still be sending
    assert exchange(small.url, HEALTH[:-2] + b"X: y\r\n" * 31 + b"\r\n").statuses == [400]
    assert exchange(small.url, b"GET /" + b"x" * 70_000 + HEALTH[11:]).statuses == [400]


@pytest.mark.parametrize("trailer", [b"X: y\r\n" * 40, b"X: " + b"x" * 2_000_000], ids=["many", "endless"])
def test_fields_after_a_chunked_body_without_end(trailer: bytes, small: LiveRegistry) -> None:
    received = exchange(small.url, CREATE + bearer(small) + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + trailer)
    assert received.ended
    assert received.statuses in ([400], [])


def test_bodies(small: LiveRegistry, small_admin: Api) -> None:
    path = "/mlflow/registered-models/create"
    largest = json.dumps({"name": "large", "ignored": "x" * 49_900}).encode()
    assert len(largest) <= SMALL["body_bytes"]
    small_admin.send("POST", path, largest).ok()
    small_admin.send("POST", path, b" " * 51_000 + largest).refused(413, "MAX_REQUEST_SIZE_EXCEEDED")
    endless = (
        CREATE + bearer(small) + b"Transfer-Encoding: chunked\r\n\r\n" + (b"2710\r\n%s\r\n" % (b"x" * 10_000)) * 2000
    )
    with connect(small.url) as connection, pytest.raises(ConnectionError):
        connection.sendall(endless)


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'{"name":['])
def test_deep_json(opening: bytes, small_admin: Api) -> None:
    depth = 4_000 // len(opening)
    answer = small_admin.send("POST", "/mlflow/registered-models/create", opening * depth)
    assert "JSON" in answer.refused(400, "BAD_REQUEST")


# --- times


SLOW = {
    "nothing": (b"", []),
    "half a head": (b"GET /health HTTP/1.1\r\nHo", [408]),
    "half a second head": (HEALTH + b"GET /hea", [200]),
    "half a body": (CREATE + b"Authorization: %s\r\nContent-Length: 100\r\n\r\n{", [408]),
    "half a body that nobody waits for": (CREATE + b"Content-Length: 100\r\n\r\n{", [401]),
}


def test_who_sends_slowly_is_not_waited_for(small: LiveRegistry, small_admin: Api) -> None:
    """Neither a silent client, nor one that sends line ends to keep the connection alive. Others are served."""
    served = 0
    with ExitStack() as stack:
        waiting: dict[tuple[str, bool], socket.socket] = {}
        received = dict.fromkeys(
            [(what, drips) for what in SLOW for drips in (False, True)], Received(b"", ended=False)
        )
        del received["half a second head", False]  # an idle connection may stay open for longer
        for what, drips in received:
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
                before = received[what, drips]
                received[what, drips] = Received(before.content + more.content, more.ended)
                if more.ended:
                    del waiting[what, drips]
            small_admin.get("/health").ok()
            served += 1
    print(f"\n{len(received)} slow senders were cut off; {served} calls were served meanwhile")
    for what, (_, statuses) in SLOW.items():
        if (what, False) in received:
            assert received[what, False].statuses == statuses, what


def test_who_reads_slowly_is_cut_off(small: LiveRegistry, small_admin: Api) -> None:
    """An answer of megabytes; a client that reads slowly but steadily gets all of it."""
    small_admin.post("/mlflow/registered-models/create", name="big").ok()
    for _ in range(150):
        small_admin.post("/mlflow/model-versions/create", name="big", source="s3://x", description="x" * 45_000).ok()
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


def test_who_does_not_read_events_is_cut_off(small: LiveRegistry, small_admin: Api) -> None:
    small_admin.post("/mlflow/registered-models/create", name="loud").ok()
    small_admin.post("/mlflow/model-versions/create", name="loud", source="s3://x").ok()
    with connect(small.url, receive=20_000) as connection, stream(small_admin) as reader:
        connection.sendall(EVENTS + bearer(small) + b"\r\n")
        for number in range(160):
            text = f"{number} ".ljust(45_000, "x")
            small_admin.post("/mlflow/comments/create", name="loud", version="1", comment=text).ok()
            assert reader.next()["comment"] == text
        time.sleep(2 * SMALL["stalled_seconds"])
        cut = rest(connection)
        assert cut.ended
        assert b"159 xxx" not in cut.content


# --- the option


@pytest.mark.parametrize("given", ["nothing=1", "streams", "streams=", "streams=0", "streams=-1", "streams=1.5", "=1"])
def test_limits_that_are_none(given: str) -> None:
    result = CliRunner().invoke(main, ["serve", "--limit", given])
    assert result.exit_code == 2
    assert "--limit" in result.stderr


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (
            ["webhook_seconds=1800"],
            "2 * webhook_seconds + webhook_sends / webhook_sends_per_second, which is 3602, must",
        ),
        (["webhook_sends=4000", "webhook_sends_per_second=1"], "which is 4020, must not be more"),
        (["body_bytes=100000000"], "drained_bytes=67108864 is less than body_bytes=100000000"),
    ],
)
def test_limits_that_do_not_go_together(given: list[str], problem: str) -> None:
    result = CliRunner().invoke(main, ["serve", *(f"--limit={each}" for each in given)])
    assert result.exit_code == 2
    assert problem in " ".join(result.stderr.split())


def test_the_longest_time_for_receivers() -> None:
    assert Limits().webhook_lease == 22
    Limits(webhook_seconds=1799).check()


def test_small_limits_are_of_those_there_are() -> None:
    assert set(SMALL) <= set(Limits.__dataclass_fields__)
