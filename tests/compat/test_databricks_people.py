"""``current_user``, ``users``, ``groups`` and ``service_principals`` of Databricks' SDK."""

import uuid

import pytest
from databricks.sdk import errors
from databricks.sdk.service import iam
from databricks.sdk.service.iam import ComplexValue, ListSortOrder, Name, Patch, PatchOp, PatchSchema

from tests.compat.databricks_client import Workspace
from tests.live_registry import ADMIN, LiveRegistry

PATCH = [PatchSchema.URN_IETF_PARAMS_SCIM_API_MESSAGES_2_0_PATCH_OP]
USER = [iam.UserSchema.URN_IETF_PARAMS_SCIM_SCHEMAS_CORE_2_0_USER]
GROUP = [iam.GroupSchema.URN_IETF_PARAMS_SCIM_SCHEMAS_CORE_2_0_GROUP]
SERVICE_PRINCIPAL = [iam.ServicePrincipalSchema.URN_IETF_PARAMS_SCIM_SCHEMAS_CORE_2_0_SERVICE_PRINCIPAL]

# The SDK has each of these twice: in one form that reads plain dictionaries, and one that reads typed values.
Users = iam.UsersAPI | iam.UsersV2API
Groups = iam.GroupsAPI | iam.GroupsV2API
ServicePrincipals = iam.ServicePrincipalsAPI | iam.ServicePrincipalsV2API


@pytest.fixture(params=["users", "users_v2"])
def users(request: pytest.FixtureRequest, registry: LiveRegistry, workspace: Workspace) -> Users:
    return getattr(workspace(registry), request.param)  # type: ignore[no-any-return]  # it is of this type


@pytest.fixture(params=["groups", "groups_v2"])
def groups(request: pytest.FixtureRequest, registry: LiveRegistry, workspace: Workspace) -> Groups:
    return getattr(workspace(registry), request.param)  # type: ignore[no-any-return]  # it is of this type


@pytest.fixture(params=["service_principals", "service_principals_v2"])
def service_principals(
    request: pytest.FixtureRequest, registry: LiveRegistry, workspace: Workspace
) -> ServicePrincipals:
    return getattr(workspace(registry), request.param)  # type: ignore[no-any-return]  # it is of this type


@pytest.fixture
def name() -> str:
    return f"sdk-{uuid.uuid4().hex[:8]}"


def test_me(registry: LiveRegistry, workspace: Workspace) -> None:
    current_user = workspace(registry).current_user
    me = current_user.me()
    assert me.user_name == workspace.admin
    assert me.active is True
    assert me.schemas == USER
    assert {group.display for group in me.groups or []} >= {"admins"}
    assert current_user.me(attributes="userName").groups == []
    assert current_user.me(excluded_attributes="groups").groups == []


def test_a_user(users: Users, name: str) -> None:
    made = users.create(
        user_name=name,
        display_name="Ann Lee",
        name=Name(given_name="Ann", family_name="Lee"),
        emails=[ComplexValue(value=f"{name}@x.org", type="work", primary=True)],
        entitlements=[ComplexValue(value="workspace-access")],
        external_id="00uAb",
        active=True,
        schemas=USER,
    )
    assert made.id is not None
    assert made.id.isdecimal()
    assert (made.user_name, made.display_name, made.external_id) == (name, "Ann Lee", "00uAb")
    assert (made.name, made.active, made.schemas) == (Name(given_name="Ann", family_name="Lee"), True, USER)
    assert made.emails == [ComplexValue(value=f"{name}@x.org", type="work", primary=True)]
    assert users.get(made.id) == made
    only_name = users.get(made.id, attributes="userName")
    assert (only_name.id, only_name.user_name, only_name.display_name, only_name.emails) == (made.id, name, None, [])
    assert users.get(made.id, excluded_attributes="emails").emails == []

    users.patch(
        made.id,
        operations=[
            Patch(op=PatchOp.REPLACE, path="active", value="false"),  # the SDK does not send a plain False
            Patch(op=PatchOp.ADD, value={"displayName": "Ann Doe"}),
            Patch(op=PatchOp.REMOVE, path=f'emails[value eq "{name}@x.org"]'),
        ],
        schemas=PATCH,
    )
    patched = users.get(made.id)
    assert (patched.active, patched.display_name, patched.emails) == (False, "Ann Doe", [])

    users.update(made.id, user_name=name, display_name="Ann", active=True)
    replaced = users.get(made.id)
    assert (replaced.active, replaced.display_name, replaced.name, replaced.entitlements) == (True, "Ann", None, [])

    users.delete(made.id)
    with pytest.raises(errors.NotFound):
        users.get(made.id)


def test_lists_of_users(users: Users, name: str) -> None:
    for number in range(5):
        users.create(user_name=f"{name}-{number}", display_name=f"Number {number}", active=number != 3)
    mine = f'userName sw "{name}-"'
    listed = list(users.list(filter=mine, count=2, sort_by="userName", sort_order=ListSortOrder.DESCENDING))
    assert [user.user_name for user in listed] == [f"{name}-{number}" for number in (4, 3, 2, 1, 0)]
    assert [user.user_name for user in users.list(filter=f"{mine} and active eq false")] == [f"{name}-3"]
    assert [user.id for user in users.list(filter=f'userName eq "{name}-1"')] == [listed[3].id]
    assert [user.display_name for user in users.list(filter=f'{mine} and displayName co "2"')] == ["Number 2"]
    shown = next(iter(users.list(filter=mine, attributes="id,userName")))
    assert (shown.user_name, shown.display_name, shown.active) == (f"{name}-0", None, None)
    hidden = next(iter(users.list(filter=mine, excluded_attributes="displayName")))
    assert (hidden.user_name, hidden.display_name) == (f"{name}-0", None)
    everybody = {user.user_name for user in users.list()}
    assert {ADMIN, *(user.user_name for user in listed)} <= everybody
    with pytest.raises(errors.BadRequest):
        list(users.list(filter="nonsense"))


def test_a_group(registry: LiveRegistry, groups: Groups, name: str, workspace: Workspace) -> None:
    users = workspace(registry).users
    first, second = (users.create(user_name=f"{name}-{number}").id for number in range(2))
    assert first is not None
    assert second is not None
    made = groups.create(display_name=name, external_id="x1", members=[ComplexValue(value=first)], schemas=GROUP)
    assert made.id is not None
    assert (made.display_name, made.external_id, made.schemas) == (name, "x1", GROUP)
    assert made.meta is not None
    assert made.meta.resource_type
    assert _members(made) == [first]
    assert groups.get(made.id) == made
    assert [group.display for group in users.get(first).groups or []] == [name, "users"]

    groups.patch(
        made.id,
        operations=[
            Patch(op=PatchOp.ADD, path="members", value=[{"value": second}]),
            Patch(op=PatchOp.REMOVE, path=f'members[value eq "{first}"]'),
        ],
        schemas=PATCH,
    )
    assert _members(groups.get(made.id)) == [second]

    groups.update(made.id, display_name=f"{name}-2", members=[ComplexValue(value=first), ComplexValue(value=second)])
    replaced = groups.get(made.id)
    assert replaced.display_name == f"{name}-2"
    assert sorted(_members(replaced)) == sorted([first, second])

    groups.delete(made.id)
    with pytest.raises(errors.NotFound):
        groups.get(made.id)


def test_lists_of_groups(groups: Groups, name: str) -> None:
    for number in range(3):
        groups.create(display_name=f"{name}-{number}")
    mine = f'displayName sw "{name}-"'
    listed = list(groups.list(filter=mine, count=2, sort_by="displayName", sort_order=ListSortOrder.DESCENDING))
    assert [group.display_name for group in listed] == [f"{name}-{number}" for number in (2, 1, 0)]
    assert [group.display_name for group in groups.list(filter=f'displayName eq "{name}-1"')] == [f"{name}-1"]
    shown = next(iter(groups.list(filter=mine, attributes="displayName", excluded_attributes="")))
    assert (shown.display_name, shown.members) == (f"{name}-0", [])
    assert {"admins", "users"} <= {group.display_name for group in groups.list()}


def test_a_service_principal(service_principals: ServicePrincipals, name: str) -> None:
    made = service_principals.create(
        display_name=name,
        active=True,
        external_id="x1",
        entitlements=[ComplexValue(value="workspace-access")],
        schemas=SERVICE_PRINCIPAL,
    )
    assert made.id is not None
    assert made.id.isdecimal()
    assert str(uuid.UUID(made.application_id)) == made.application_id
    assert (made.display_name, made.active, made.external_id) == (name, True, "x1")
    assert made.schemas == SERVICE_PRINCIPAL
    assert service_principals.get(made.id) == made

    service_principals.patch(
        made.id, operations=[Patch(op=PatchOp.REPLACE, path="displayName", value=f"{name}-2")], schemas=PATCH
    )
    assert service_principals.get(made.id).display_name == f"{name}-2"
    service_principals.update(
        made.id, application_id=made.application_id, display_name=f"{name}-3", active=False, schemas=SERVICE_PRINCIPAL
    )
    replaced = service_principals.get(made.id)
    assert (replaced.display_name, replaced.active, replaced.entitlements) == (f"{name}-3", False, [])
    (found,) = service_principals.list(filter=f'applicationId eq "{made.application_id}"')
    assert found.id == made.id
    (shown,) = service_principals.list(
        filter=f'displayName eq "{name}-3"', attributes="displayName", sort_by="displayName", count=1
    )
    assert (shown.display_name, shown.application_id) == (f"{name}-3", None)

    service_principals.delete(made.id)
    with pytest.raises(errors.NotFound):
        service_principals.get(made.id)


def test_a_name_that_is_taken(
    registry: LiveRegistry, users: Users, groups: Groups, name: str, workspace: Workspace
) -> None:
    """The SDK treats the errors of this API as SCIM's, and relies on their status."""
    made = users.create(user_name=name)
    assert made.id is not None
    with pytest.raises(errors.ResourceConflict, match=f"^uniqueness User '{name}' exists already"):
        users.create(user_name=name)
    groups.create(display_name=name)
    with pytest.raises(errors.ResourceConflict, match=r"^uniqueness Group "):
        groups.create(display_name=name)
    with pytest.raises(errors.BadRequest, match=r"^mutability 'id' of a user cannot be changed"):
        users.patch(made.id, operations=[Patch(op=PatchOp.REPLACE, path="id", value="1")], schemas=PATCH)
    with pytest.raises(errors.BadRequest, match=r"^invalidFilter "):
        list(users.list(filter="userName"))
    with pytest.raises(errors.NotFound, match="User with id 7 not found"):
        users.get("7")
    with pytest.raises(errors.Unauthenticated):
        workspace(registry, "no token").users.get(made.id)
    with pytest.raises(errors.PermissionDenied):
        workspace(registry, registry.token("nobody-special")).users.delete(made.id)


def _members(group: iam.Group) -> list[str]:
    return [member.value or "" for member in group.members or []]
