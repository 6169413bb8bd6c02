"""``tokens`` and ``token_management`` of Databricks' SDK."""

import time
import uuid

import pytest
from databricks.sdk import errors
from databricks.sdk.common.types.fieldmask import FieldMask
from databricks.sdk.service import settings
from databricks.sdk.service.settings import TokenAccessControlRequest, TokenManagementAPI, TokenPermissionLevel

from tests.compat.databricks_client import Workspace
from tests.live_registry import LiveRegistry


@pytest.fixture
def token_management(registry: LiveRegistry, workspace: Workspace) -> TokenManagementAPI:
    return workspace(registry).token_management


ONLY_THE_COMMENT = FieldMask(["comment"])  # type: ignore[no-untyped-call]  # the SDK's own constructor


def test_tokens_of_ones_own(registry: LiveRegistry, workspace: Workspace) -> None:
    tokens = workspace(registry, registry.token("sdk-owner")).tokens
    before = time.time_ns() // 1_000_000
    made = tokens.create(comment="laptop", lifetime_seconds=3600)
    assert made.token_info is not None
    assert made.token_info.token_id is not None
    assert made.token_info.comment == "laptop"
    assert made.token_info.creation_time is not None
    assert made.token_info.creation_time >= before
    assert made.token_info.expiry_time == made.token_info.creation_time + 3_600_000
    assert workspace(registry, made.token_value).current_user.me().user_name == "sdk-owner"

    tokens.update(made.token_info.token_id, settings.PublicTokenInfo(comment="desktop"), ONLY_THE_COMMENT)
    (listed,) = (token for token in tokens.list() if token.token_id == made.token_info.token_id)
    assert listed.comment == "desktop"
    tokens.delete(made.token_info.token_id)
    assert made.token_info.token_id not in {token.token_id for token in tokens.list()}
    with pytest.raises(errors.Unauthenticated):
        workspace(registry, made.token_value).current_user.me()
    with pytest.raises(errors.ResourceDoesNotExist):
        tokens.delete(made.token_info.token_id)


def test_tokens_of_everybody(
    registry: LiveRegistry, token_management: TokenManagementAPI, workspace: Workspace
) -> None:
    owner = workspace(registry, registry.token("sdk-owner-2"))
    info = owner.tokens.create(comment="laptop").token_info
    assert info is not None
    assert info.token_id is not None
    me = owner.current_user.me()
    got = token_management.get(info.token_id).token_info
    assert got is not None
    assert (got.token_id, got.comment, got.created_by_username) == (info.token_id, "laptop", "sdk-owner-2")
    assert (str(got.owner_id), str(got.created_by_id)) == (me.id, me.id)
    assert (got.creation_time, got.expiry_time) == (info.creation_time, info.expiry_time)
    assert got in list(token_management.list())
    assert [token.token_id for token in token_management.list(created_by_username="sdk-owner-2")] == [info.token_id]
    assert [token.token_id for token in token_management.list(created_by_id=got.created_by_id)] == [info.token_id]

    changed = token_management.update_token_management(
        info.token_id, settings.TokenInfo(comment="desktop"), ONLY_THE_COMMENT
    )
    assert (changed.token_id, changed.comment) == (info.token_id, "desktop")
    token_management.delete(info.token_id)
    with pytest.raises(errors.ResourceDoesNotExist):
        token_management.get(info.token_id)
    with pytest.raises(errors.PermissionDenied):
        list(owner.token_management.list())


def test_a_token_on_behalf_of_a_service_principal(
    registry: LiveRegistry, token_management: TokenManagementAPI, workspace: Workspace
) -> None:
    robot = workspace(registry).service_principals.create(display_name=f"robot-{uuid.uuid4().hex[:8]}")
    assert robot.application_id is not None
    # An OAuth access token lasts an hour, and what is created with it no longer.
    made = token_management.create_obo_token(robot.application_id, comment="nightly", lifetime_seconds=1800)
    assert made.token_info is not None
    assert (made.token_info.comment, made.token_info.created_by_username) == ("nightly", workspace.admin)
    assert str(made.token_info.owner_id) == robot.id
    assert workspace(registry, made.token_value).current_user.me().id == robot.id


def test_who_may_have_tokens(fresh_registry: LiveRegistry, workspace: Workspace) -> None:
    token_management = workspace(fresh_registry).token_management
    levels = token_management.get_permission_levels().permission_levels
    assert levels is not None
    assert TokenPermissionLevel.CAN_USE in {each.permission_level for each in levels}
    assert all(each.description for each in levels)
    assert "users" in _may_use(token_management.get_permissions())

    fresh_registry.token("ann")
    ann = [TokenAccessControlRequest(user_name="ann", permission_level=TokenPermissionLevel.CAN_USE)]
    assert {"users", "ann"} <= _may_use(token_management.update_permissions(access_control_list=ann))
    only = token_management.set_permissions(access_control_list=ann)
    assert _may_use(only) == {"ann"}
    assert (only.object_id, only.object_type) == ("/authorization/tokens", "tokens")
    assert token_management.get_permissions() == only
    workspace(fresh_registry, fresh_registry.token("ann")).tokens.create()
    with pytest.raises(errors.PermissionDenied):
        workspace(fresh_registry, fresh_registry.token("bob")).tokens.create()


def _may_use(permissions: settings.TokenPermissions) -> set[str | None]:
    return {
        entry.user_name or entry.group_name
        for entry in permissions.access_control_list or []
        for each in entry.all_permissions or []
        if each.permission_level is TokenPermissionLevel.CAN_USE
    }
