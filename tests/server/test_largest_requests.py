"""The largest bodies, lists, filters and pages: refused by a short message or split, and never stored for long."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

import pytest
from pydantic import BaseModel

from tests.benchmarks.largest_requests import example, requests_of
from tests.benchmarks.probe import private_memory
from tests.live_registry import LiveRegistry, serving
from tests.server.api import Answer, Api
from tests.server.callers import Callers
from tests.server.sockets import connect
from tests.server.streams import stream
from tui_registry_server.http.route import Route
from tui_registry_server.http.routes import ROUTES
from tui_registry_server.wire.lists import MAX_MEMBERS, MAX_TAGS, MaxLength

MILLIONS = b"[" + b"1," * 2_000_000 + b"1]"
MEMORY = 300  # MiB; 2.8 GB were used before
SENTENCE = 600  # characters of an error, in which SCIM repeats it
CREATE = "/mlflow/registered-models/create"
BODIES = sorted({route.body for route in ROUTES}, key=lambda body: body.__name__)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    """A new registry."""
    with serving(tmp_path_factory.mktemp("fresh")) as live:
        yield live


def lists_of(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, int | None]]:
    """Every list that a body may have, at any depth, and its maximum length."""
    for name, field in model.model_fields.items():
        place = f"{path}.{name}".strip(".")
        for kind in parts_of(field.annotation):
            if get_origin(kind) is list:
                bounds = [each.length for each in field.metadata if isinstance(each, MaxLength)]
                yield place, bounds[0] if bounds else None
                kind = get_args(kind)[0]  # noqa: PLW2901  # what the list is of is looked at as what stands alone
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from lists_of(kind, place)


def parts_of(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)


def arrays_of(schema: Any, document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every list in a schema."""
    if isinstance(schema, list):
        for each in schema:
            yield from arrays_of(each, document)
    elif isinstance(schema, dict):
        if schema.get("type") == "array":
            yield schema
        if isinstance(schema.get("$ref"), str):
            yield from arrays_of(document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], document)
        for each in schema.values():
            yield from arrays_of(each, document)


def refused_shortly(answer: Answer) -> str:
    assert answer.status in (400, 403, 404, 413), f"{answer.asked}: {answer.status} {answer.content[:300]!r}"
    assert len(answer.content) < SENTENCE, answer.content
    message: str = answer.json["message"]
    return message


# --- lists


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.__name__)
def test_every_list_has_a_largest_length(body: type[BaseModel]) -> None:
    assert [place for place, most in lists_of(body) if most is None] == []


def test_the_description_says_how_long_lists_may_be(callers: Callers) -> None:
    document = callers.admin.get("/openapi.json").ok()
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    taken = [[operation.get("requestBody", {}), operation["parameters"]] for operation in operations]
    arrays = list(arrays_of(taken, document))
    assert len(arrays) >= 20
    assert [each for each in arrays if not each.get("maxItems")] == []


WITH_LISTS = [
    (route, name, most)
    for route in ROUTES
    for name, most in lists_of(route.body)
    if "." not in name and most is not None and route.method != "GET"
]


@pytest.mark.parametrize(("route", "name", "most"), WITH_LISTS, ids=lambda each: getattr(each, "path", str(each)))
def test_one_element_too_many(route: Route, name: str, most: int, callers: Callers) -> None:
    """Each element is valid; the message says what to do instead."""
    schema = route.body.model_json_schema(by_alias=True)
    definitions = schema.get("$defs", {})
    field = route.body.model_fields[name].alias or name
    fields = {each: example(schema["properties"][each], definitions, each) for each in schema.get("required", ())}
    fields[field] = [example(schema["properties"][field]["items"], definitions)] * (most + 1)
    path = route.path
    for each in list(fields):
        path = path.replace(f"{{{each}}}", "1")
    message = refused_shortly(callers.admin.call(route.method, path, fields))
    assert f"'{field}': it has {most + 1} elements; at most {most} are allowed: " in message


def test_lists_as_long_as_they_may_be(callers: Callers) -> None:
    name = callers.new_name()
    tags = [{"key": f"k{number}", "value": ""} for number in range(MAX_TAGS)]
    made = callers.admin.post(CREATE, name=name, tags=tags).ok()["registered_model"]
    assert len(made["tags"]) == MAX_TAGS
    group = callers.new_name("group")
    members = [{"value": "123", "display": "x", "type": "User", "$ref": "Users/123"}] * MAX_MEMBERS
    answer = callers.admin.post("/preview/scim/v2/Groups", displayName=group, members=members)
    assert "There is no user, group or service principal with id 123" in answer.missing()


def test_the_first_wrong_element_is_named(callers: Callers) -> None:
    tags = [{"key": "right"}, {"value": "wrong"}, {"value": "wrong"}]
    message = callers.admin.post(CREATE, name=callers.new_name(), tags=tags).invalid()
    assert "'tags.1.key'" in message


# --- rights come first


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("kind", ["Users", "Groups", "ServicePrincipals"])
def test_who_does_not_administer_is_told_so_whatever_they_send(method: str, kind: str, callers: Callers) -> None:
    path = f"/preview/scim/v2/{kind}" + ("" if method == "POST" else "/1")
    _, new_user = callers.new_user()
    for wrong in (b"no JSON", b'{"members": 1}', b'{"members": %s}' % MILLIONS):
        new_user.send(method, path, wrong).denied()


# --- bodies


def test_millions_of_wrong_tags_by_somebody_without_rights(fresh: LiveRegistry) -> None:
    with Api(fresh.url, fresh.token("somebody")) as somebody:
        for path in (CREATE, "/mlflow/model-versions/create"):
            refused_shortly(somebody.send("POST", path, b'{"name": "x", "source": "x", "tags": %s}' % MILLIONS))
        somebody.get("/health").ok()
    assert private_memory(fresh.pid) < MEMORY


def test_the_largest_bodies(fresh: LiveRegistry) -> None:
    """Any content of four megabytes: one short message, and the memory is freed."""
    routes = [each for each in ROUTES if (each.method, each.path) == ("PATCH", "/preview/scim/v2/Groups/{id}")]
    largest = [each for route in routes for each in requests_of(route) if each.body is not None]
    with Api(fresh.url, fresh.admin_token) as admin:
        for each in largest:
            answer = admin.send(each.method, each.target.removeprefix("/api/2.0"), each.body)
            if answer.status != 200:
                assert len(refused_shortly(answer)) < SENTENCE, each.case
            admin.get("/health").ok()
    held = private_memory(fresh.pid)
    print(f"\nafter {len(largest)} bodies of 4 MiB the server holds {held:.0f} MiB")
    assert held < MEMORY


@pytest.mark.parametrize("stages", [MILLIONS, b"[" + b'"None",' * 500_000 + b'"None"]'], ids=["numbers", "stages"])
def test_a_million_stages(stages: bytes, callers: Callers) -> None:
    body = b'{"name": "x", "stages": %s}' % stages
    message = refused_shortly(callers.admin.send("POST", "/mlflow/registered-models/get-latest-versions", body))
    assert "Send less at a time" in message


def test_texts_may_hold_what_looks_like_many_values(callers: Callers) -> None:
    """Commas and brackets in a text are not values: a large tag of JSON is accepted, even if it ends in backslashes."""
    value = json.dumps([[{"x": '\\"'}, "\\"]] * 5_000)[:90_000]
    tags = [{"key": f"k{number}", "value": value + "\\" * number} for number in range(5)]
    name = callers.new_name()
    callers.admin.post(CREATE, name=name).ok()
    path = "/mlflow/model-versions/create"
    made = callers.admin.post(path, name=name, source="s3://x", tags=tags).ok()["model_version"]
    assert {tag["key"]: tag["value"] for tag in made["tags"]} == {tag["key"]: tag["value"] for tag in tags}


def test_large_bodies_of_one_caller_wait_for_each_other(callers: Callers) -> None:
    """Two of them are in memory at once. The next is not read until one is answered; other requests are."""
    _, new_user = callers.new_user()
    body = json.dumps({"name": callers.new_name(), "ignored": "x" * 200_000}).encode()
    head = (
        f"POST /api/2.0{CREATE} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {new_user.token}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode()
    with connect(callers.registry.url) as first, connect(callers.registry.url) as second:
        for connection in (first, second):
            connection.sendall(head + body[:100_000])
        new_user.get("/mlflow/registered-models/search").ok()
        time.sleep(1)  # until both are being read: the caller is authenticated in a thread on PostgreSQL
        with connect(callers.registry.url) as third:
            third.sendall(head + body)
            new_user.get("/mlflow/registered-models/search").ok()
            callers.admin.post(CREATE, name=callers.new_name(), ignored="x" * 200_000).ok()
            third.setblocking(False)
            with pytest.raises(BlockingIOError):
                third.recv(1000)
            third.setblocking(True)
            first.sendall(body[100_000:])
            assert first.recv(1000).startswith(b"HTTP/1.1 200")
            assert third.recv(1000).startswith(b"HTTP/1.1 400")  # the name is taken by the first
        second.close()


# --- queries


def test_queries_of_many_parameters(callers: Callers) -> None:
    path = "/mlflow/registered-models/search?"
    assert "parameters" in refused_shortly(callers.admin.send("GET", path + "a=1&" * 15_000))
    assert "elements" in refused_shortly(callers.admin.send("GET", path + "order_by=name&" * 101))


@pytest.mark.parametrize(
    "text",
    ["AND " * 10_000 + "name = 'x'", "name IN (" + "'a'," * 10_000 + "'a')"],
    ids=["ANDs", "values"],
)
def test_filters_of_many_words(text: str, callers: Callers) -> None:
    body = json.dumps({"filter": text}).encode()  # a target would be too short for it
    assert "at most" in callers.admin.send("GET", "/mlflow/registered-models/search", body).invalid()


# --- pages


def test_a_page_ends_where_it_would_be_too_large(callers: Callers) -> None:
    """All versions are returned, over several pages, though one was requested."""
    name = callers.model()
    for _ in range(100):
        callers.creator.post("/mlflow/model-versions/create", name=name, source="s3://x", description="x" * 99_000).ok()
    seen: list[str] = []
    token, pages = "", 0
    while pages == 0 or token:
        answer = callers.creator.get(
            "/mlflow/model-versions/search", filter=f"name = '{name}'", max_results=200_000, page_token=token
        )
        assert len(answer.content) < 9 * 1024 * 1024
        page = answer.ok()
        seen += [version["version"] for version in page["model_versions"]]
        token, pages = page.get("next_page_token", ""), pages + 1
    assert pages == 2
    assert sorted(seen, key=int) == [str(number) for number in range(1, 101)]


LONGEST_COMMENT = "\x01" * 65_535  # each character has six bytes in JSON


@pytest.mark.parametrize(
    "path", ["/mlflow/comments/list", "/mlflow/activities/list", "/mlflow/transition-requests/list"]
)
def test_a_page_of_the_longest_comments_ends_early(path: str, callers: Callers) -> None:
    """All of them are returned, over several pages, though one was requested."""
    name = callers.model()
    where = {"name": name, "version": callers.version(name)}
    for number in range(12):
        comment = f"{number:02}" + LONGEST_COMMENT[2:]
        if "requests" in path:
            where["version"] = callers.version(name)
            callers.creator.post("/mlflow/transition-requests/create", **where, stage="Staging", comment=comment).ok()
        else:
            callers.creator.post("/mlflow/comments/create", **where, comment=comment).ok()
    asked = where if "comments" in path else {"name": name}
    seen: list[str] = []
    token, pages = "", 0
    while pages == 0 or token:
        answer = callers.creator.get(path, **asked, max_results=1000, page_token=token)
        assert len(answer.content) < 2.1 * 1024 * 1024
        page = answer.ok()
        (rows,) = (rows for rows in page.values() if isinstance(rows, list))
        seen += [row["comment"][:2] for row in rows if "comment" in row]
        token, pages = page.get("next_page_token", ""), pages + 1
    assert pages == 3
    assert sorted(seen) == [f"{number:02}" for number in range(12)]


def test_streams_of_the_longest_comments(fresh: LiveRegistry) -> None:
    """Clients that reconnect to fifty streams, and do not read, are not sent everything; one that reads gets all."""
    with fresh.client(fresh.admin_token) as client:
        client.post("/mlflow/registered-models/create", json={"name": "talk"}).raise_for_status()
        version = {"name": "talk", "source": "s3://x/y"}
        client.post("/mlflow/model-versions/create", json=version).raise_for_status()
        with Api(fresh.url, fresh.admin_token) as api, stream(api) as known:
            begun = known.ready
        for number in range(100):
            comment = {"name": "talk", "version": "1", "comment": f"{number:02}" + LONGEST_COMMENT[2:]}
            client.post("/mlflow/comments/create", json=comment).raise_for_status()
    before = private_memory(fresh.pid)
    head = (
        f"GET /api/2.0/mlflow/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {fresh.admin_token}\r\n"
        f"Last-Event-ID: {begun}\r\n\r\n"
    ).encode()
    with ExitStack() as stack:
        for _ in range(49):
            stack.enter_context(connect(fresh.url, receive=4096)).sendall(head)
        with Api(fresh.url, fresh.admin_token) as api, stream(api, begun) as read:
            seen = [read.next()["comment"][:2] for _ in range(100)]
        grown = private_memory(fresh.pid) - before
    with Api(fresh.url, None) as api:  # after they have disconnected without reading
        api.get("/health").ok()
    assert seen == [f"{number:02}" for number in range(100)]
    print(f"\nfifty streams take {grown:.0f} MiB")
    assert grown < 250


def test_the_tags_that_are_set_one_by_one_are_bounded(callers: Callers) -> None:
    """Every answer about a model contains all of its tags: together they are limited to the size of a request."""
    name = callers.model()
    version = callers.version(name)
    places = (
        ("/mlflow/registered-models/set-tag", {"name": name}),
        ("/mlflow/model-versions/set-tag", {"name": name, "version": version}),
    )
    for path, where in places:
        for number in range(41):
            callers.creator.post(path, **where, key=f"k{number}", value="v" * 100_000).ok()
        message = callers.creator.post(path, **where, key="another", value="v" * 100_000).invalid()
        assert "4,194,304" in message
        callers.creator.post(path, **where, key="k1", value="short").ok()
        callers.creator.post(path, **where, key="another", value="v" * 90_000).ok()


def test_slow_senders_do_not_keep_others_from_sending(tmp_path: Path) -> None:
    """Slow clients with all slots for large bodies are cancelled if others wait; otherwise they may take their time."""
    with (
        serving(tmp_path, "--limit", "large_bodies=2", "--limit", "large_body_seconds=1") as live,
        Api(live.url, live.admin_token) as admin,
    ):
        body = json.dumps({"name": "slow", "ignored": "x" * 200_000}).encode()
        slow = [sending(live, f"slow-{number}", body) for number in range(2)]
        for connection in slow:
            connection.sendall(body[:100_000])
        time.sleep(1.5)  # nobody is waiting
        admin.get("/health").ok()
        for connection in slow:
            connection.setblocking(False)
            with pytest.raises(BlockingIOError):
                connection.recv(1000)
            connection.setblocking(True)
        admin.post(CREATE, name="quick", ignored="x" * 200_000).ok()
        for connection in slow:
            assert connection.recv(1000).startswith(b"HTTP/1.1 408")
            connection.close()


def sending(live: LiveRegistry, user: str, body: bytes) -> socket.socket:
    """A connection on which a user has sent the head of a request."""
    connection = connect(live.url)
    connection.sendall(
        f"POST /api/2.0{CREATE} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {live.token(user, admin=True)}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n".encode()
    )
    return connection


def test_who_does_not_read_long_answers_gets_no_more(callers: Callers) -> None:
    """Other users get theirs; and they themselves again, after the pending answers have been read or cancelled."""
    _, new_user = callers.new_user()
    model = callers.new_name()
    new_user.post(CREATE, name=model).ok()
    for _ in range(80):
        new_user.post("/mlflow/model-versions/create", name=model, source="s3://x", description="x" * 99_000).ok()
    target = f"/mlflow/model-versions/search?filter=name+%3D+'{model}'"
    request = f"GET /api/2.0{target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {new_user.token}\r\n\r\n".encode()
    idle = [connect(callers.registry.url, receive=20_000) for _ in range(4)]
    for connection in idle:
        connection.sendall(request)
        connection.recv(1000)  # it has begun
    answer = new_user.send("GET", target)
    assert "still being sent" in answer.refused(429, "REQUEST_LIMIT_EXCEEDED")
    assert answer.headers["retry-after"]
    callers.admin.send("GET", target).ok()
    new_user.get("/mlflow/registered-models/get", name=model).ok()
    for connection in idle:
        connection.close()
    while new_user.send("GET", target).status == 429:
        pass
    new_user.send("GET", target).ok()
