"""Whom people mean, what the server's answers are in words, and how access control lists are read and written."""

import uuid
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from tests.live_registry import LiveRegistry
from tui_registry.access import addresses, directory
from tui_registry.access.access_list import NONE, AccessList, Grant
from tui_registry.access.addresses import ALL_KINDS, UnknownAddressError
from tui_registry.access.directory import accounts_filter
from tui_registry.access.grants import model_object, permission_object, preview, read
from tui_registry.access.principal import ADMINISTRATORS, Principal
from tui_registry.access.wording import change_text, reason_text
from tui_registry.client.errors import Refused
from tui_registry.client.registry import RegistryClient
from tui_registry_server.wire.permission import AccessControl, ObjectPermissions, Permission
from tui_registry_server.wire.permission_preview import LevelChange
from tui_registry_server.wire.permission_reasons import GrantReason
from tui_registry_server.wire.principal import PrincipalKind

ADA = Principal(PrincipalKind.USER, "ada")
LEADS = Principal(PrincipalKind.GROUP, "ml-leads")
EVERYWHERE = Grant(ADMINISTRATORS, "CAN_MANAGE", inherited=True)


@pytest.mark.parametrize(
    ("reason", "registry_wide", "words"),
    [
        (
            GrantReason(permission_level="CAN_READ", group_name="all-staff", through=["data"], inherited=True),
            False,
            "CAN_READ through group all-staff (via data), inherited from the whole registry",
        ),
        (
            GrantReason(permission_level="CAN_EDIT", by_name=True),
            False,
            "CAN_EDIT directly, on this model",
        ),
        (
            GrantReason(permission_level="CAN_CREATE_REGISTERED_MODEL", by_name=True),
            True,
            "CAN_CREATE_REGISTERED_MODEL directly, on the whole registry",
        ),
        (
            GrantReason(permission_level="CAN_MANAGE", group_name="admins", through=["ops"], built_in=True),
            False,
            "CAN_MANAGE as a member of admins (via ops)",
        ),
        (
            GrantReason(permission_level="CAN_MANAGE", by_name=True, built_in=True),
            True,
            "CAN_MANAGE as the group admins",
        ),
    ],
)
def test_a_reason_in_words(reason: GrantReason, registry_wide: bool, words: str) -> None:
    assert reason_text(reason, whole="whole registry", registry_wide=registry_wide) == words


def test_a_change_in_words() -> None:
    assert change_text(LevelChange(level_after="CAN_READ")) == "none → CAN_READ"
    assert change_text(LevelChange(level_before="CAN_READ", level_after="CAN_READ")) == "CAN_READ (unchanged)"
    assert change_text(LevelChange()) == "none (unchanged)"


def test_only_direct_grants_are_sent_back() -> None:
    access_list = AccessList(frozenset({EVERYWHERE, Grant(ADA, "CAN_READ"), Grant(LEADS, "CAN_EDIT", inherited=True)}))
    assert [entry.model_dump(exclude_none=True) for entry in access_list.entries()] == [
        {"user_name": "ada", "permission_level": "CAN_READ"}
    ]
    lowered = access_list.granting(ADA, "CAN_EDIT").granting(LEADS, "CAN_READ")
    assert dict(lowered.direct) == {ADA: "CAN_EDIT", LEADS: "CAN_READ"}
    assert Grant(LEADS, "CAN_EDIT", inherited=True) in lowered.grants
    assert lowered.granting(LEADS, NONE).granting(ADA, "CAN_READ") == access_list


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
    access_list = AccessList.of(permissions)
    assert access_list.grants == {
        EVERYWHERE,
        Grant(ADA, "CAN_EDIT"),
        Grant(ADA, "CAN_READ", inherited=True),
        Grant(Principal(PrincipalKind.SERVICE_PRINCIPAL, "bot"), "CAN_READ"),
    }
    assert {grant.display_name for grant in access_list.grants if grant.principal == ADA} == {"Ada L."}


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("", ""),
        ("is:deactivated", "active eq false"),
        ("is:inactive", "active eq false"),
        ("group:ml", 'groups.display eq "ml"'),
        ('a"b', '(userName co "a\\"b" or displayName co "a\\"b")'),
        ("is:odd", '(userName co "is:odd" or displayName co "is:odd")'),
    ],
)
def test_what_is_typed_becomes_a_filter(typed: str, wanted: str) -> None:
    assert accounts_filter(typed, "userName") == wanted


@pytest.fixture
async def client(registry: LiveRegistry) -> AsyncIterator[RegistryClient]:
    async with RegistryClient(registry.url, registry.admin_token) as client:
        yield client


@pytest.fixture
async def name(client: RegistryClient) -> AsyncIterator[str]:
    """Something that nobody else is called. A model of that name is deleted: other tests count theirs."""
    name = f"outer-{uuid.uuid4().hex[:6]}"
    yield name
    with suppress(Refused):
        await client.models.delete(name)


async def test_whom_somebody_means(client: RegistryClient, name: str) -> None:
    await client.groups.create(name)
    await client.users.create(name)
    await client.users.create(f"ann-{name}")
    group, user = PrincipalKind.GROUP, PrincipalKind.USER
    for typed, kind in ((f"group:{name}", group), (f" user: {name.upper()}", user), (f"ann-{name}", user)):
        assert (await addresses.resolve(client, typed, ALL_KINDS)).principal.kind is kind
    with pytest.raises(UnknownAddressError, match=f"is ambiguous: enter user:{name} or group:{name}"):
        await addresses.resolve(client, name, ALL_KINDS)
    with pytest.raises(UnknownAddressError, match='There is no group called "nobody'):
        await addresses.resolve(client, 'group:"nobody', ALL_KINDS)
    with pytest.raises(UnknownAddressError, match="There is no user called group:"):
        await addresses.resolve(client, f"group:{name}", [user])
    assert await addresses.suggestions(client, name, ALL_KINDS) == [f"group:{name}", f"user:{name}", f"user:ann-{name}"]
    assert await addresses.suggestions(client, "", [user]) == []
    assert await addresses.suggestions(client, f"ann-{name}"[:-1], [user]) == [f"ann-{name}"]


async def test_somebody_is_found_by_their_id(client: RegistryClient, name: str) -> None:
    program = await client.service_principals.create(name, display_name="Robot")
    user = await client.users.create(name)
    found = await directory.names_of(client, [program.id, user.id, "0"])
    assert {key: (entry.principal, entry.display_name) for key, entry in found.items()} == {
        program.id: (Principal(PrincipalKind.SERVICE_PRINCIPAL, name), "Robot"),
        user.id: (Principal(PrincipalKind.USER, name), ""),
    }


async def test_a_service_principal_knows_itself(registry: LiveRegistry, client: RegistryClient, name: str) -> None:
    program = await client.service_principals.create(name)
    made = await client.tokens.create_for(name)
    await client.models.create(name)
    target = await model_object(client, name)
    entry = Principal(PrincipalKind.SERVICE_PRINCIPAL, name).entry("CAN_READ")
    await client.permissions.add(target.id, [entry])
    async with RegistryClient(registry.url, made.token_value) as own:
        why = await own.permissions.why(target.id)
    assert (why.principal.id, why.principal.kind) == (program.id, PrincipalKind.SERVICE_PRINCIPAL)
    assert why.permission_level == "CAN_READ"


async def test_a_change_is_previewed_as_it_would_be_sent(client: RegistryClient, name: str) -> None:
    """Also by a profile that is read-only: nothing is changed."""
    await client.models.create(name)
    await client.users.create(name)
    target, principal = await model_object(client, name), Principal(PrincipalKind.USER, name)
    client.read_only = True
    before = await read(client, target)
    (given,) = (await preview(client, target, before, principal, "CAN_EDIT")).named
    assert (given.direct_before, given.direct_after, given.level_after) == (None, "CAN_EDIT", "CAN_EDIT")
    assert await read(client, target) == before
    client.read_only = False
    await client.permissions.add(target.id, [principal.entry("CAN_EDIT")])
    (taken,) = (await preview(client, target, await read(client, target), principal, NONE)).named
    assert (Principal.of(taken.principal), taken.level_before, taken.level_after) == (principal, "CAN_EDIT", None)
    root = await permission_object(client, None, "whole registry")
    everywhere = await preview(client, root, await read(client, root), principal, "CAN_READ")
    assert [each.level_after for each in everywhere.named] == ["CAN_READ"]
