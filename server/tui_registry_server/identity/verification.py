"""Verifying a token of an OpenID provider: a JWT (RFC 7519), as RFC 8725 recommends.

A refusal says why, in fixed words: nothing of the token, of the keys or of what would have been accepted.
"""

from collections.abc import Iterable
from typing import Any

import jwt
from jwt.exceptions import (
    ExpiredSignatureError,
    ImmatureSignatureError,
    InvalidAudienceError,
    InvalidIssuerError,
    InvalidSignatureError,
    MissingRequiredClaimError,
    PyJWTError,
)

from tui_registry_server.identity.keys import ALGORITHMS, IssuerKeys
from tui_registry_server.rules.errors import Unauthenticated
from tui_registry_server.wire.error import EXPIRED, REFUSED

MAX_LENGTH = 16 * 1024  # characters of a token
CLOCK_SKEW = 60  # seconds by which clocks may differ

_REASONS: tuple[tuple[type[PyJWTError], str], ...] = (
    (InvalidSignatureError, "its signature is not the provider's."),
    (ImmatureSignatureError, "it is not valid yet. Compare the clocks of the provider and of the registry."),
    (InvalidAudienceError, "it is for another application: its audience is not this registry's."),
    (InvalidIssuerError, "it was issued by another provider."),
    (MissingRequiredClaimError, "it does not have all of the claims 'iss', 'aud', 'iat' and 'exp'."),
    (PyJWTError, "it could not be read."),
)


async def verify(token: str, keys: IssuerKeys, audiences: Iterable[str]) -> dict[str, Any]:
    """The claims of a token. Raises Unauthenticated with a reason, or TemporarilyUnavailable."""
    if len(token) > MAX_LENGTH:
        raise Unauthenticated(f"{REFUSED} it is longer than {MAX_LENGTH} characters.")
    try:
        header = jwt.get_unverified_header(token)
    except PyJWTError:
        raise Unauthenticated(f"{REFUSED} it could not be read.") from None
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS:
        reason = "it is not signed." if str(algorithm).lower() == "none" else "its algorithm is not asymmetric."
        raise Unauthenticated(f"{REFUSED} {reason}")
    key = await keys.find(kid if isinstance(kid, str) else None, algorithm)
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],  # the one that the key is for
            audience=list(audiences),
            issuer=keys.issuer,
            leeway=CLOCK_SKEW,
            options={"require": ["iss", "aud", "iat", "exp"]},
        )
    except ExpiredSignatureError:
        raise Unauthenticated(f"{EXPIRED} Sign in again: tui-registry login URL.") from None
    except PyJWTError as error:
        reason = next(text for kind, text in _REASONS if isinstance(error, kind))
        raise Unauthenticated(f"{REFUSED} {reason}") from None
    return claims
