"""Why somebody has a level: what the server says of it, held against what it lets them do."""

import random
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from tests.server.callers import CALLERS, LEVELS, SCIM, Caller, Callers, add_group, user_id
from tests.server.database_state import DatabaseState
from tests.server.permission_case import MODELS
from tests.server.staff import ROOT, Staff, direct_entries, entry
from tui_registry_server.wire.permission_reasons import MAX_THROUGH

OF_ROOT = ["/registered-models/"]


@pytest.fixture
def staff(callers: Callers) -> Iterator[Staff]:
    staff = Staff(callers)
    yield staff
    staff.close()


def test_every_grant_is_reported_the_highest_level_first(staff: Staff) -> None:
    staff.grant(
        staff.entry("inner", "CAN_MANAGE_STAGING_VERSIONS"),
        staff.entry("ann", "CAN_EDIT"),
        staff.entry("aside", "CAN_MANAGE"),
    )
    before = direct_entries(staff.callers.admin, ROOT)
    staff.grant(staff.entry("outer", "CAN_READ"), path=ROOT)
    try:
        why = staff.why("ann")
    finally:
        staff.callers.admin.put(ROOT, access_control_list=before).ok()
    user, (inner, middle, outer) = staff.user("ann"), (staff.groups[each] for each in ("inner", "middle", "outer"))
    assert why == {
        "object_id": staff.path.removeprefix("/permissions"),
        "object_type": "registered-model",
        "principal": {"id": staff.ids["ann"], "kind": "user", "name": user, "active": True},
        "permission_level": "CAN_MANAGE_STAGING_VERSIONS",
        "grants": [
            {
                "permission_level": "CAN_MANAGE_STAGING_VERSIONS",
                "by_name": False,
                "group_name": inner,
                "inherited": False,
            },
            {"permission_level": "CAN_EDIT", "by_name": True, "inherited": False},
            {
                "permission_level": "CAN_READ",
                "by_name": False,
                "group_name": outer,
                "through": [inner, middle],
                "inherited": True,
                "inherited_from_object": OF_ROOT,
            },
        ],
        "grant_count": 3,
        "groups": sorted([inner, middle, outer, "users"]),
        "group_count": 4,
    }


def test_who_is_granted_nothing_has_no_level(staff: Staff) -> None:
    why = staff.why("dee")
    assert "permission_level" not in why
    assert "grants" not in why
    assert why["groups"] == sorted([staff.groups["aside"], "users"])


def test_a_group_has_what_it_and_those_above_it_are_granted(staff: Staff) -> None:
    staff.grant(entry("group", "users", "CAN_EDIT"), staff.entry("outer", "CAN_READ"), staff.entry("inner", "CAN_READ"))
    assert [(each["by_name"], each.get("through", [])) for each in staff.why("inner")["grants"]] == [
        (True, []),
        (False, [staff.groups["middle"]]),
    ]  # no group is in ``users``
    assert staff.why("inner")["permission_level"] == "CAN_READ"
    assert "groups" not in staff.why("aside")
    assert staff.why("ann")["grants"][0] == {
        "permission_level": "CAN_EDIT",
        "by_name": False,
        "group_name": "users",
        "inherited": False,
    }


def test_members_of_admins_manage_everything_by_a_built_in_rule(staff: Staff) -> None:
    admins = staff.callers.admin.get(f"{SCIM}/Groups", filter='displayName eq "admins"').ok()["Resources"][0]["id"]
    joining = {"op": "add", "path": "members", "value": [{"value": staff.ids["middle"]}]}
    staff.callers.admin.patch(f"{SCIM}/Groups/{admins}", Operations=[joining]).ok()
    try:
        why = staff.why("ann")
        assert staff.true_level("ann") == "CAN_MANAGE"
    finally:
        leaving = {"op": "remove", "path": f'members[value eq "{staff.ids["middle"]}"]'}
        staff.callers.admin.patch(f"{SCIM}/Groups/{admins}", Operations=[leaving]).ok()
    assert why["permission_level"] == "CAN_MANAGE"
    assert why["grants"] == [
        {
            "permission_level": "CAN_MANAGE",
            "by_name": False,
            "group_name": "admins",
            "through": [staff.groups["inner"], staff.groups["middle"]],
            "inherited": True,
            "inherited_from_object": OF_ROOT,
            "built_in": True,
        }
    ]
    itself = staff.callers.admin.get(f"{ROOT}/why", principal="group:admins").ok()
    assert itself["grants"] == [
        {"permission_level": "CAN_MANAGE", "by_name": True, "inherited": False, "built_in": True}
    ]


def test_creating_models_is_no_level_on_any_of_them(staff: Staff) -> None:
    before = direct_entries(staff.callers.admin, ROOT)
    staff.grant(staff.entry("dee", "CAN_CREATE_REGISTERED_MODEL"), path=ROOT)
    try:
        assert staff.why("dee", ROOT)["permission_level"] == "CAN_CREATE_REGISTERED_MODEL"
        assert "grants" not in staff.why("dee")
    finally:
        staff.callers.admin.put(ROOT, access_control_list=before).ok()


@pytest.mark.parametrize("caller", CALLERS, ids=str)
def test_the_level_is_what_the_caller_has(caller: Caller, callers: Callers) -> None:
    """However it is had; and everybody who may read the permissions may ask of themselves without saying who that
    is."""
    path = callers.permissions_path(callers.model())
    name = callers.user_id(caller)
    why = callers.admin.get(f"{path}/why", principal=name).ok()
    assert why.get("permission_level", "none") == caller.level
    if caller.level == "none":
        callers.api(caller).get(f"{path}/why").missing()
    else:
        assert why["grants"][0]["permission_level"] == caller.level
        assert callers.api(caller).get(f"{path}/why").ok() == why


@pytest.mark.parametrize("seed", range(6))
def test_it_agrees_with_what_everybody_may_do(staff: Staff, seed: int) -> None:
    chance = random.Random(seed)
    admin = staff.callers.admin
    everybody = [*staff.users, *staff.groups]
    before = direct_entries(admin, ROOT)

    def some(levels: Sequence[str]) -> list[dict[str, str]]:
        return [staff.entry(name, chance.choice(levels)) for name in chance.sample(everybody, 3)]

    staff.grant(*some(LEVELS[1:]))
    try:
        staff.grant(*some(["CAN_CREATE_REGISTERED_MODEL", *LEVELS[1:]]), path=ROOT)
        for name in staff.users:
            why = staff.why(name)
            assert why.get("permission_level") == staff.true_level(name), (name, why)
            ranks = [LEVELS.index(each["permission_level"]) for each in why.get("grants", [])]
            assert ranks == sorted(ranks, reverse=True)
            assert why.get("permission_level", "none") == LEVELS[max(ranks, default=0)]
    finally:
        admin.put(ROOT, access_control_list=before).ok()


def test_the_permissions_of_a_deleted_model_are_explained_too(staff: Staff) -> None:
    staff.grant(staff.entry("dee", "CAN_READ"))
    staff.callers.creator.delete(f"{MODELS}/delete", name=staff.model).ok()
    assert staff.why("dee")["permission_level"] == "CAN_READ"


# --- who is meant --------------------------------------------------------------------------------------------------


def test_who_is_meant(staff: Staff) -> None:
    admin, group = staff.callers.admin, staff.groups["outer"]
    admin.post(f"{SCIM}/Users", userName=group, displayName="Not a group", active=False).ok()
    application = admin.post(f"{SCIM}/ServicePrincipals", displayName="robot").ok()["applicationId"]

    def meant(text: str) -> Any:
        return admin.get(f"{staff.path}/why", principal=text).ok()["principal"]

    assert meant(f"group:{group}")["kind"] == "group"
    named = meant(f" User : {group.upper()} ")
    assert (named["kind"], named["name"], named["display_name"], named["active"]) == (
        "user",
        group,
        "Not a group",
        False,
    )
    for text in (f"service:{application}", application):
        assert meant(text)["kind"] == "service_principal"
        assert meant(text)["display_name"] == "robot"
    assert meant(staff.user("ann").upper())["name"] == staff.user("ann")


def test_of_several_of_one_name_one_has_to_be_said(staff: Staff, database_state: DatabaseState) -> None:
    admin, group = staff.callers.admin, staff.groups["outer"]
    admin.post(f"{SCIM}/Users", userName=group).ok()
    message = admin.get(f"{staff.path}/why", principal=group).invalid()
    assert f"write user:{group} or group:{group}" in message
    with database_state.unchanged():
        assert "no name has a colon" in admin.get(f"{staff.path}/why", principal=f"robot:{group}").invalid()
        assert admin.get(f"{staff.path}/why", principal="group:nobody").missing() == (
            "There is no group called 'nobody'."
        )
        admin.get(f"{staff.path}/why", principal="nobody").missing()
        admin.get(f"{staff.path}/why", principal=f"service:{group}").missing()
        admin.get(f"{staff.path}/why", principal="user:").missing()
        admin.get(f"{staff.path}/why", principal="x\0y").invalid()


def test_who_may_not_read_the_permissions_learns_nothing(staff: Staff) -> None:
    """Neither of others nor of themselves; who may, learns of both."""
    dee = staff.users["dee"][1]
    for fields in ({}, {"principal": staff.address("dee")}, {"principal": staff.address("ann")}):
        dee.get(f"{staff.path}/why", **fields).missing()
        dee.get(f"{ROOT}/why", **fields).denied()
    staff.grant(staff.entry("dee", "CAN_READ"))
    assert dee.get(f"{staff.path}/why").ok()["permission_level"] == "CAN_READ"
    assert "permission_level" not in dee.get(f"{staff.path}/why", principal=staff.address("ann")).ok()


def test_explaining_writes_nothing(staff: Staff, database_state: DatabaseState) -> None:
    with database_state.unchanged():
        staff.why("ann")
        staff.why("inner", ROOT)


def test_of_many_groups_some_are_listed_and_all_counted(callers: Callers) -> None:
    """Each in the next one: what is notified of them grows with their number, not with its square."""
    name, _ = callers.new_user()
    model = callers.model("deep")
    path, inner, entries = callers.permissions_path(model), user_id(callers.admin, name), []
    for number in range(MAX_THROUGH + 10):
        group = callers.new_name(f"nested-{number}")
        inner = add_group(callers.admin, group, [inner])
        entries.append(entry("group", group, "CAN_READ"))
    callers.admin.patch(path, access_control_list=entries).ok()
    why = callers.admin.get(f"{path}/why", principal=f"user:{name}").ok()
    assert why["grant_count"] == len(entries)
    assert why["group_count"] == len(entries) + 1  # and users
    assert max(len(each.get("through", ())) for each in why["grants"]) == MAX_THROUGH


def test_a_principal_of_many_characters_is_not_reported_again(staff: Staff) -> None:
    said = staff.callers.admin.get(f"{staff.path}/why", principal="x" * 60_000).invalid()
    assert len(said) < 200
