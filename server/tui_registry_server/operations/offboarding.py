"""Offboarding: all that a user or service principal could act by is taken from it, in one transaction.

All workspaces are meant, whichever the request is about. One record lists all of it, however many models somebody has a
level on; besides, a model's history has each of its requests that was cancelled.
"""

import hashlib
import json
from dataclasses import replace
from typing import Any, NamedTuple

from tui_registry_server.operations import principals, transitions
from tui_registry_server.operations.access_lists import level_name_on
from tui_registry_server.operations.call import Answer, Call
from tui_registry_server.operations.permission_reasons import shown
from tui_registry_server.operations.principal_details import find, grant_entity, group_names, request_entity
from tui_registry_server.operations.record import record, references, without_empty
from tui_registry_server.operations.subjects import RequestSubject, Subject
from tui_registry_server.rules.errors import Conflict, InvalidState
from tui_registry_server.rules.permissions import Level
from tui_registry_server.rules.principals import DEFAULT_WORKSPACE
from tui_registry_server.store import (
    client_secrets,
    federation_rules,
    managers,
    memberships,
    principal_details,
    transition_requests,
    workspaces,
)
from tui_registry_server.store import grants as stored_grants
from tui_registry_server.store import principals as stored_principals
from tui_registry_server.store import tokens as stored_tokens
from tui_registry_server.store.managers import ModelOf
from tui_registry_server.store.principal_details import CreatedRow, HeldRow
from tui_registry_server.store.principals import PrincipalRow
from tui_registry_server.wire.activity import ActivityType
from tui_registry_server.wire.principal import PrincipalKind
from tui_registry_server.wire.principal_details import MAX_LISTED, Offboard, PrincipalId
from tui_registry_server.wire.transition_request import DeleteTransitionRequest
from tui_registry_server.wire.workspace_name import DEFAULT_NAME


class _Held(NamedTuple):
    """Everything that is taken from a principal."""

    row: PrincipalRow
    token_ids: list[str]
    secret_ids: list[str]
    rule_ids: list[str]
    group_ids: list[str]
    grants: list[HeldRow]
    requests: list[CreatedRow]
    issued_count: int
    unmanaged: list[ModelOf]
    unmanaged_count: int
    unmanaged_prompt_count: int

    @property
    def is_nothing(self) -> bool:
        return not (
            self.row.active
            or self.token_ids
            or self.secret_ids
            or self.rule_ids
            or self.group_ids
            or self.grants
            or self.requests
        )

    @property
    def etag(self) -> str:
        grants = [(each.object_id, each.level) for each in self.grants]
        requests = [each.id for each in self.requests]
        unmanaged = [[(each.name, each.workspace) for each in self.unmanaged], self.unmanaged_count, self.issued_count]
        content = [
            self.row.id,
            bool(self.row.active),
            self.token_ids,
            self.secret_ids,
            self.rule_ids,
            self.group_ids,
            grants,
            requests,
            unmanaged,
        ]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]


def preview(call: Call, body: PrincipalId, subject: Subject) -> Answer:
    """What offboarding would do, without doing it."""
    return _entity(call, _held(call, body.id))


def offboard(call: Call, body: Offboard, subject: Subject) -> Answer:
    """Deactivate the account, revoke its tokens and its own grants, cancel its open requests, and remove it from its
    groups. Administrators cannot offboard themselves; the last active administrator stays."""
    principals.begin_change(call)
    held = _held(call, body.id)
    if held.is_nothing:
        return _entity(call, held)  # also of a repeated call, whose first answer was lost
    if body.etag is not None and body.etag != held.etag:
        raise Conflict(
            f"The account {held.row.name} was changed since you read it. Nothing was done; read it again, and retry."
        )
    answer = _entity(call, held)
    for request in transition_requests.of_creator(call.connection, call.principal, held.row.id):
        cancelled = DeleteTransitionRequest(
            name=request.name, version=str(request.version), stage=request.to_stage, creator=request.user_id
        )
        of = workspaces.workspace_of(call.connection, request.model_id)
        there = call._replace(principal=replace(call.principal, workspace_id=of))
        transitions.cancel(there, cancelled, RequestSubject(level=Level.MANAGE, request=request))
    taken = _taken(call, held)
    stored_tokens.remove_of_owner(call.connection, held.row.id)
    for secret_id in held.secret_ids:
        client_secrets.remove(call.connection, secret_id)
    for rule_id in held.rule_ids:
        federation_rules.remove(call.connection, rule_id)
    stored_grants.revoke_all(call.connection, held.row.id)
    memberships.leave_all(call.connection, held.row.id, call.now)
    if held.row.active:
        stored_principals.change(call.connection, held.row._replace(active=False), call.now)
    principals.keep_an_admin(call)
    record(
        call,
        ActivityType.OFFBOARDED_PRINCIPAL,
        system_comment=f"offboarded {held.row.kind.replace('_', ' ')} {held.row.name}",
        detail=principals.detail_of(held.row) | taken,
    )
    return answer


def _taken(call: Call, held: _Held) -> dict[str, Any]:
    """For the record: what a principal has, before it is taken."""
    return without_empty(
        {
            "changed": {"active": [True, False]} if held.row.active else None,
            "groups": references(call.connection, held.group_ids),
            "levels": [
                {"object": each.object_id, "level": [level_name_on(each.object_id, each.level), None]}
                for each in held.grants
            ],
            "tokens": held.token_ids,
            "secrets": held.secret_ids,
            "federation_rules": held.rule_ids,
        }
    )


def _held(call: Call, principal_id: str) -> _Held:
    row = find(call.connection, principal_id)
    if row.id == call.principal.id:
        raise InvalidState("You cannot offboard yourself: you would lock yourself out. Another administrator can.")
    who = stored_principals.with_rights(call.connection, row.id, PrincipalKind(row.kind), row.name, DEFAULT_WORKSPACE)
    return _Held(
        row,
        stored_tokens.ids_of_owner(call.connection, row.id),
        [each.id for each in client_secrets.of_principal(call.connection, row.id)],
        [each.id for each in federation_rules.of_principal(call.connection, row.id)],
        sorted(memberships.groups_with(call.connection, row.id)),
        principal_details.own_grants(call.connection, row.id),
        principal_details.all_requests_of(call.connection, row.id),
        stored_tokens.count_issued(call.connection, row.id),
        *managers.only_managed_by(call.connection, who, MAX_LISTED),
    )


def _entity(call: Call, held: _Held) -> dict[str, Any]:
    row = held.row
    names = group_names(call.connection, row.id)
    return without_empty(
        {
            "principal": shown(row.id, row.kind, row.name, row.display_name, active=row.active),
            "deactivates": bool(row.active),
            "token_count": len(held.token_ids),
            "secret_count": len(held.secret_ids),
            "federation_rule_count": len(held.rule_ids),
            "groups": names[:MAX_LISTED],
            "group_count": len(names),
            "grants": [grant_entity(each, row.id) for each in held.grants[:MAX_LISTED]],
            "grant_count": len(held.grants),
            "requests": [request_entity(each) for each in held.requests[:MAX_LISTED]],
            "request_count": len(held.requests),
            "unmanaged_models": [each.name for each in held.unmanaged if each.workspace == DEFAULT_NAME],
            "unmanaged_prompts": [
                each.name for each in held.unmanaged if each.is_prompt and each.workspace == DEFAULT_NAME
            ],
            "unmanaged_prompt_count": held.unmanaged_prompt_count,
            "unmanaged_elsewhere": [
                {"name": each.name, "workspace": each.workspace} | ({"is_prompt": True} if each.is_prompt else {})
                for each in held.unmanaged
                if each.workspace != DEFAULT_NAME
            ],
            "unmanaged_model_count": held.unmanaged_count,
            "issued_token_count": held.issued_count,
            "etag": held.etag,
        }
    )
