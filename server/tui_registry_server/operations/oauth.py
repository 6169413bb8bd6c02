"""Issuing short-lived access tokens to service principals.

They are random, as access tokens are, and only their hash is stored: a signed one could not be revoked with its secret,
and would need a key that all servers share and rotate. A request with one costs the same: what it is of is cached.
"""

import hashlib
import secrets
import uuid
from typing import Any, NamedTuple

from tui_registry_server.operations.call import Call
from tui_registry_server.operations.record import record, reference
from tui_registry_server.operations.tokens import PREFIX
from tui_registry_server.store import client_secrets, federation_rules, oauth_tokens, principals
from tui_registry_server.wire.activity import ActivityType

LIFETIME = 3600  # seconds
SECOND = 1000  # milliseconds


class Issued(NamedTuple):
    """``lifetime``: seconds."""

    token: str
    lifetime: int


def issue_for_secret(call: Call, application_id: str, secret: str) -> Issued | None:
    """A token for a client that has authenticated with a secret; None if the secret is not valid."""
    row = client_secrets.find(call.connection, application_id, hashlib.sha256(secret.encode()).hexdigest())
    if row is None or row.expiry_timestamp <= call.clock:
        return None
    client_secrets.mark_used(call.connection, row.id, call.clock)
    lifetime = min(LIFETIME, max(1, (row.expiry_timestamp - call.clock) // SECOND))
    return _issue(call, row.principal_id, lifetime, {"secret_id": row.id}, secret_id=row.id)


def issue_by_rule(call: Call, rule_id: str, subject: str) -> Issued | None:
    """A token for the subject of an issuer's token, which was checked; None if the rule is gone."""
    rule = federation_rules.find(call.connection, rule_id)
    if rule is None:
        return None
    detail = {"rule_id": rule.id, "issuer": rule.issuer, "subject": subject}
    return _issue(call, rule.principal_id, LIFETIME, detail, rule_id=rule.id)


def _issue(
    call: Call,
    principal_id: str,
    lifetime: int,
    detail: dict[str, Any],
    *,
    secret_id: str | None = None,
    rule_id: str | None = None,
) -> Issued | None:
    owner = principals.signed_in(call.connection, principal_id)
    if owner is None:
        return None
    token, token_id = PREFIX + secrets.token_urlsafe(32), uuid.uuid4().hex
    expiry = call.clock + lifetime * SECOND
    oauth_tokens.remove_expired(call.connection, principal_id, call.clock)
    oauth_tokens.add(
        call.connection,
        token_id=token_id,
        digest=hashlib.sha256(token.encode()).hexdigest(),
        principal_id=principal_id,
        secret_id=secret_id,
        rule_id=rule_id,
        now=call.now,
        expiry=expiry,
    )
    who = reference(owner.id, owner.kind, owner.name)
    record(
        call._replace(principal=owner),
        ActivityType.CREATED_TOKEN,
        system_comment=f"signed in as service principal {owner.name}",
        detail={"token_id": token_id, "owner": who, "expiry_time": expiry} | detail,
    )
    return Issued(token, lifetime)
