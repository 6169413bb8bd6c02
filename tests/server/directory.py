"""Shortcuts for users, groups and service principals over HTTP."""

import uuid
from collections.abc import Iterable
from typing import Any

from tests.server.api import Answer, Api

SCIM = "/preview/scim/v2"
USERS, GROUPS, SERVICE_PRINCIPALS = f"{SCIM}/Users", f"{SCIM}/Groups", f"{SCIM}/ServicePrincipals"


def new_name(about: str) -> str:
    """A unique name."""
    return f"{about}-{uuid.uuid4().hex[:12]}"


def create_user(admin: Api, name: str | None = None, **fields: Any) -> dict[str, Any]:
    user: dict[str, Any] = admin.post(USERS, userName=name or new_name("user"), **fields).ok()
    return user


def create_group(admin: Api, name: str | None = None, member_ids: Iterable[str] = (), **fields: Any) -> dict[str, Any]:
    members = [{"value": member_id} for member_id in member_ids]
    group: dict[str, Any] = admin.post(GROUPS, displayName=name or new_name("group"), members=members, **fields).ok()
    return group


def create_service_principal(admin: Api, **fields: Any) -> dict[str, Any]:
    principal: dict[str, Any] = admin.post(SERVICE_PRINCIPALS, **fields).ok()
    return principal


def patched(admin: Api, path: str, *operations: dict[str, Any]) -> Answer:
    schema = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
    return admin.patch(path, schemas=[schema], Operations=list(operations))


def group_named(api: Api, name: str) -> dict[str, Any]:
    (group,) = api.get(GROUPS, filter=f'displayName eq "{name}"').ok()["Resources"]
    found: dict[str, Any] = group
    return found


def listed(api: Api, path: str, member: str, **fields: Any) -> list[Any]:
    """One attribute of each resource of a page."""
    return [each.get(member) for each in api.get(path, **fields).ok()["Resources"]]


def values(listed_values: Iterable[dict[str, Any]]) -> set[str]:
    return {each["value"] for each in listed_values}
