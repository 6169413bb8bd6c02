"""What a change of permissions would do, held against what it does."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import insert

from tests.server.callers import CREATOR, LEVELS, Callers, add_group
from tests.server.database_state import DatabaseState, changing
from tests.server.permission_case import MODELS
from tests.server.staff import ROOT, Staff, direct_entries, entry
from tui_registry_server.store import counters
from tui_registry_server.store.tables import memberships, principals
from tui_registry_server.wire.permission_preview import MAX_PREVIEWED

NONE = "none"


@pytest.fixture
def staff(callers: Callers) -> Iterator[Staff]:
    staff = Staff(callers)
    yield staff
    staff.close()


def preview(staff: Staff, *entries: dict[str, str], path: str = "", **fields: Any) -> dict[str, Any]:
    answer: dict[str, Any] = staff.callers.admin.post(
        f"{path or staff.path}/preview", access_control_list=list(entries), **fields
    ).ok()
    return answer


def levels(change: dict[str, Any]) -> tuple[str, str]:
    return change.get("level_before", NONE), change.get("level_after", NONE)


def members(answer: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {each["principal"]["name"]: levels(each) for each in answer["members"]}


def counts(answer: dict[str, Any]) -> dict[tuple[str, str], int]:
    return {levels(each): each["count"] for each in answer["member_counts"]}


def test_a_grant_to_a_group_tells_for_whom(staff: Staff, database_state: DatabaseState) -> None:
    staff.grant(staff.entry("bob", "CAN_MANAGE"))
    with database_state.unchanged():
        answer = preview(staff, staff.entry("outer", "CAN_EDIT"))
    outer = staff.groups["outer"]
    (named,) = answer["named"]
    assert named == {
        "principal": {"id": staff.ids["outer"], "kind": "group", "name": outer, "active": True},
        "direct_after": "CAN_EDIT",
        "level_after": "CAN_EDIT",
    }
    ann, bob, cy = (staff.user(name) for name in ("ann", "bob", "cy"))
    assert members(answer) == {ann: (NONE, "CAN_EDIT"), cy: (NONE, "CAN_EDIT"), bob: ("CAN_MANAGE", "CAN_MANAGE")}
    assert list(members(answer)) == [ann, cy, bob]  # whose level changes comes first
    assert all(each["through"] == [outer] for each in answer["members"])
    assert counts(answer) == {(NONE, "CAN_EDIT"): 2, ("CAN_MANAGE", "CAN_MANAGE"): 1}
    assert levels(answer["caller"]) == ("CAN_MANAGE", "CAN_MANAGE")
    assert answer["named_count"] == 1
    assert answer["etag"] == staff.callers.admin.get(staff.path).ok()["etag"]
    assert staff.true_level("ann") is None


def test_what_is_granted_on_the_whole_registry_counts_too(staff: Staff) -> None:
    before = direct_entries(staff.callers.admin, ROOT)
    staff.grant(staff.entry("outer", "CAN_EDIT"), path=ROOT)
    try:
        (named,) = preview(staff, staff.entry("ann", "CAN_READ"))["named"]
        assert (levels(named), named["direct_after"]) == (("CAN_EDIT", "CAN_EDIT"), "CAN_READ")
        staff.grant(staff.entry("ann", "CAN_MANAGE"))
        taken = preview(staff, entry("user", CREATOR.name, "CAN_MANAGE"), replace=True)["named"]
        assert [levels(each) for each in taken] == [("CAN_MANAGE", "CAN_EDIT")]
        everywhere = preview(staff, staff.entry("outer", "CAN_MANAGE"), path=ROOT)
        assert counts(everywhere) == {("CAN_EDIT", "CAN_MANAGE"): 3}
        creating = preview(staff, staff.entry("dee", "CAN_CREATE_REGISTERED_MODEL"), path=ROOT)
        assert levels(creating["named"][0]) == (NONE, "CAN_CREATE_REGISTERED_MODEL")
    finally:
        staff.callers.admin.put(ROOT, access_control_list=before).ok()


def test_who_gives_up_control_is_reported(staff: Staff) -> None:
    staff.grant(staff.entry("ann", "CAN_MANAGE"))
    answer = (
        staff.users["ann"][1].post(f"{staff.path}/preview", access_control_list=[staff.entry("ann", "CAN_READ")]).ok()
    )
    assert levels(answer["caller"]) == ("CAN_MANAGE", "CAN_READ")
    taken = staff.users["ann"][1].post(f"{staff.path}/preview", replace=True).ok()
    assert levels(taken["caller"]) == ("CAN_MANAGE", NONE)
    assert {each["principal"]["name"] for each in taken["named"]} == {staff.user("ann"), CREATOR.name}


def test_everybody_is_in_users(staff: Staff) -> None:
    answer = preview(staff, entry("group", "users", "CAN_READ"))
    everybody = sum(counts(answer).values())
    assert everybody > len(staff.users)
    assert len(answer["members"]) == min(MAX_PREVIEWED - 1, everybody)
    assert {each["principal"]["kind"] for each in answer["members"]} <= {"user", "service_principal"}
    assert all(each["through"] == ["users"] for each in answer["members"])
    staff.grant(entry("group", "users", "CAN_READ"))
    assert staff.true_level("dee") == "CAN_READ"
    (named,) = preview(staff, staff.entry("dee", "CAN_EDIT"))["named"]
    assert levels(named) == ("CAN_READ", "CAN_EDIT")
    (group,) = preview(staff, staff.entry("outer", "CAN_EDIT"))["named"]
    assert levels(group) == (NONE, "CAN_EDIT")  # no group is in ``users``


def test_what_would_be_refused_is_refused(staff: Staff, database_state: DatabaseState) -> None:
    admin, path = staff.callers.admin, f"{staff.path}/preview"
    with database_state.unchanged():
        for entries in (
            [entry("group", "admins", "CAN_READ")],
            [entry("user", "nobody", "CAN_READ")],
            [entry("user", staff.user("ann"), "CAN_DANCE")],
            [entry("user", staff.user("ann"), "CAN_CREATE_REGISTERED_MODEL")],
        ):
            refused = admin.post(path, access_control_list=entries)
            changed = admin.patch(staff.path, access_control_list=entries)
            assert refused.status >= 400
            assert (refused.status, refused.json) == (changed.status, changed.json)
        stale = {"access_control_list": [], "etag": "0" * 32}
        assert admin.post(path, **stale).status == admin.put(staff.path, **stale).status == 409
        staff.users["ann"][1].post(path, access_control_list=[]).missing()


def test_what_changes_nothing_names_nobody(staff: Staff) -> None:
    for replace in (False, True):
        answer = preview(staff, entry("user", CREATOR.name, "CAN_MANAGE"), replace=replace)
        assert (answer["named"], answer["named_count"], answer["members"], answer["member_counts"]) == ([], 0, [], [])


@pytest.mark.parametrize("seed", range(8))
def test_it_is_what_the_change_does(staff: Staff, seed: int) -> None:
    chance = random.Random(seed)
    admin = staff.callers.admin
    everybody = [*staff.users, *staff.groups]
    before_on_root = direct_entries(admin, ROOT)

    def some(count: int) -> list[dict[str, str]]:
        return [staff.entry(name, chance.choice(LEVELS[1:])) for name in chance.sample(everybody, count)]

    staff.grant(*some(4))
    try:
        staff.grant(*some(2), path=ROOT)
        for path in (staff.path, ROOT):
            for replace in (False, True):
                entries = [*some(2), *(before_on_root if path == ROOT else [])]
                answer = preview(staff, *entries, path=path, replace=replace)
                before = {name: staff.why(name, path).get("permission_level", NONE) for name in everybody}
                admin.call("PUT" if replace else "PATCH", path, {"access_control_list": entries}).ok()
                after = {name: staff.why(name, path).get("permission_level", NONE) for name in everybody}
                listed = members(answer) | {each["principal"]["name"]: levels(each) for each in answer["named"]}
                for name in everybody:
                    called = staff.groups.get(name) or staff.user(name)
                    if called in listed:
                        assert listed[called] == (before[name], after[name]), (name, answer)
                    elif name in staff.users:
                        assert before[name] == after[name], (name, answer)
                assert counts(answer) == Counter(members(answer).values())
        for name in staff.users:
            assert staff.true_level(name) == staff.why(name).get("permission_level")
    finally:
        admin.put(ROOT, access_control_list=before_on_root).ok()


def test_groups_of_thousands_are_counted_and_few_are_listed(callers: Callers) -> None:
    name = callers.new_name("crowded")
    callers.creator.post(f"{MODELS}/create", name=name).ok()
    path = callers.permissions_path(name)
    inner, outer = (callers.new_name(each) for each in ("inner", "outer"))
    inner_id = add_group(callers.admin, inner)
    add_group(callers.admin, outer, [inner_id])
    member_ids = [f"9{number:015}" for number in range(10_000)]
    with changing(callers.registry.database) as connection:
        person = {"kind": "user", "active": True, "creation_timestamp": 1}
        connection.execute(
            insert(principals),
            [person | {"id": each, "name": f"member-{each}", "name_key": f"member-{each}"} for each in member_ids],
        )
        connection.execute(insert(memberships), [{"group_id": inner_id, "member_id": each} for each in member_ids])
        counters.advance(connection, counters.IDENTITY)
    try:
        callers.admin.patch(path, access_control_list=[entry("user", f"member-{member_ids[-1]}", "CAN_MANAGE")]).ok()
        began = time.monotonic()
        answer = callers.admin.post(f"{path}/preview", access_control_list=[entry("group", outer, "CAN_READ")]).ok()
        took = time.monotonic() - began
        assert counts(answer) == {(NONE, "CAN_READ"): 9_999, ("CAN_MANAGE", "CAN_MANAGE"): 1}
        assert len(answer["named"]) + len(answer["members"]) == MAX_PREVIEWED
        assert levels(answer["members"][0]) == (NONE, "CAN_READ")
        assert took < 5, took  # seconds, on the slowest of machines: it takes a tenth of one
    finally:
        with changing(callers.registry.database) as connection:
            connection.execute(principals.delete().where(principals.c.name_key.like("member-%")))
            counters.advance(connection, counters.IDENTITY)


def test_of_thousands_of_entries_few_are_listed(staff: Staff) -> None:
    many = [staff.callers.new_user()[0] for _ in range(MAX_PREVIEWED + 5)]
    answer = preview(staff, *(entry("user", name, "CAN_READ") for name in many), staff.entry("outer", "CAN_READ"))
    assert answer["named_count"] == len(many) + 1
    assert len(answer["named"]) == MAX_PREVIEWED
    assert answer["members"] == []
    assert counts(answer) == {(NONE, "CAN_READ"): 3}
