"""What the registry knows of a user or service principal, for administrators and itself. To administrators it names
models that the principal may no longer read, or that another one of the same name created."""

import json
from typing import Any

from tui_registry_server.operations.access_lists import level_name_on
from tui_registry_server.operations.call import Answer, Call
from tui_registry_server.operations.grant_reasons import Holder
from tui_registry_server.operations.permission_reasons import shown
from tui_registry_server.operations.record import without_empty
from tui_registry_server.operations.subjects import Subject
from tui_registry_server.rules.errors import ResourceDoesNotExist
from tui_registry_server.rules.permissions import Level, level_name
from tui_registry_server.rules.principals import ROOT, TOKENS
from tui_registry_server.store import memberships, principal_details, principals, tokens
from tui_registry_server.store.engine import Connection
from tui_registry_server.store.principal_details import CreatedRow, HeldRow
from tui_registry_server.store.principals import PrincipalRow
from tui_registry_server.wire.principal import ADMINS, PrincipalKind
from tui_registry_server.wire.principal_details import MAX_LISTED, PrincipalId

_OBJECT_TYPES = {ROOT: "registered-models", TOKENS: "tokens"}


def details(call: Call, body: PrincipalId, subject: Subject) -> Answer:
    """The account, its groups, registry-wide permissions of both, and its models, open requests and tokens."""
    row = find(call.connection, body.id)
    who = principals.with_rights(
        call.connection, row.id, PrincipalKind(row.kind), row.name, call.principal.workspace_id
    )
    groups = Holder.of(call.connection, who).memberships()
    held = [
        grant_entity(each, row.id) for each in principal_details.registry_wide_grants(call.connection, who, MAX_LISTED)
    ]
    if who.admin:
        built_in = {"permission_level": level_name(Level.MANAGE), "group_name": ADMINS, "built_in": True}
        held.insert(0, {"object_type": _OBJECT_TYPES[ROOT]} | built_in)
    requests = principal_details.requests_of(call.connection, call.principal, row.id)
    created = principal_details.models_created(call.connection, call.principal, row.name, MAX_LISTED)
    own_tokens = [json.loads(each) for each in tokens.of_owner(call.connection, row.id, call.clock)]
    return without_empty(
        {
            "principal": shown(row.id, row.kind, row.name, row.display_name, active=row.active),
            "groups": groups[:MAX_LISTED],
            "group_count": len(groups),
            "grants": held[:MAX_LISTED],
            "grant_count": principal_details.count_registry_wide_grants(call.connection, who) + int(who.admin),
            "models": [name for name, _ in created],
            "prompts": [name for name, is_prompt in created if is_prompt],
            "model_count": principal_details.count_models_created(call.connection, call.principal, row.name),
            "requests": [request_entity(each) for each in requests[:MAX_LISTED]],
            "request_count": len(requests),
            "tokens": own_tokens[:MAX_LISTED],
            "token_count": len(own_tokens),
        }
    )


def find(connection: Connection, principal_id: str) -> PrincipalRow:
    """The user or service principal of this id. Raises ResourceDoesNotExist."""
    for kind in (PrincipalKind.USER, PrincipalKind.SERVICE_PRINCIPAL):
        row = principals.find(connection, kind, principal_id)
        if row is not None:
            return row
    raise ResourceDoesNotExist(
        f"There is no user or service principal with id {principal_id[:100]}. It may have been deleted; list them to "
        "see their ids."
    )


def group_names(connection: Connection, principal_id: str) -> list[str]:
    """The groups that it is in directly."""
    found = principals.named(connection, memberships.groups_with(connection, principal_id))
    return sorted(name for _, name in found.values())


def grant_entity(row: HeldRow, principal_id: str) -> dict[str, Any]:
    """A HeldGrant."""
    return without_empty(
        {
            "object_type": _OBJECT_TYPES.get(ROOT if row.is_workspace else row.object_id, "registered-model"),
            "workspace": row.workspace,
            "name": row.model_name,
            "permission_level": level_name_on(row.object_id, row.level),
            "group_name": None if row.holder == principal_id else row.holder_name,
        }
    )


def request_entity(row: CreatedRow) -> dict[str, Any]:
    """An OpenRequest."""
    return without_empty(
        {
            "name": row.name,
            "workspace": row.workspace,
            "version": str(row.version),
            "to_stage": row.to_stage,
            "creation_timestamp": row.creation_timestamp,
        }
    )
