"""Transition requests: asked, listed, decided, cancelled, and who wins when many decide at once."""

import asyncio
import json
from collections import Counter
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from tests.live_registry import command
from tests.server.api import Api
from tests.server.callers import CREATOR, MOVES, Caller, People, user_id
from tests.server.database_state import Contents, changing
from tests.server.directory import create_service_principal, create_user, new_name
from tests.server.permission_cases import MODELS, REQUESTS, VERSIONS, requests_now, version_now
from tests.server.test_transitions import feed
from tui_registry_server.store.tables import activities

READER = Caller("CAN_READ", "direct")
EDITOR = Caller("CAN_EDIT", "group")
AT_ONCE = 20
Call = tuple[str, str, dict[str, Any]]
"""Method, path and fields."""


def asked(people: People, *callers: Caller, stage: str = "Staging", origin: str = "None") -> dict[str, str]:
    """A new version that each of these asks for: the fields that name their request."""
    model = people.model()
    fields = {"name": model, "version": people.version(model, origin), "stage": stage}
    for caller in callers:
        people.api(caller).post(f"{REQUESTS}/create", **fields).ok()
    return fields


def test_a_request_is_answered_listed_and_recorded(people: People) -> None:
    fields = asked(people)
    made = people.api(READER).post(f"{REQUESTS}/create", **fields, comment="please").ok()["request"]
    assert made["user_id"] == READER.name
    assert (made["from_stage"], made["to_stage"], made["comment"]) == ("None", "Staging", "please")
    assert made["creation_timestamp"] == made["last_updated_timestamp"]
    where = {"name": fields["name"], "version": fields["version"]}
    (listed,) = people.api(READER).get(f"{REQUESTS}/list", **where).ok()["requests"]
    assert listed == made | where
    recorded = feed(people.creator, fields["name"])[-1]
    assert (recorded["activity_type"], recorded["comment"]) == ("REQUESTED_TRANSITION", "please")
    assert version_now(people, fields["name"], fields["version"])["current_stage"] == "None"


def test_the_same_request_twice(people: People, contents: Contents) -> None:
    fields = asked(people, READER)
    with contents.unchanged():
        people.api(READER).post(f"{REQUESTS}/create", **fields).refused(400, "RESOURCE_ALREADY_EXISTS")
        people.api(READER).post(f"{REQUESTS}/create", **fields | {"stage": "STAGING"}).refused(
            400, "RESOURCE_ALREADY_EXISTS"
        )
    people.api(READER).post(f"{REQUESTS}/create", **fields | {"stage": "Archived"}).ok()
    people.api(EDITOR).post(f"{REQUESTS}/create", **fields).ok()


def closed(people: People, model: str) -> list[tuple[str, str | None, list[tuple[str, str, str, str]]]]:
    """What was recorded of a model: each record's type, its words, and which requests it closed."""
    with changing(people.registry.database) as connection:
        columns = activities.c.activity_type, activities.c.system_comment, activities.c.detail
        query = select(*columns).where(activities.c.model_name == model).order_by(activities.c.sequence)
        rows = [(row[0], row[1], json.loads(row[2] or "{}").get("requests", [])) for row in connection.execute(query)]
    return [
        (
            kind,
            said,
            sorted((one["by"]["kind"], one["by"]["id"], one["by"]["name"], one["to_stage"]) for one in requests),
        )
        for kind, said, requests in rows
    ]


def test_who_had_asked_is_on_record_however_a_request_ends(people: People) -> None:
    """Approved, rejected or cancelled; by a direct move; by a version that takes the place; by a deletion."""
    reader, editor = (("user", user_id(people.admin, each.name), each.name) for each in (READER, EDITOR))

    def ended(path: str, origin: str, stage: str, *, by: Caller = CREATOR, method: str = "POST", **more: Any) -> Any:
        fields = asked(people, READER, EDITOR, stage=stage, origin=origin)
        given = {"name": fields["name"], "version": fields["version"], "stage": stage} | more
        people.api(by).call(method, path, given).ok()
        return next(one for one in reversed(closed(people, fields["name"])) if one[2])

    both = sorted([(*reader, "Staging"), (*editor, "Staging")])
    archived = sorted([(*reader, "Archived"), (*editor, "Archived")])
    assert ended(f"{REQUESTS}/approve", "None", "Staging", archive_existing_versions=False)[2] == both
    assert ended(f"{REQUESTS}/reject", "None", "Staging")[2] == both
    assert ended(f"{VERSIONS}/transition-stage", "None", "Staging")[2] == both
    assert ended(f"{REQUESTS}/delete", "None", "Staging", method="DELETE", creator=READER.name)[2] == [
        (*reader, "Staging")
    ]
    kind, said, requests = ended(f"{VERSIONS}/delete", "None", "Staging", method="DELETE")
    assert (kind, requests) == ("DELETED_VERSION", both)
    assert said == f"requested by {EDITOR.name}, {READER.name}"
    assert ended(f"{MODELS}/delete", "None", "Staging", method="DELETE")[::2] == ("DELETED_MODEL", both)

    fields = asked(people, READER, EDITOR, stage="Archived", origin="Production")
    model = fields["name"]
    newcomer = people.version(model)
    move = {"name": model, "version": newcomer, "stage": "Production", "archive_existing_versions": True}
    people.creator.post(f"{VERSIONS}/transition-stage", **move).ok()
    kind, said, requests = closed(people, model)[-2]
    assert (kind, requests) == ("SYSTEM_TRANSITION", archived)
    assert said == f"archived because version {newcomer} moved to Production; requested by {EDITOR.name}, {READER.name}"
    assert requests_now(people, model, fields["version"]) == []


@pytest.mark.parametrize("stage", ["None", "Staging", "Production", "Archived"])
def test_a_request_for_the_stage_that_it_is_in(stage: str, people: People, contents: Contents) -> None:
    fields = asked(people, origin=stage, stage=stage)
    with contents.unchanged():
        assert stage in people.api(READER).post(f"{REQUESTS}/create", **fields).invalid()


@pytest.mark.parametrize(("origin", "target"), MOVES)
def test_approving_settles_every_request_for_the_stage(origin: str, target: str, people: People) -> None:
    fields = asked(people, READER, EDITOR, origin=origin, stage=target)
    other = next(stage for stage in ("Production", "Archived", "None") if stage not in (origin, target))
    people.api(READER).post(f"{REQUESTS}/create", **fields | {"stage": other}).ok()
    activity = people.creator.post(f"{REQUESTS}/approve", **fields, archive_existing_versions=False, comment="ok")
    approved = activity.ok()["activity"]
    assert (approved["activity_type"], approved["from_stage"], approved["to_stage"]) == (
        "APPROVED_REQUEST",
        origin,
        target,
    )
    assert (approved["user_id"], approved["comment"]) == (CREATOR.name, "ok")
    assert all(name in approved["system_comment"] for name in (READER.name, EDITOR.name))
    assert version_now(people, fields["name"], fields["version"])["current_stage"] == target
    assert requests_now(people, fields["name"], fields["version"]) == [(READER.name, other)]
    people.creator.post(f"{REQUESTS}/approve", **fields, archive_existing_versions=False).missing()


def test_approving_can_archive(people: People) -> None:
    fields = asked(people, READER, stage="Production")
    old = people.version(fields["name"], "Production")
    people.creator.post(f"{REQUESTS}/approve", **fields, archive_existing_versions=True).ok()
    assert version_now(people, fields["name"], old)["current_stage"] == "Archived"


def test_rejecting_settles_every_request_and_moves_nothing(people: People) -> None:
    fields = asked(people, READER, EDITOR)
    activity = people.creator.post(f"{REQUESTS}/reject", **fields, comment="no").ok()["activity"]
    assert (activity["activity_type"], activity["comment"]) == ("REJECTED_REQUEST", "no")
    assert version_now(people, fields["name"], fields["version"])["current_stage"] == "None"
    assert requests_now(people, fields["name"], fields["version"]) == []
    people.creator.post(f"{REQUESTS}/reject", **fields).missing()
    people.api(READER).post(f"{REQUESTS}/create", **fields).ok()


@pytest.mark.parametrize("written", [str.lower, str.upper])
def test_cancelling_takes_back_one(written: Any, people: People, contents: Contents) -> None:
    fields = asked(people, READER, EDITOR)
    answer = people.api(READER).delete(f"{REQUESTS}/delete", **fields, creator=written(READER.name), comment="sorry")
    activity = answer.ok()["activity"]
    assert (activity["activity_type"], activity["comment"]) == ("CANCELLED_REQUEST", "sorry")
    assert requests_now(people, fields["name"], fields["version"]) == [(EDITOR.name, "Staging")]
    with contents.unchanged():
        people.api(READER).delete(f"{REQUESTS}/delete", **fields, creator=READER.name).missing()
        people.api(READER).delete(f"{REQUESTS}/delete", **fields, creator="nobody").missing()
    people.creator.delete(f"{REQUESTS}/delete", **fields, creator=EDITOR.name).ok()
    assert EDITOR.name in feed(people.creator, fields["name"])[-1]["system_comment"]


def test_one_takes_back_ones_own_though_another_has_the_name(people: People) -> None:
    """A service principal may be called as a user is; both have asked for the same."""
    name = new_name("both")
    create_user(people.admin, name)
    program = create_service_principal(people.admin, applicationId=name)
    made = people.admin.post("/token-management/on-behalf-of/tokens", application_id=program["applicationId"]).ok()
    fields = asked(people)
    entries = [{field: name, "permission_level": "CAN_READ"} for field in ("user_name", "service_principal_name")]
    people.creator.patch(people.permissions_path(fields["name"]), access_control_list=entries).ok()
    with (
        Api(people.registry.url, command(people.registry.database, "tokens", "create", name).strip()) as user,
        Api(people.registry.url, made["token_value"]) as other,
    ):
        for first, second in ((user, other), (other, user)):
            first.post(f"{REQUESTS}/create", **fields).ok()
            second.post(f"{REQUESTS}/create", **fields).ok()
            first.delete(f"{REQUESTS}/delete", **fields, creator=name).ok()
            first.delete(f"{REQUESTS}/delete", **fields, creator=name).denied()
            second.delete(f"{REQUESTS}/delete", **fields, creator=name).ok()


def test_a_request_goes_with_its_version_and_its_model(people: People) -> None:
    fields = asked(people, READER)
    second = people.version(fields["name"])
    people.api(READER).post(f"{REQUESTS}/create", **fields | {"version": second}).ok()
    people.creator.delete(f"{VERSIONS}/delete", name=fields["name"], version=fields["version"]).ok()
    people.api(READER).get(f"{REQUESTS}/list", name=fields["name"], version=fields["version"]).missing()
    people.creator.delete(f"{MODELS}/delete", name=fields["name"]).ok()
    inbox = people.api(READER).get(f"{REQUESTS}/list", max_results=1000).ok().get("requests", [])
    assert all(request["name"] != fields["name"] for request in inbox)


def test_a_version_takes_a_name(people: People) -> None:
    fields = asked(people)
    people.creator.get(f"{REQUESTS}/list", version=fields["version"]).invalid()


async def at_once(people: People, *calls: Call) -> list[httpx.Response]:
    """Many calls by the administrator, each on a connection of its own."""
    headers = {"Authorization": f"Bearer {people.admin.token}"}
    async with httpx.AsyncClient(base_url=f"{people.registry.url}/api/2.0", headers=headers, timeout=60) as client:
        return await asyncio.gather(*(client.request(method, path, json=fields) for method, path, fields in calls))


async def test_of_many_who_decide_at_once_one_wins(people: People) -> None:
    fields = asked(people, READER, EDITOR)
    approve: Call = ("POST", f"{REQUESTS}/approve", {**fields, "archive_existing_versions": False})
    reject: Call = ("POST", f"{REQUESTS}/reject", fields)
    answers = await at_once(people, *([approve, reject] * (AT_ONCE // 2)))
    assert Counter(answer.status_code for answer in answers)[200] == 1
    assert {answer.status_code for answer in answers} <= {200, 404, 409}
    decided = [
        one["activity_type"] for one in feed(people.creator, fields["name"]) if "REQUEST" in one["activity_type"]
    ]
    assert decided[:2] == ["REQUESTED_TRANSITION"] * 2
    assert len(decided) == 3
    moved = version_now(people, fields["name"], fields["version"])["current_stage"] == "Staging"
    assert moved == (decided[2] == "APPROVED_REQUEST")


async def test_of_the_same_request_made_many_times_at_once_one_is_there(people: People) -> None:
    fields = asked(people)
    answers = await at_once(people, *([("POST", f"{REQUESTS}/create", fields)] * AT_ONCE))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 400: AT_ONCE - 1}
    assert len(requests_now(people, fields["name"], fields["version"])) == 1


async def test_of_many_who_clear_production_at_once_one_stays_there(people: People) -> None:
    model = people.model()
    versions = [people.version(model) for _ in range(AT_ONCE)]
    path = f"{VERSIONS}/transition-stage"
    fields = {"name": model, "stage": "Production", "archive_existing_versions": True}
    answers = await at_once(people, *(("POST", path, fields | {"version": version}) for version in versions))
    assert {answer.status_code for answer in answers} == {200}
    stages = Counter(version_now(people, model, version)["current_stage"] for version in versions)
    assert stages == {"Production": 1, "Archived": AT_ONCE - 1}
