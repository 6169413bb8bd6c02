"""Callers see only what they may read: in lists, in streams, and in error messages."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import delete, update

from tests.live_registry import command
from tests.server.api import Api
from tests.server.callers import CALLERS, SCIM, Caller, Callers, add_group, user_id
from tests.server.database_state import changing
from tests.server.follow_cases import OWN
from tests.server.permission_case import CREATE_MODEL, Case
from tests.server.permission_cases import CASES
from tests.server.streams import stream
from tui_registry_server.store import counters
from tui_registry_server.store.tables import principals, tokens

UNPRIVILEGED = Caller("none", "direct")
PAGE = 7


@dataclass
class Shelf:
    """Many models, of which a user may read every third."""

    api: Api
    readable: list[str]
    hidden: list[str]


@pytest.fixture(scope="module")
def shelf(callers: Callers) -> Iterator[Shelf]:
    database = callers.registry.database
    command(database, "users", "create", "visitor")
    names = [callers.new_name(f"shelf-{number:02}") for number in range(60)]
    readable = names[1::3]
    for name in names:
        create = callers.creator.post(
            "/mlflow/registered-models/create", name=name, tags=[{"key": "shelf", "value": "x"}]
        )
        create.ok()
        for _ in range(2):
            version = callers.version(name)
            callers.creator.post(
                "/mlflow/model-versions/set-tag", name=name, version=version, key="shelf", value="x"
            ).ok()
            callers.creator.post("/mlflow/transition-requests/create", name=name, version=version, stage="Staging").ok()
        if name in readable:
            entry = {"user_name": "visitor", "permission_level": "CAN_READ"}
            callers.creator.patch(callers.permissions_path(name), access_control_list=[entry]).ok()
    with Api(callers.registry.url, command(database, "tokens", "create", "visitor").strip()) as api:
        yield Shelf(api, readable, [name for name in names if name not in readable])


def pages(api: Api, path: str, member: str, **fields: Any) -> list[list[dict[str, Any]]]:
    """All pages of a list."""
    token, found = "", []
    while True:
        page = api.get(path, max_results=PAGE, page_token=token, **fields).ok()
        found.append(page.get(member, []))
        token = page.get("next_page_token", "")
        if not token:
            return found


@pytest.mark.parametrize(
    ("path", "member", "each", "fields"),
    [
        ("/mlflow/registered-models/list", "registered_models", 1, {}),
        ("/mlflow/registered-models/search", "registered_models", 1, {}),
        ("/mlflow/registered-models/search", "registered_models", 1, {"filter": "name LIKE 'shelf-%'"}),
        ("/mlflow/registered-models/search", "registered_models", 1, {"filter": "tags.shelf = 'x'"}),
        ("/mlflow/registered-models/search", "registered_models", 1, {"order_by": "last_updated_timestamp DESC"}),
        ("/mlflow/model-versions/search", "model_versions", 2, {}),
        ("/mlflow/model-versions/search", "model_versions", 2, {"filter": "tags.shelf = 'x'"}),
        ("/mlflow/model-versions/search", "model_versions", 2, {"order_by": "name"}),
        ("/mlflow/transition-requests/list", "requests", 2, {}),
        ("/mlflow/activities/list", "activities", 2, {"activity_type": "REQUESTED_TRANSITION"}),
    ],
)
def test_pages_are_full_and_right_among_what_is_hidden(
    path: str, member: str, each: int, fields: dict[str, str], shelf: Shelf
) -> None:
    found = pages(shelf.api, path, member, **fields)
    rows = [row for page in found for row in page]
    assert [len(page) for page in found[:-1]] == [PAGE] * (len(found) - 1)
    assert 1 <= len(found[-1]) <= PAGE
    assert sorted(row["name"] for row in rows) == sorted(shelf.readable * each)
    if path.endswith("/list") and each == 1:
        assert [row["name"] for row in rows] == sorted(shelf.readable)


@pytest.mark.parametrize("path", ["/mlflow/registered-models/search", "/mlflow/model-versions/search"])
def test_no_filter_tells_of_what_is_hidden(path: str, shelf: Shelf) -> None:
    hidden = shelf.hidden[0]
    for text in (f"name = '{hidden}'", f"name LIKE '{hidden}%'", f"name ILIKE '%{hidden}'", f"name IN ('{hidden}')"):
        assert shelf.api.get(path, filter=text).ok() == {}


def test_the_feed_of_a_hidden_model_is_that_of_none(shelf: Shelf) -> None:
    for fields in ({}, {"version": "1"}):
        shelf.api.get("/mlflow/activities/list", name=shelf.hidden[0], **fields).missing()
    found = pages(shelf.api, "/mlflow/activities/list", "activities")
    assert {row["name"] for page in found for row in page} == set(shelf.readable)
    assert not pages(shelf.api, "/mlflow/activities/list", "activities", user="admin")[0]


def _is_about_a_model(case: Case) -> bool:
    return case.ability not in (CREATE_MODEL, OWN) and case.about in (
        "",
        "None -> Staging",
        "another's",
        "somebody else's",
    )


@pytest.mark.parametrize("case", [case for case in CASES if _is_about_a_model(case)], ids=str)
def test_what_is_hidden_answers_as_what_is_not_there(case: Case, callers: Callers) -> None:
    """Byte for byte, except for its own name."""
    attempt = case.prepare(callers, UNPRIVILEGED)
    named = [attempt.fields[field] for field in ("name", "id") if field in attempt.fields]
    if "filter" in attempt.fields:
        named = [attempt.fields["filter"].split("'")[1]]
    if not named:
        named = [part for part in attempt.path.split("/") if len(part) == 32]
    if not named:
        return  # a list of everything
    (name,) = named
    other = hashlib.sha256(name.encode()).hexdigest()[: len(name)].ljust(len(name), "0")
    hidden = attempt.make(callers.api(UNPRIVILEGED))
    fields = json.loads(json.dumps(attempt.fields).replace(name, other))
    absent = callers.api(UNPRIVILEGED).call(attempt.method, attempt.path.replace(name, other), fields)
    assert (hidden.status, hidden.content) == (absent.status, absent.content.replace(other.encode(), name.encode()))
    assert hidden.status == (200 if attempt.shown else 404)


@pytest.fixture(scope="module")
def maker(callers: Callers) -> Api:
    """Somebody who may create models, and so has a level on the whole registry, but may read none."""
    name, api = callers.new_user()
    entry = {"user_name": name, "permission_level": "CAN_CREATE_REGISTERED_MODEL"}
    callers.admin.patch("/permissions/registered-models/root", access_control_list=[entry]).ok()
    return api


@pytest.fixture(scope="module")
def new_user(callers: Callers) -> Api:
    """Somebody without any level, whom no other test gives one."""
    return callers.new_user()[1]


@pytest.mark.parametrize("case", [case for case in CASES if _is_about_a_model(case)], ids=str)
def test_whoever_may_create_models_sees_no_more(case: Case, callers: Callers, maker: Api, new_user: Api) -> None:
    attempt = case.prepare(callers, UNPRIVILEGED)
    answer, of_new_user = (attempt.make(api) for api in (maker, new_user))
    assert (answer.status, answer.content) == (of_new_user.status, of_new_user.content)


def test_a_name_that_is_taken_cannot_be_hidden(callers: Callers) -> None:
    """Creating or renaming reveals that a name is taken, as names are unique; and nothing else: not whether it is by a
    model that they could see. Users who may not rename do not learn even that."""
    taken, mine, seen = callers.model("taken"), callers.new_name("mine"), callers.new_name("seen")
    unprivileged = callers.api(UNPRIVILEGED)
    for name in (mine, seen):
        unprivileged.post("/mlflow/registered-models/create", name=name).ok()
    for path, fields in (("create", {}), ("rename", {"name": mine})):
        field = "new_name" if fields else "name"
        hidden, shown = (
            unprivileged.post(f"/mlflow/registered-models/{path}", **fields, **{field: name}).refused(
                400, "RESOURCE_ALREADY_EXISTS"
            )
            for name in (taken, seen)
        )
        assert hidden == shown.replace(seen, taken)
    editor = callers.api(Caller("CAN_EDIT", "direct"))
    model, free = callers.model(), callers.new_name("free")
    names = (taken, free)
    refused = [editor.post("/mlflow/registered-models/rename", name=model, new_name=name).denied() for name in names]
    assert refused[0] == refused[1]


def test_a_source_does_not_tell_of_a_hidden_version(callers: Callers) -> None:
    hidden, mine = callers.model("hidden"), callers.new_name("mine")
    callers.version(hidden)
    unprivileged = callers.api(UNPRIVILEGED)
    unprivileged.post("/mlflow/registered-models/create", name=mine).ok()
    answers = [
        unprivileged.post("/mlflow/model-versions/create", name=mine, source=f"models:/{name}/1")
        for name in (hidden, "x" * len(hidden))
    ]
    assert answers[0].missing() == answers[1].missing().replace("x" * len(hidden), hidden)


# --- changes of permissions ----------------------------------------------------------------------------------------


def test_grants_and_revocations_take_effect_at_once(callers: Callers) -> None:
    name, api = callers.new_user()
    model = callers.model()
    path = callers.permissions_path(model)
    root = "/permissions/registered-models/root"
    for where, at_last in ((path, []), (root, callers.admin.get(root).ok()["access_control_list"])):
        api.get("/mlflow/registered-models/get", name=model).missing()
        entry = {"user_name": name, "permission_level": "CAN_READ"}
        callers.admin.patch(where, access_control_list=[entry]).ok()
        api.get("/mlflow/registered-models/get", name=model).ok()
        api.patch("/mlflow/registered-models/update", name=model).denied()
        before = [
            {key: one[key] for key in one if key.endswith("_name") and key != "display_name"}
            | {"permission_level": one["all_permissions"][0]["permission_level"]}
            for one in at_last
        ]
        callers.admin.put(where, access_control_list=before).ok()
        api.get("/mlflow/registered-models/get", name=model).missing()


def test_memberships_take_effect_at_once(callers: Callers) -> None:
    name, api = callers.new_user()
    model = callers.model()
    member_id = user_id(callers.admin, name)
    group_id = add_group(callers.admin, callers.new_name("club"), [member_id])
    group = callers.admin.get(f"{SCIM}/Groups/{group_id}").ok()["displayName"]
    entry = {"group_name": group, "permission_level": "CAN_READ"}
    callers.admin.patch(f"/permissions/registered-models/{callers.model_id(model)}", access_control_list=[entry]).ok()
    api.get("/mlflow/registered-models/get", name=model).ok()
    leaving = {"op": "remove", "path": f'members[value eq "{member_id}"]'}
    callers.admin.patch(f"{SCIM}/Groups/{group_id}", Operations=[leaving])
    api.get("/mlflow/registered-models/get", name=model).missing()


def say(callers: Callers, model: str) -> str:
    """Write a comment on a model's version 1; its unique text."""
    words = callers.new_name("words")
    callers.creator.post("/mlflow/comments/create", name=model, version="1", comment=words).ok()
    return words


def test_an_open_stream_follows_the_rights(callers: Callers) -> None:
    name, api = callers.new_user()
    always, sometimes = callers.model("always"), callers.model("sometimes")
    for model in (always, sometimes):
        callers.version(model)
    entry = {"user_name": name, "permission_level": "CAN_READ"}
    callers.creator.patch(callers.permissions_path(always), access_control_list=[entry]).ok()
    with stream(api) as events:
        say(callers, sometimes)
        assert {one["name"] for one in events.until_comment(say(callers, always))} == {always}
        callers.as_before(sometimes)
        callers.creator.patch(callers.permissions_path(sometimes), access_control_list=[entry]).ok()
        words = say(callers, sometimes)
        assert events.until_comment(words)[-1]["name"] == sometimes
        callers.as_before(sometimes)
        say(callers, sometimes)
        assert {one["name"] for one in events.until_comment(say(callers, always))} == {always}


def test_nobody_can_count_what_is_hidden(callers: Callers) -> None:
    """Neither by event ids, nor by the ready event, nor by the feed's page tokens: they do not depend on how much has
    happened elsewhere."""
    name, api = callers.new_user()
    seen, hidden = callers.model("seen"), callers.model("hidden")
    for model in (seen, hidden):
        callers.version(model)
    entry = {"user_name": name, "permission_level": "CAN_READ"}
    callers.creator.patch(callers.permissions_path(seen), access_control_list=[entry]).ok()
    with stream(api) as events:
        ids = []
        for happening in (0, 1, 20):
            for _ in range(happening):
                say(callers, hidden)
            ids.append(events.until_comment(say(callers, seen))[-1]["event_id"])
    begun = []
    for _ in range(3):
        with stream(api) as again:
            begun.append(again.ready)
    pages = [
        api.get("/mlflow/activities/list", name=seen, max_results=number).ok()["next_page_token"] for number in (1, 2)
    ]
    inner = [json.loads(base64.urlsafe_b64decode(page + "=" * (-len(page) % 4)))[2] for page in pages]
    cursors = [*ids, *begun, *inner]
    assert len(set(cursors)) == len(cursors) - len(
        set(ids) & set(inner)
    )  # an event has one id, a ready event a different one each time
    for each in cursors:
        assert re.fullmatch(r"[\w\-]{32}", each)
    blocks = [base64.urlsafe_b64decode(each) for each in cursors]
    # Plain numbers that are close would share most of their bytes.
    alike = [sum(a == b for a, b in zip(one, other, strict=True)) for one, other in pairwise(blocks) if one != other]
    assert max(alike) <= 6
    # An id of another registry, or a forged one, is refused.
    forged = base64.urlsafe_b64encode(bytes([blocks[0][0] ^ 1]) + blocks[0][1:]).decode()
    assert "Last-Event-ID" in api.send("GET", "/mlflow/events", None, {"Last-Event-ID": forged}).invalid()
    assert "Last-Event-ID" in api.send("GET", "/mlflow/events", None, {"Last-Event-ID": "1"}).invalid()


@pytest.mark.parametrize("end", ["expired", "revoked", "deactivated", "deleted"])
def test_a_stream_ends_with_its_token(end: str, callers: Callers) -> None:
    name, api = callers.new_user()
    model = callers.model()
    callers.version(model)
    entry = {"user_name": name, "permission_level": "CAN_READ"}
    callers.creator.patch(callers.permissions_path(model), access_control_list=[entry]).ok()
    digest = hashlib.sha256(str(api.token).encode()).hexdigest()
    with stream(api) as events:
        words = say(callers, model)
        events.until_comment(words)
        with changing(callers.registry.database) as connection:
            if end == "expired":
                connection.execute(update(tokens).where(tokens.c.hash == digest).values(expiry_timestamp=1))
            elif end == "revoked":
                connection.execute(delete(tokens).where(tokens.c.hash == digest))
            elif end == "deactivated":
                connection.execute(update(principals).where(principals.c.name == name).values(active=False))
            else:
                connection.execute(delete(principals).where(principals.c.name == name))
            counters.advance(connection, counters.IDENTITY)
        say(callers, model)
        assert events.rest() == []
    api.get("/mlflow/registered-models/list").refused(401, "UNAUTHENTICATED")


@pytest.mark.parametrize("caller", CALLERS, ids=str)
def test_the_stream_shows_what_the_caller_may_read(caller: Caller, callers: Callers) -> None:
    model, everybodys = callers.model("streamed"), callers.model("everybodys")
    for name in (model, everybodys):
        callers.version(name)
    entry = {"group_name": "users", "permission_level": "CAN_READ"}
    callers.creator.patch(callers.permissions_path(everybodys), access_control_list=[entry]).ok()
    with stream(callers.api(caller)) as live:
        comment = say(callers, model)
        last = say(callers, everybodys)
        seen = live.until_comment(last)
    assert any(one.get("comment") == comment for one in seen) == (caller.level != "none")
    with stream(callers.api(caller), since=live.ready) as resumed:
        assert resumed.until_comment(last) == seen
