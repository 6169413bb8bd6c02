"""Operations on federation rules: whose tokens are exchanged for those of a service principal (RFC 8693)."""

import uuid
from typing import Any

from tui_registry_server.operations import principals
from tui_registry_server.operations.call import Answer, Call
from tui_registry_server.operations.record import record, without_empty
from tui_registry_server.operations.subjects import Subject
from tui_registry_server.rules.errors import InvalidState, ResourceDoesNotExist
from tui_registry_server.rules.federation import check_subject
from tui_registry_server.rules.identity import check_issuer
from tui_registry_server.store import federation_rules
from tui_registry_server.store import principals as stored
from tui_registry_server.store.federation_rules import RuleRow
from tui_registry_server.wire.activity import ActivityType
from tui_registry_server.wire.fields import RequestBody
from tui_registry_server.wire.oauth import CreateFederationRule, FederationRuleId
from tui_registry_server.wire.principal import PrincipalKind

MAX_RULES = 1000  # of the registry: all are listed at once


def create(call: Call, body: CreateFederationRule, subject: Subject) -> Answer:
    """A new rule."""
    principals.begin_change(call)
    owner_id = stored.id_of(call.connection, PrincipalKind.SERVICE_PRINCIPAL, body.application_id)
    if owner_id is None:
        raise ResourceDoesNotExist(
            f"There is no service principal with application id '{body.application_id[:100]}'. Create it first."
        )
    if len(federation_rules.listed(call.connection)) >= MAX_RULES:
        raise InvalidState(f"There are {MAX_RULES} federation rules already. Use patterns, or delete some.")
    rule = RuleRow(
        id=uuid.uuid4().hex,
        principal_id=owner_id,
        issuer=check_issuer(body.issuer),
        subject=check_subject(body.subject),
        audience=body.audience,
        created_by=call.principal.name,
        creation_timestamp=call.now,
        application_id=body.application_id,
    )
    federation_rules.add(call.connection, rule)
    _record(call, ActivityType.CREATED_FEDERATION_RULE, "created", rule)
    return {"federation_rule": _entity(rule)}


def listed(call: Call, body: RequestBody, subject: Subject) -> Answer:
    """All rules, by service principal."""
    return without_empty({"federation_rules": [_entity(rule) for rule in federation_rules.listed(call.connection)]})


def delete(call: Call, body: FederationRuleId, subject: Subject) -> Answer:
    """Delete a rule, and revoke the access tokens that were issued by it."""
    principals.begin_change(call)
    rule = federation_rules.find(call.connection, body.id)
    if rule is None:
        raise ResourceDoesNotExist(f"There is no federation rule with id {body.id[:100]}. List them to see the ids.")
    federation_rules.remove(call.connection, rule.id)
    _record(call, ActivityType.DELETED_FEDERATION_RULE, "deleted", rule)
    return {}


def _record(call: Call, activity_type: ActivityType, verb: str, rule: RuleRow) -> None:
    owner = stored.find(call.connection, PrincipalKind.SERVICE_PRINCIPAL, rule.principal_id)
    record(
        call,
        activity_type,
        system_comment=f"{verb} a federation rule of service principal {rule.application_id} for {rule.issuer}",
        detail=(principals.detail_of(owner) if owner else {})
        | {"rule_id": rule.id, "issuer": rule.issuer, "subject": rule.subject, "audience": rule.audience},
    )


def _entity(rule: RuleRow) -> dict[str, Any]:
    return {
        "id": rule.id,
        "application_id": rule.application_id,
        "issuer": rule.issuer,
        "subject": rule.subject,
        "audience": rule.audience,
        "created_by": rule.created_by,
        "creation_time": rule.creation_timestamp,
    }
