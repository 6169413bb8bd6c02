"""Operations on the secrets with which service principals get access tokens, as databricks-sdk calls them.

A service principal has at most two, so that one can be replaced while programs still use the other.
"""

import hashlib
import secrets
import uuid
from datetime import UTC, datetime
from typing import Any

from tui_registry_server.operations import principals
from tui_registry_server.operations.call import Answer, Call
from tui_registry_server.operations.record import record, without_empty
from tui_registry_server.operations.subjects import Subject
from tui_registry_server.rules.errors import InvalidParameterValue, InvalidState, ResourceDoesNotExist
from tui_registry_server.rules.scim_resources import SERVICE_PRINCIPAL
from tui_registry_server.store import client_secrets
from tui_registry_server.store import principals as stored
from tui_registry_server.store.client_secrets import SecretRow
from tui_registry_server.store.principals import PrincipalRow
from tui_registry_server.wire.activity import ActivityType
from tui_registry_server.wire.oauth import (
    ALL_APIS,
    MAX_SECRET_LIFETIME,
    ClientSecretId,
    CreateClientSecret,
    ServicePrincipalId,
)

MAX_SECRETS = 2  # of a service principal
PREFIX = "trs_"
"""Identifies secrets of this registry, for people and for secret scanners."""

SECOND = 1000  # milliseconds


def create(call: Call, body: CreateClientSecret, subject: Subject) -> Answer:
    """A new secret of a service principal. Its value is shown only once."""
    if set(body.scopes) - {ALL_APIS}:
        raise InvalidParameterValue(
            f"The only scope here is '{ALL_APIS}': the service principal's permissions decide what its tokens may do."
        )
    lifetime = MAX_SECRET_LIFETIME if body.lifetime is None else int(body.lifetime[:-1])
    if not 0 < lifetime <= MAX_SECRET_LIFETIME:
        raise InvalidParameterValue(f"A secret's lifetime is from 1s to {MAX_SECRET_LIFETIME}s, which is two years.")
    owner = principals.find(call, SERVICE_PRINCIPAL, body.service_principal_id)
    client_secrets.remove_expired(call.connection, owner.id, call.clock)
    if len(client_secrets.of_principal(call.connection, owner.id)) >= MAX_SECRETS:
        raise InvalidState(
            f"{owner.name} has {MAX_SECRETS} secrets already. Delete the one that is no longer used: listing them "
            "says when each was last used."
        )
    secret = PREFIX + secrets.token_urlsafe(32)
    row = SecretRow(
        id=uuid.uuid4().hex,
        hash=hashlib.sha256(secret.encode()).hexdigest(),
        principal_id=owner.id,
        created_by=call.principal.name,
        creation_timestamp=call.now,
        expiry_timestamp=call.clock + lifetime * SECOND,
        last_used_timestamp=None,
    )
    client_secrets.add(call.connection, row)
    _record(call, ActivityType.CREATED_SECRET, "created", owner, row)
    return _entity(row, call.clock) | {"secret": secret}


def listed(call: Call, body: ServicePrincipalId, subject: Subject) -> Answer:
    """The secrets of a service principal, newest first, without their values."""
    if stored.find(call.connection, SERVICE_PRINCIPAL.kind, body.service_principal_id) is None:
        raise _no_principal(body.service_principal_id)
    rows = client_secrets.of_principal(call.connection, body.service_principal_id)
    return without_empty({"secrets": [_entity(row, call.clock) for row in rows]})


def delete(call: Call, body: ClientSecretId, subject: Subject) -> Answer:
    """Revoke a secret with the access tokens that were issued for it, at once."""
    owner = principals.find(call, SERVICE_PRINCIPAL, body.service_principal_id)
    for row in client_secrets.of_principal(call.connection, owner.id):
        if row.id == body.secret_id:
            client_secrets.remove(call.connection, row.id)
            _record(call, ActivityType.DELETED_SECRET, "revoked", owner, row)
            return {}
    raise ResourceDoesNotExist(
        f"{owner.name} has no secret with id {body.secret_id[:100]}. It may have been deleted; list them."
    )


def _no_principal(principal_id: str) -> ResourceDoesNotExist:
    return ResourceDoesNotExist(
        f"There is no service principal with id {principal_id[:100]}. List them to see the ids."
    )


def _record(call: Call, activity_type: ActivityType, verb: str, owner: PrincipalRow, row: SecretRow) -> None:
    record(
        call,
        activity_type,
        system_comment=f"{verb} a secret of service principal {owner.name}",
        detail=principals.detail_of(owner) | {"secret_id": row.id, "expiry_time": row.expiry_timestamp},
    )


def _entity(row: SecretRow, now: int) -> dict[str, Any]:
    return without_empty(
        {
            "id": row.id,
            "secret_hash": row.hash,
            "status": "ACTIVE" if row.expiry_timestamp > now else "EXPIRED",
            "create_time": _time(row.creation_timestamp),
            "update_time": _time(row.creation_timestamp),
            "expire_time": _time(row.expiry_timestamp),
            "last_used_time": row.last_used_timestamp and _time(row.last_used_timestamp),
        }
    )


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
