"""Transition requests: creating, listing, deciding, cancelling, and concurrent decisions."""

import asyncio
import json
from collections import Counter
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from tests.live_registry import command
from tests.server.api import Api
from tests.server.callers import CREATOR, MOVES, Caller, Callers, user_id
from tests.server.database_state import DatabaseState, changing
from tests.server.directory import create_service_principal, create_user, new_name
from tests.server.permission_case import MODELS, REQUESTS, VERSIONS, requests_now, version_now
from tests.server.test_transitions import feed
from tui_registry_server.store.tables import activities

READER = Caller("CAN_READ", "direct")
EDITOR = Caller("CAN_EDIT", "group")
AT_ONCE = 20
Call = tuple[str, str, dict[str, Any]]
"""Method, path and fields."""


def asked(callers: Callers, *who: Caller, stage: str = "Staging", origin: str = "None") -> dict[str, str]:
    """A new version that each of these requests a stage for: the fields of their requests."""
    model = callers.model()
    fields = {"name": model, "version": callers.version(model, origin), "stage": stage}
    for caller in who:
        callers.api(caller).post(f"{REQUESTS}/create", **fields).ok()
    return fields


def test_a_request_is_answered_listed_and_recorded(callers: Callers) -> None:
    fields = asked(callers)
    made = callers.api(READER).post(f"{REQUESTS}/create", **fields, comment="please").ok()["request"]
    assert made["user_id"] == READER.name
    assert (made["from_stage"], made["to_stage"], made["comment"]) == ("None", "Staging", "please")
    assert made["creation_timestamp"] == made["last_updated_timestamp"]
    where = {"name": fields["name"], "version": fields["version"]}
    (listed,) = callers.api(READER).get(f"{REQUESTS}/list", **where).ok()["requests"]
    assert listed == made | where
    recorded = feed(callers.creator, fields["name"])[-1]
    assert (recorded["activity_type"], recorded["comment"]) == ("REQUESTED_TRANSITION", "please")
    assert version_now(callers, fields["name"], fields["version"])["current_stage"] == "None"


def test_the_same_request_twice(callers: Callers, database_state: DatabaseState) -> None:
    fields = asked(callers, READER)
    with database_state.unchanged():
        callers.api(READER).post(f"{REQUESTS}/create", **fields).refused(400, "RESOURCE_ALREADY_EXISTS")
        callers.api(READER).post(f"{REQUESTS}/create", **fields | {"stage": "STAGING"}).refused(
            400, "RESOURCE_ALREADY_EXISTS"
        )
    callers.api(READER).post(f"{REQUESTS}/create", **fields | {"stage": "Archived"}).ok()
    callers.api(EDITOR).post(f"{REQUESTS}/create", **fields).ok()


def closed(callers: Callers, model: str) -> list[tuple[str, str | None, list[tuple[str, str, str, str]]]]:
    """A model's records: type, comments, and which requests they closed."""
    with changing(callers.registry.database) as connection:
        columns = activities.c.activity_type, activities.c.system_comment, activities.c.detail
        query = select(*columns).where(activities.c.model_name == model).order_by(activities.c.sequence)
        rows = [(row[0], row[1], json.loads(row[2] or "{}").get("requests", [])) for row in connection.execute(query)]
    return [
        (
            kind,
            comment,
            sorted((one["by"]["kind"], one["by"]["id"], one["by"]["name"], one["to_stage"]) for one in requests),
        )
        for kind, comment, requests in rows
    ]


def test_who_had_asked_is_on_record_however_a_request_ends(callers: Callers) -> None:
    """Approved, rejected or cancelled; by a direct transition; by a version that displaces it; by a deletion."""
    reader, editor = (("user", user_id(callers.admin, each.name), each.name) for each in (READER, EDITOR))

    def ended(path: str, origin: str, stage: str, *, by: Caller = CREATOR, method: str = "POST", **more: Any) -> Any:
        fields = asked(callers, READER, EDITOR, stage=stage, origin=origin)
        given = {"name": fields["name"], "version": fields["version"], "stage": stage} | more
        callers.api(by).call(method, path, given).ok()
        return next(one for one in reversed(closed(callers, fields["name"])) if one[2])

    both = sorted([(*reader, "Staging"), (*editor, "Staging")])
    archived = sorted([(*reader, "Archived"), (*editor, "Archived")])
    assert ended(f"{REQUESTS}/approve", "None", "Staging", archive_existing_versions=False)[2] == both
    assert ended(f"{REQUESTS}/reject", "None", "Staging")[2] == both
    assert ended(f"{VERSIONS}/transition-stage", "None", "Staging")[2] == both
    assert ended(f"{REQUESTS}/delete", "None", "Staging", method="DELETE", creator=READER.name)[2] == [
        (*reader, "Staging")
    ]
    kind, comment, requests = ended(f"{VERSIONS}/delete", "None", "Staging", method="DELETE")
    assert (kind, requests) == ("DELETED_VERSION", both)
    assert comment == f"requested by {EDITOR.name}, {READER.name}"
    assert ended(f"{MODELS}/delete", "None", "Staging", method="DELETE")[::2] == ("DELETED_MODEL", both)

    fields = asked(callers, READER, EDITOR, stage="Archived", origin="Production")
    model = fields["name"]
    incoming = callers.version(model)
    move = {"name": model, "version": incoming, "stage": "Production", "archive_existing_versions": True}
    callers.creator.post(f"{VERSIONS}/transition-stage", **move).ok()
    kind, comment, requests = closed(callers, model)[-2]
    assert (kind, requests) == ("SYSTEM_TRANSITION", archived)
    assert (
        comment == f"archived because version {incoming} moved to Production; requested by {EDITOR.name}, {READER.name}"
    )
    assert requests_now(callers, model, fields["version"]) == []


@pytest.mark.parametrize("stage", ["None", "Staging", "Production", "Archived"])
def test_a_request_for_the_stage_that_it_is_in(stage: str, callers: Callers, database_state: DatabaseState) -> None:
    fields = asked(callers, origin=stage, stage=stage)
    with database_state.unchanged():
        assert stage in callers.api(READER).post(f"{REQUESTS}/create", **fields).invalid()


@pytest.mark.parametrize(("origin", "target"), MOVES)
def test_approving_settles_every_request_for_the_stage(origin: str, target: str, callers: Callers) -> None:
    fields = asked(callers, READER, EDITOR, origin=origin, stage=target)
    other = next(stage for stage in ("Production", "Archived", "None") if stage not in (origin, target))
    callers.api(READER).post(f"{REQUESTS}/create", **fields | {"stage": other}).ok()
    activity = callers.creator.post(f"{REQUESTS}/approve", **fields, archive_existing_versions=False, comment="ok")
    approved = activity.ok()["activity"]
    assert (approved["activity_type"], approved["from_stage"], approved["to_stage"]) == (
        "APPROVED_REQUEST",
        origin,
        target,
    )
    assert (approved["user_id"], approved["comment"]) == (CREATOR.name, "ok")
    assert all(name in approved["system_comment"] for name in (READER.name, EDITOR.name))
    assert version_now(callers, fields["name"], fields["version"])["current_stage"] == target
    assert requests_now(callers, fields["name"], fields["version"]) == [(READER.name, other)]
    callers.creator.post(f"{REQUESTS}/approve", **fields, archive_existing_versions=False).missing()


def test_approving_can_archive(callers: Callers) -> None:
    fields = asked(callers, READER, stage="Production")
    old = callers.version(fields["name"], "Production")
    callers.creator.post(f"{REQUESTS}/approve", **fields, archive_existing_versions=True).ok()
    assert version_now(callers, fields["name"], old)["current_stage"] == "Archived"


def test_rejecting_settles_every_request_and_moves_nothing(callers: Callers) -> None:
    fields = asked(callers, READER, EDITOR)
    activity = callers.creator.post(f"{REQUESTS}/reject", **fields, comment="no").ok()["activity"]
    assert (activity["activity_type"], activity["comment"]) == ("REJECTED_REQUEST", "no")
    assert version_now(callers, fields["name"], fields["version"])["current_stage"] == "None"
    assert requests_now(callers, fields["name"], fields["version"]) == []
    callers.creator.post(f"{REQUESTS}/reject", **fields).missing()
    callers.api(READER).post(f"{REQUESTS}/create", **fields).ok()


@pytest.mark.parametrize("written", [str.lower, str.upper])
def test_cancelling_takes_back_one(written: Any, callers: Callers, database_state: DatabaseState) -> None:
    fields = asked(callers, READER, EDITOR)
    answer = callers.api(READER).delete(f"{REQUESTS}/delete", **fields, creator=written(READER.name), comment="sorry")
    activity = answer.ok()["activity"]
    assert (activity["activity_type"], activity["comment"]) == ("CANCELLED_REQUEST", "sorry")
    assert requests_now(callers, fields["name"], fields["version"]) == [(EDITOR.name, "Staging")]
    with database_state.unchanged():
        callers.api(READER).delete(f"{REQUESTS}/delete", **fields, creator=READER.name).missing()
        callers.api(READER).delete(f"{REQUESTS}/delete", **fields, creator="nobody").missing()
    callers.creator.delete(f"{REQUESTS}/delete", **fields, creator=EDITOR.name).ok()
    assert EDITOR.name in feed(callers.creator, fields["name"])[-1]["system_comment"]


def test_one_takes_back_ones_own_though_another_has_the_name(callers: Callers) -> None:
    """A service principal may have the same name as a user; both have created the same request."""
    name = new_name("both")
    create_user(callers.admin, name)
    program = create_service_principal(callers.admin, applicationId=name)
    made = callers.admin.post("/token-management/on-behalf-of/tokens", application_id=program["applicationId"]).ok()
    fields = asked(callers)
    entries = [{field: name, "permission_level": "CAN_READ"} for field in ("user_name", "service_principal_name")]
    callers.creator.patch(callers.permissions_path(fields["name"]), access_control_list=entries).ok()
    with (
        Api(callers.registry.url, command(callers.registry.database, "tokens", "create", name).strip()) as user,
        Api(callers.registry.url, made["token_value"]) as other,
    ):
        for first, second in ((user, other), (other, user)):
            first.post(f"{REQUESTS}/create", **fields).ok()
            second.post(f"{REQUESTS}/create", **fields).ok()
            first.delete(f"{REQUESTS}/delete", **fields, creator=name).ok()
            first.delete(f"{REQUESTS}/delete", **fields, creator=name).denied()
            second.delete(f"{REQUESTS}/delete", **fields, creator=name).ok()


def test_a_request_goes_with_its_version_and_its_model(callers: Callers) -> None:
    fields = asked(callers, READER)
    second = callers.version(fields["name"])
    callers.api(READER).post(f"{REQUESTS}/create", **fields | {"version": second}).ok()
    callers.creator.delete(f"{VERSIONS}/delete", name=fields["name"], version=fields["version"]).ok()
    callers.api(READER).get(f"{REQUESTS}/list", name=fields["name"], version=fields["version"]).missing()
    callers.creator.delete(f"{MODELS}/delete", name=fields["name"]).ok()
    inbox = callers.api(READER).get(f"{REQUESTS}/list", max_results=1000).ok().get("requests", [])
    assert all(request["name"] != fields["name"] for request in inbox)


def test_a_version_takes_a_name(callers: Callers) -> None:
    fields = asked(callers)
    callers.creator.get(f"{REQUESTS}/list", version=fields["version"]).invalid()


async def at_once(callers: Callers, *calls: Call) -> list[httpx.Response]:
    """Concurrent calls by the administrator, each on a connection of its own."""
    headers = {"Authorization": f"Bearer {callers.admin.token}"}
    async with httpx.AsyncClient(base_url=f"{callers.registry.url}/api/2.0", headers=headers, timeout=60) as client:
        return await asyncio.gather(*(client.request(method, path, json=fields) for method, path, fields in calls))


async def test_of_many_who_decide_at_once_one_wins(callers: Callers) -> None:
    fields = asked(callers, READER, EDITOR)
    approve: Call = ("POST", f"{REQUESTS}/approve", {**fields, "archive_existing_versions": False})
    reject: Call = ("POST", f"{REQUESTS}/reject", fields)
    answers = await at_once(callers, *([approve, reject] * (AT_ONCE // 2)))
    assert Counter(answer.status_code for answer in answers)[200] == 1
    assert {answer.status_code for answer in answers} <= {200, 404, 409}
    decided = [
        one["activity_type"] for one in feed(callers.creator, fields["name"]) if "REQUEST" in one["activity_type"]
    ]
    assert decided[:2] == ["REQUESTED_TRANSITION"] * 2
    assert len(decided) == 3
    moved = version_now(callers, fields["name"], fields["version"])["current_stage"] == "Staging"
    assert moved == (decided[2] == "APPROVED_REQUEST")


async def test_of_the_same_request_made_many_times_at_once_one_is_there(callers: Callers) -> None:
    fields = asked(callers)
    answers = await at_once(callers, *([("POST", f"{REQUESTS}/create", fields)] * AT_ONCE))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 400: AT_ONCE - 1}
    assert len(requests_now(callers, fields["name"], fields["version"])) == 1


async def test_of_many_who_clear_production_at_once_one_stays_there(callers: Callers) -> None:
    model = callers.model()
    versions = [callers.version(model) for _ in range(AT_ONCE)]
    path = f"{VERSIONS}/transition-stage"
    fields = {"name": model, "stage": "Production", "archive_existing_versions": True}
    answers = await at_once(callers, *(("POST", path, fields | {"version": version}) for version in versions))
    assert {answer.status_code for answer in answers} == {200}
    stages = Counter(version_now(callers, model, version)["current_stage"] for version in versions)
    assert stages == {"Production": 1, "Archived": AT_ONCE - 1}
