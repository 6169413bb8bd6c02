"""Who may do what and why, as the console reckons it, held against what the live server says."""

import random
import uuid
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.live_registry import ADMIN, LiveRegistry
from tui_registry.access import addresses, memberships
from tui_registry.access.access_list import (
    ADMINISTRATORS,
    MANAGE,
    NONE,
    AccessList,
    Grant,
    Kind,
    Person,
    Principal,
    changes,
    effective_level,
    reasons,
)
from tui_registry.access.addresses import UnknownAddressError
from tui_registry.access.grants import WHOLE_REGISTRY, effects, governed_model, read
from tui_registry.client.permissions import ROOT
from tui_registry.client.registry import RegistryClient
from tui_registry.screens.access.accounts import accounts_filter
from tui_registry_server.wire.permission import AccessControl, ObjectPermissions, Permission

ADA, KIM = Principal(Kind.USER, "ada"), Principal(Kind.USER, "kim")
LEADS, STAFF = Principal(Kind.GROUP, "ml-leads"), Principal(Kind.GROUP, "all-staff")
LEVELS = (
    "CAN_READ",
    "CAN_EDIT",
    "CAN_MANAGE_STAGING_VERSIONS",
    "CAN_MANAGE_PRODUCTION_VERSIONS",
    "CAN_MANAGE",
)


def access(*grants: Grant, registry_wide: bool = False) -> AccessList:
    everywhere = Grant(ADMINISTRATORS, MANAGE, inherited=not registry_wide)
    return AccessList(frozenset({everywhere, *grants}), registry_wide)


def test_every_reason_is_told_the_highest_level_first() -> None:
    seen = access(
        Grant(LEADS, "CAN_MANAGE_STAGING_VERSIONS"), Grant(STAFF, "CAN_READ", inherited=True), Grant(ADA, "CAN_EDIT")
    )
    ada = Person(ADA, {"ml-leads": (), "data": (), "all-staff": ("data",)})
    assert [reason.told(registry_wide=False) for reason in reasons(seen, ada)] == [
        "CAN_MANAGE_STAGING_VERSIONS by group ml-leads, set on this model",
        "CAN_EDIT by name, set on this model",
        "CAN_READ by group all-staff (through data), inherited from the whole registry",
    ]
    assert effective_level(seen, ada) == "CAN_MANAGE_STAGING_VERSIONS"


def test_members_of_admins_manage_everything() -> None:
    told = [reason.told(registry_wide=False) for reason in reasons(access(), Person(ADA, {"admins": ("ops",)}))]
    assert told == ["CAN_MANAGE as a member of admins (through ops), who manage everything"]


def test_who_is_granted_nothing_has_no_level() -> None:
    seen = access(Grant(LEADS, "CAN_READ"))
    assert effective_level(seen, Person(KIM, {"users": ()})) == NONE
    assert reasons(seen, Person(Principal(Kind.USER, "ml-leads"))) == []  # a user of that name is not the group
    assert effective_level(seen, Person(LEADS)) == "CAN_READ"


def test_the_whole_registrys_own_grants_are_told_as_such() -> None:
    seen = access(Grant(ADA, "CAN_CREATE_REGISTERED_MODEL"), registry_wide=True)
    (reason,) = reasons(seen, Person(ADA))
    assert reason.told(registry_wide=True) == "CAN_CREATE_REGISTERED_MODEL by name, set on the whole registry"


def test_what_a_change_means_for_each() -> None:
    before = access(Grant(ADA, "CAN_MANAGE"), Grant(STAFF, "CAN_READ", inherited=True))
    after = before.granting(LEADS, "CAN_EDIT")
    people = [Person(ADA, {"ml-leads": ()}), Person(KIM, {"ml-leads": (), "all-staff": ()}), Person(LEADS)]
    assert [(each.before, each.after) for each in changes(before, after, people)] == [
        ("CAN_MANAGE", "CAN_MANAGE"),
        ("CAN_READ", "CAN_EDIT"),
        (NONE, "CAN_EDIT"),
    ]
    assert after.granting(LEADS, NONE) == before


def test_only_direct_grants_are_sent_back() -> None:
    seen = access(Grant(ADA, "CAN_READ"), Grant(LEADS, "CAN_EDIT", inherited=True))
    assert [entry.model_dump(exclude_none=True) for entry in seen.entries()] == [
        {"user_name": "ada", "permission_level": "CAN_READ"}
    ]
    lowered = seen.granting(ADA, "CAN_EDIT").granting(LEADS, "CAN_READ")
    assert dict(lowered.direct) == {ADA: "CAN_EDIT", LEADS: "CAN_READ"}
    assert Grant(LEADS, "CAN_EDIT", inherited=True) in lowered.grants


def test_a_list_is_read_from_the_wire() -> None:
    permissions = ObjectPermissions(
        object_id="/registered-models/1",
        object_type="registered-model",
        access_control_list=[
            AccessControl(
                user_name="ada",
                display_name="Ada L.",
                all_permissions=[
                    Permission(permission_level="CAN_EDIT"),
                    Permission(permission_level="CAN_READ", inherited=True),
                ],
            ),
            AccessControl(service_principal_name="bot", all_permissions=[Permission(permission_level="CAN_READ")]),
            AccessControl(
                group_name="admins", all_permissions=[Permission(permission_level="CAN_MANAGE", inherited=True)]
            ),
        ],
    )
    seen = AccessList.of(permissions, registry_wide=False)
    assert seen == access(
        Grant(ADA, "CAN_EDIT"),
        Grant(ADA, "CAN_READ", inherited=True),
        Grant(Principal(Kind.SERVICE_PRINCIPAL, "bot"), "CAN_READ"),
    )
    assert {grant.shown for grant in seen.grants if grant.principal == ADA} == {"Ada L."}


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("", ""),
        ("is:inactive", "active eq false"),
        ("group:ml", 'groups.display eq "ml"'),
        ('a"b', '(userName co "a\\"b" or displayName co "a\\"b")'),
        ("is:odd", '(userName co "is:odd" or displayName co "is:odd")'),
    ],
)
def test_what_is_typed_becomes_a_filter(typed: str, wanted: str) -> None:
    assert accounts_filter(typed, "userName") == wanted


class Staff:
    """People in groups in groups, and a model, on a registry that others use too."""

    def __init__(self, registry: LiveRegistry, client: RegistryClient) -> None:
        self.registry = registry
        self.client = client
        self.id = uuid.uuid4().hex[:6]
        self.model = f"governed-{self.id}"
        self.users = {name: f"{name}-{self.id}" for name in ("ann", "bob", "cy", "dee", "eve")}
        self.groups = {name: f"{name}-{self.id}" for name in ("inner", "middle", "outer", "aside")}

    async def settle(self) -> None:
        for user in self.users.values():
            self.registry.token(user)
        ids = {
            name: (await self.client.users.search(filter_text=f'userName eq "{user}"')).resources[0].id
            for name, user in self.users.items()
        }
        for name, members in {
            "inner": ("ann", "bob"),
            "middle": ("inner", "cy"),
            "outer": ("middle",),
            "aside": ("bob", "dee"),
        }.items():
            group = await self.client.groups.create(self.groups[name])
            ids[name] = group.id
            await self.client.groups.add_members(group.id, [ids[member] for member in members])
        await self.client.models.create(self.model)

    def principal(self, name: str) -> Principal:
        kind = Kind.USER if name in self.users else Kind.GROUP
        return Principal(kind, (self.users | self.groups)[name])

    def true_level(self, user: str) -> str:
        """What the server itself says to the user."""
        with httpx.Client(headers={"Authorization": f"Bearer {self.registry.token(user)}"}) as http:
            path = f"{self.registry.url}/api/2.0/mlflow/databricks/registered-models/get"
            answer = http.get(path, params={"name": self.model})
        if answer.status_code == 404:
            return NONE
        level: str = answer.json()["registered_model_databricks"]["permission_level"]
        return level


@pytest.fixture
async def staff(registry: LiveRegistry) -> AsyncIterator[Staff]:
    async with RegistryClient(registry.url, registry.admin_token) as client:
        staff = Staff(registry, client)
        await staff.settle()
        before = (await read(client, WHOLE_REGISTRY)).entries()
        yield staff
        await client.permissions.replace(ROOT, before)
        await client.models.delete(staff.model)


async def person(client: RegistryClient, name: str) -> Person:
    (document,) = await memberships.look_up(client, name, [Kind.USER])
    return await memberships.with_ways(client, document)


@pytest.mark.parametrize("seed", range(6))
async def test_the_reckoned_level_is_the_servers(staff: Staff, seed: int) -> None:
    chance = random.Random(seed)
    client = staff.client
    governed = await governed_model(client, staff.model)
    everybody = [staff.principal(name) for name in (*staff.users, *staff.groups)]
    for where in (governed, WHOLE_REGISTRY):
        wanted = (await read(client, where)) if where is WHOLE_REGISTRY else AccessList(frozenset(), False)
        for principal in chance.sample(everybody, 3):
            wanted = wanted.granting(principal, chance.choice(LEVELS))
        await client.permissions.replace(where.id, wanted.entries())
    seen = await read(client, governed)
    for user in staff.users.values():
        assert effective_level(seen, await person(client, user)) == staff.true_level(user), (user, seen)
    assert effective_level(seen, await person(client, ADMIN)) == staff.true_level(ADMIN) == MANAGE


async def test_a_new_admin_manages_everything(staff: Staff) -> None:
    client = staff.client
    (admins,) = (await client.groups.search(filter_text='displayName eq "admins"')).resources
    (inner,) = (await client.groups.search(filter_text=f'displayName eq "{staff.groups["inner"]}"')).resources
    await client.groups.add_members(admins.id, [inner.id])
    try:
        seen = await read(client, await governed_model(client, staff.model))
        ann = await person(client, staff.users["ann"])
        assert effective_level(seen, ann) == staff.true_level(staff.users["ann"]) == MANAGE
        assert f"as a member of admins (through {inner.display_name})" in reasons(seen, ann)[0].told(
            registry_wide=False
        )
    finally:
        await client.groups.remove_members(admins.id, [inner.id])


async def test_the_ways_to_groups_in_groups_are_found(staff: Staff) -> None:
    ann = await person(staff.client, staff.users["ann"])
    inner, middle, outer = (staff.groups[name] for name in ("inner", "middle", "outer"))
    assert ann.groups == {inner: (), middle: (inner,), outer: (inner, middle), "users": ()}


async def test_a_grant_to_a_group_tells_for_whom(staff: Staff) -> None:
    client = staff.client
    governed = await governed_model(client, staff.model)
    await client.permissions.add(
        governed.id, AccessList(frozenset({Grant(staff.principal("bob"), "CAN_MANAGE")}), False).entries()
    )
    before = await read(client, governed)
    outer = staff.principal("outer")
    (document,) = await memberships.look_up(client, outer.name, [Kind.GROUP])
    me = await memberships.myself(client)
    what = await effects(client, before, before.granting(outer, "CAN_EDIT"), document, me)
    assert [(each.person.principal.name, each.before, each.after) for each in what.members] == [
        (staff.users["ann"], NONE, "CAN_EDIT"),
        (staff.users["bob"], MANAGE, MANAGE),
        (staff.users["cy"], NONE, "CAN_EDIT"),
    ]
    assert (what.more, what.named.after, what.costs_own_control) == (0, "CAN_EDIT", False)
    assert (await memberships.people_in(client, document.id, 1)).more == 2


async def test_a_service_principal_knows_itself(staff: Staff) -> None:
    program = await staff.client.service_principals.create(f"bot-{staff.id}")
    made = await staff.client.tokens.create_for(program.application_id or "")
    async with RegistryClient(staff.registry.url, made.token_value) as client:
        me = await memberships.myself(client)
    assert me.person.principal == Principal(Kind.SERVICE_PRINCIPAL, f"bot-{staff.id}")


async def test_whom_somebody_means(staff: Staff) -> None:
    client, everybody = staff.client, tuple(Kind)
    outer, ann = staff.groups["outer"], staff.users["ann"]
    await client.users.create(outer)  # called like the group
    for typed, kind in ((f"group:{outer}", Kind.GROUP), (f" user: {outer.upper()}", Kind.USER), (ann, Kind.USER)):
        found = memberships.found(await addresses.resolve(client, typed, everybody))
        assert found.person.principal.kind is kind
    with pytest.raises(UnknownAddressError, match=f"type group:{outer} or user:{outer}"):
        await addresses.resolve(client, outer, everybody)
    with pytest.raises(UnknownAddressError, match='There is no group called "nobody'):
        await addresses.resolve(client, 'group:"nobody', everybody)
    assert await addresses.suggestions(client, outer[:-1], everybody) == [f"group:{outer}", f"user:{outer}"]
    assert await addresses.suggestions(client, "", [Kind.USER]) == []
    assert ann in await addresses.suggestions(client, staff.id, [Kind.USER])
