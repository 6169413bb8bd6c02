"""Who calls: access tokens, as a Bearer token or as the password of Basic authentication."""

import asyncio
import base64
import hashlib
import logging
from dataclasses import dataclass

from starlette.requests import Request

from server.rules.errors import Unauthenticated
from server.rules.principals import Principal
from server.store import counters, principals, tokens
from server.store.engine import Database
from server.store.principals import TokenHolder

log = logging.getLogger(__name__)

USED_AFTER = 60_000  # milliseconds: a token's last use is noted no more often
MAX_CACHED = 10_000  # tokens

_HOW = (
    "Send an access token, as 'Authorization: Bearer <token>' or as the password of Basic authentication (user "
    "'token'). An administrator makes one with: tui-registry tokens create NAME."
)


@dataclass(slots=True)
class _Known:
    holder: TokenHolder
    noted: int
    """When its use was last written down."""


class Authenticator:
    """Finds the principal of a token. What it found is kept until any principal, group, token or registry-wide grant
    changes, whichever process changed it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, _Known] = {}
        self._revision = -1
        self._noting: set[asyncio.Future[None]] = set()

    async def authenticate(self, request: Request, now: int) -> Principal:
        """The caller of a request; raises Unauthenticated. ``now`` is in milliseconds."""
        return await self.principal_of(credentials_of(request), now)

    async def principal_of(self, credentials: tuple[str | None, str], now: int) -> Principal:
        """The same by a user's name, if one was given, and a token."""
        user, token = credentials
        digest = hashlib.sha256(token.encode()).hexdigest()
        known = await self._lookup(digest)
        if known is None:
            raise Unauthenticated(f"The access token is not valid: it may have been revoked. {_HOW}")
        principal = known.holder.principal
        expiry = known.holder.expiry_timestamp
        if expiry is not None and expiry <= now:
            raise Unauthenticated(f"The access token has expired. {_HOW}")
        if user is not None and user.casefold() not in ("token", principal.name.casefold()):
            raise Unauthenticated(f"The access token is not {user}'s. Use the user name 'token', or the owner's.")
        if now - known.noted >= USED_AFTER:
            known.noted = now
            self._note_use(principal.token_id, now)
        return principal

    def _note_use(self, token_id: str, now: int) -> None:
        """Beside the request: reading goes on while a database, for the moment, cannot be written."""
        noting = asyncio.ensure_future(
            self._database.write(lambda connection: tokens.mark_used(connection, token_id, now))
        )
        self._noting.add(noting)
        noting.add_done_callback(self._noted)

    def _noted(self, noting: asyncio.Future[None]) -> None:
        self._noting.discard(noting)
        if not noting.cancelled() and (error := noting.exception()) is not None:
            log.warning("the use of a token could not be noted: %s", error)

    async def _lookup(self, digest: str) -> _Known | None:
        revision = await self._database.read(lambda connection: counters.read(connection, counters.IDENTITY))
        if revision != self._revision or len(self._known) > MAX_CACHED:
            self._known.clear()
            self._revision = revision
        known = self._known.get(digest)
        if known is None:
            holder = await self._database.read(lambda connection: principals.holder_of(connection, digest))
            if holder is None:
                return None
            known = _Known(holder, holder.last_used_timestamp or 0)
            if self._revision == revision:  # or else another request has learnt meanwhile that it is stale
                self._known[digest] = known
        return known


def credentials_of(request: Request) -> tuple[str | None, str]:
    """The user's name, if Basic authentication gave one, and the token."""
    header = request.headers.get("authorization")
    if header is None:
        raise Unauthenticated(f"This call needs authentication. {_HOW}")
    scheme, _, value = header.partition(" ")
    value = value.strip()
    if scheme.lower() == "bearer" and value:
        return None, value
    if scheme.lower() == "basic":
        try:
            user, separator, token = base64.b64decode(value, validate=True).decode().partition(":")
        except ValueError:  # neither base64 nor ASCII, or not of a text
            user = separator = token = ""
        if separator:
            return user, token
    raise Unauthenticated(f"The Authorization header could not be read. {_HOW}")
