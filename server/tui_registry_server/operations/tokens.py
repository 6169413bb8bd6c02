"""Operations on access tokens: one's own, and, for administrators, all of them."""

import hashlib
import secrets
import uuid

from tui_registry_server.operations.call import Answer, Call
from tui_registry_server.operations.record import in_words, record, references, without_empty
from tui_registry_server.operations.subjects import Subject
from tui_registry_server.rules.errors import InvalidParameterValue, ResourceDoesNotExist
from tui_registry_server.store import counters, principals, tokens
from tui_registry_server.store.tokens import TokenRow
from tui_registry_server.wire.activity import ActivityType
from tui_registry_server.wire.fields import RequestBody
from tui_registry_server.wire.principal import PrincipalKind
from tui_registry_server.wire.token import CreateToken, CreateTokenOnBehalf, ListTokens, TokenId, UpdateToken

PREFIX = "tr_"
"""Identifies tokens of this registry, for people and for secret scanners."""

SECOND = 1000  # milliseconds


def issue(call: Call, principal_id: str, *, comment: str | None, lifetime: int | None) -> tuple[str, str]:
    """A new token and its id. It has 256 random bits. Only its hash is stored, so that it cannot be shown again.

    lifetime: seconds until it expires; None for the maximum: a token cannot outlive the caller's token.
    Raises InvalidParameterValue for more than that.
    """
    expiry = _expiry(call, lifetime)
    token = PREFIX + secrets.token_urlsafe(32)
    token_id = uuid.uuid4().hex
    tokens.add(
        call.connection,
        token_id=token_id,
        digest=_digest(token),
        principal_id=principal_id,
        comment=comment or None,
        created_by=call.principal.name,
        created_by_id=call.principal.id or None,
        now=call.now,
        expiry=expiry,
    )
    counters.advance(call.connection, counters.IDENTITY)
    _record(call, ActivityType.CREATED_TOKEN, "created", principal_id, token_id, expiry=expiry)
    return token, token_id


def _expiry(call: Call, lifetime: int | None) -> int | None:
    """In milliseconds since the epoch by the clock, against which it is checked."""
    limit = call.principal.token_expiry
    if lifetime is None:
        return limit
    expiry = call.clock + lifetime * SECOND
    if limit is not None and expiry > limit:
        raise InvalidParameterValue(
            f"Invalid value for parameter 'lifetime_seconds': a token cannot outlive the one that it is created with, "
            f"which expires in {(limit - call.clock) // SECOND} seconds. Give less, or leave it out for the maximum; "
            "for more, use a token that lasts longer, or: tui-registry tokens create NAME --database PATH_OR_URL."
        )
    return expiry


def create(call: Call, body: CreateToken, subject: Subject) -> Answer:
    """A new token of the caller's own. Its value is shown only once."""
    caller = call.principal
    token, token_id = issue(call, caller.id, comment=body.comment, lifetime=body.lifetime_seconds)
    return _created(token, tokens.read_public(call.connection, token_id))


def create_on_behalf(call: Call, body: CreateTokenOnBehalf, subject: Subject) -> Answer:
    """A new token for a service principal. Its value is shown only once."""
    name = body.application_id
    owner_id = principals.id_of(call.connection, PrincipalKind.SERVICE_PRINCIPAL, name)
    if owner_id is None:
        raise ResourceDoesNotExist(
            f"There is no service principal with application id '{name}'. Create it first, or correct the id."
        )
    token, token_id = issue(call, owner_id, comment=body.comment, lifetime=body.lifetime_seconds)
    return _created(token, tokens.read(call.connection, token_id))


def own(call: Call, body: RequestBody, subject: None) -> Answer:
    """The caller's tokens that have not expired, newest first."""
    return _infos(call, tokens.of_owner(call.connection, call.principal.id, call.now))


def update_own(call: Call, body: UpdateToken, subject: None) -> Answer:
    """Change the comment of a token of one's own."""
    _describe(call, body, _find_own(call, body.token_id))
    return {}


def delete_own(call: Call, body: TokenId, subject: None) -> Answer:
    """Revoke a token of the caller's own, even the one of this call."""
    _delete(call, _find_own(call, body.token_id))
    return {}


def listed(call: Call, body: ListTokens, subject: Subject) -> Answer:
    """All tokens, including expired ones, newest first."""
    return _infos(
        call,
        tokens.listed(
            call.connection,
            owner_id=None if body.owner_id is None else str(body.owner_id),
            created_by_id=None if body.created_by_id is None else str(body.created_by_id),
            created_by=body.created_by_username,
            text=body.text,
            max_results=body.max_results,
        ),
    )


def get(call: Call, body: TokenId, subject: Subject) -> Answer:
    """Everything about a token but its value."""
    row = _find(call, body.token_id)
    return f'{{"token_info":{tokens.read(call.connection, row.id)}}}'


def update(call: Call, body: UpdateToken, subject: Subject) -> Answer:
    """Change the comment of any token."""
    row = _find(call, body.token_id)
    _describe(call, body, row)
    return tokens.read(call.connection, row.id)


def delete(call: Call, body: TokenId, subject: Subject) -> Answer:
    """Revoke any token, at once."""
    revoke(call, body.token_id)
    return {}


def revoke(call: Call, token_id: str) -> None:
    """Revoke a token by its id."""
    _delete(call, _find(call, token_id))


def revoke_value(call: Call, token: str) -> None:
    """Revoke a token by its value, if it exists."""
    owner = principals.token_owner(call.connection, _digest(token))
    if owner is not None:
        revoke(call, owner.principal.token_id)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _find(call: Call, token_id: str) -> TokenRow:
    return _existing(tokens.find(call.connection, token_id), token_id)


def _find_own(call: Call, token_id: str) -> TokenRow:
    """Raises the same error for a token of somebody else as for one that does not exist."""
    row = tokens.find(call.connection, token_id)
    return _existing(row if row is not None and row.principal_id == call.principal.id else None, token_id)


def _existing(row: TokenRow | None, token_id: str) -> TokenRow:
    if row is None:
        raise ResourceDoesNotExist(
            f"Token with id {token_id[:100]} not found. It may have been revoked; list the tokens to see their ids."
        )
    return row


def _describe(call: Call, body: UpdateToken, row: TokenRow) -> None:
    if not set(body.update_mask.split(",")) <= {"comment", "*"}:
        raise InvalidParameterValue(f"update_mask is '{body.update_mask[:100]}'. Only 'comment' can be changed.")
    comment = body.token.comment or None
    if comment == row.comment:
        return
    tokens.describe(call.connection, row.id, comment)
    _record(call, ActivityType.CHANGED_TOKEN, "changed the comment of", row.principal_id, row.id)


def _delete(call: Call, row: TokenRow) -> None:
    tokens.remove(call.connection, row.id)
    counters.advance(call.connection, counters.IDENTITY)
    _record(call, ActivityType.DELETED_TOKEN, "revoked", row.principal_id, row.id)


def _record(
    call: Call, activity_type: ActivityType, verb: str, owner_id: str, token_id: str, *, expiry: int | None = None
) -> None:
    (owner,) = references(call.connection, [owner_id])
    detail = {"token_id": token_id, "owner": owner, "expiry_time": expiry}
    record(
        call,
        activity_type,
        system_comment=f"{verb} a token for {in_words(owner)}",
        detail=without_empty(detail),
    )


def _created(token: str, info: str) -> Answer:
    return f'{{"token_value":"{token}","token_info":{info}}}'


def _infos(call: Call, infos: list[str]) -> Answer:
    """With the id of the caller's own token, so that nobody revokes it by accident."""
    caller = call.principal
    calling = "" if caller.issuer or not caller.token_id else f',"calling_token_id":"{caller.token_id}"'
    return f'{{"token_infos":[{",".join(infos)}]{calling}}}' if infos else {}
