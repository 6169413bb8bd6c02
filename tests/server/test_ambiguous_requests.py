"""HTTP requests that proxies and servers may parse differently (request smuggling), and mutated ones."""

import contextlib
import random
import time
from collections import Counter

import pytest

from tests.faults.rounds import ROUNDS
from tests.live_registry import LiveRegistry
from tests.server.api import Api
from tests.server.small_limits import CREATE, EVENTS, HEALTH, SMALL, bearer
from tests.server.sockets import connect, exchange, rest


def models(api: Api) -> list[str]:
    return [each["name"] for each in api.get("/mlflow/registered-models/list").ok().get("registered_models", [])]


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
def test_what_could_be_read_in_two_ways_is_not_read(rest_of_it: bytes, small: LiveRegistry, small_admin: Api) -> None:
    received = exchange(small.url, CREATE + bearer(small) + rest_of_it)
    assert (received.statuses, received.ended) == ([400], True)
    assert received.error["error_code"] == "BAD_REQUEST"
    assert "smuggled" not in models(small_admin)


def test_two_authorizations_are_none(small: LiveRegistry) -> None:
    twice = b"Authorization: Bearer x\r\n" + bearer(small)
    head = CREATE + twice + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(SMUGGLED)
    assert exchange(small.url, head + SMUGGLED).statuses == [401]


def test_fields_after_a_chunked_body_are_not_believed(small: LiveRegistry, small_admin: Api) -> None:
    """Proxies do not check them."""
    trailer = AS_CHUNK.removesuffix(b"\r\n") + bearer(small) + b"\r\n"
    received = exchange(small.url, CREATE + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n" + trailer)
    assert received.statuses == [401]
    assert "smuggled" not in models(small_admin)


@pytest.mark.parametrize(
    "line", ["GET /health", "GET /health HTTP/2.0", "GET /health HTTP/0.9", "GET /health HTTP/1.1"]
)
def test_versions_without_a_host(line: str, small: LiveRegistry) -> None:
    received = exchange(small.url, f"{line}\r\n\r\n".encode())
    assert (received.statuses, received.ended) == ([400], True)


def test_older_http_and_whole_urls_are_served(small: LiveRegistry) -> None:
    received = exchange(small.url, b"GET /health HTTP/1.0\r\n\r\n")
    assert (received.statuses, received.ended) == ([200], True)
    absolute = b"GET http://elsewhere/health HTTP/1.1\r\nHost: elsewhere\r\nConnection: close\r\n\r\n"
    assert exchange(small.url, absolute).statuses == [200]


def test_an_answer_is_that_of_its_own_request(small: LiveRegistry) -> None:
    """A request that cannot be parsed gets no answer while another one is pending: the answers would be confused."""
    received = exchange(small.url, HEALTH + b"\x00\x01garbage\r\n\r\n")
    assert (received.statuses, received.ended) == ([200], True)


@pytest.mark.parametrize("framing", [b"Content-Length: %d" % len(HEALTH), b"Transfer-Encoding: chunked"])
def test_a_body_after_an_upgrade_is_no_request(framing: bytes, small: LiveRegistry) -> None:
    """The parser reads no body there, but proxies do: what is in it must not be answered."""
    upgrade = b"Upgrade: h2c\r\nConnection: Upgrade\r\n"
    with connect(small.url) as connection:
        connection.sendall(HEALTH.removesuffix(b"\r\n") + upgrade + framing + b"\r\n\r\n")
        time.sleep(0.1)
        with contextlib.suppress(ConnectionError):
            connection.sendall(HEALTH)
        assert rest(connection).statuses == [400]
    bodyless = HEALTH.removesuffix(b"\r\n") + upgrade + b"Content-Length: 0\r\n\r\n"
    assert exchange(small.url, bodyless, timeout=0.5).statuses == [200]


def test_requests_sent_ahead(small: LiveRegistry) -> None:
    assert exchange(small.url, HEALTH * 5, timeout=0.5).statuses == [200] * 5
    received = exchange(small.url, HEALTH * 5000)
    assert received.ended
    assert set(received.statuses) == {200}
    assert len(received.statuses) <= SMALL["pipelined"] + 1


def test_whoever_waits_to_send_a_body_is_answered_first(small: LiveRegistry) -> None:
    """The server does not know whether the body follows, so it reads nothing more on the connection."""
    expecting = b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(HEALTH)
    received = exchange(small.url, CREATE + expecting)
    assert (received.statuses, received.ended) == ([401], True)
    assert b"connection: close" in received.content
    assert exchange(small.url, CREATE + expecting + HEALTH + HEALTH).statuses == [401]
    assert exchange(small.url, CREATE + bearer(small) + expecting + HEALTH).statuses == [100, 400]


def test_mutated_requests_break_nothing(small: LiveRegistry, small_admin: Api) -> None:
    """The fixture checks at the end that no traceback was logged."""
    chance = random.Random(5)
    chunked = CREATE + b"Transfer-Encoding: chunked\r\n\r\n" + AS_CHUNK.removesuffix(b"\r\n") + b"T: x\r\n\r\n" + HEALTH
    expecting = CREATE + b"Expect: 100-continue\r\nContent-Length: 10\r\n\r\n0123456789" + HEALTH
    listening = EVENTS + bearer(small)
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
    small_admin.get("/mlflow/registered-models/list").ok()
    print(f"\n{10 * ROUNDS:,} mutated requests: {dict(outcomes)}")
