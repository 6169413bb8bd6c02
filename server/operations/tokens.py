"""Verbs on access tokens."""

import hashlib
import secrets
import uuid

from server.operations.call import Call
from server.operations.record import record
from server.store import counters, tokens
from server.wire.activity import ActivityType

PREFIX = "tr_"
"""Tells a token of this registry from other secrets, for people and for scanners."""

SECOND = 1000  # milliseconds


def issue(call: Call, principal_id: str, *, owner: str, comment: str | None, lifetime: int | None) -> tuple[str, str]:
    """A new token and its id. It has 256 random bits; only its hash is kept, so this is the one time it is shown.

    lifetime: seconds until it expires, or None for never.
    """
    token = PREFIX + secrets.token_urlsafe(32)
    token_id = uuid.uuid4().hex
    tokens.add(
        call.connection,
        token_id=token_id,
        digest=hashlib.sha256(token.encode()).hexdigest(),
        principal_id=principal_id,
        comment=comment,
        created_by=call.principal.name,
        now=call.now,
        expiry=None if lifetime is None else call.now + lifetime * SECOND,
    )
    counters.advance(call.connection, counters.IDENTITY)
    record(
        call, ActivityType.CREATED_TOKEN, system_comment=f"created a token for {owner}", detail={"token_id": token_id}
    )
    return token, token_id
