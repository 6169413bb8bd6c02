"""Who calls: access tokens, as a Bearer token or as the password of Basic authentication.

A token is looked up by its SHA-256. How long that takes may tell of the hash's first letters, but nothing of the token:
who chooses a token does not choose its hash, and cannot come nearer to one by trying. Nothing else is compared.
"""

import asyncio
import base64
import hashlib
import logging
import math
import time
from collections import OrderedDict
from dataclasses import dataclass

from starlette.requests import Request

from tui_registry_server.http.connection_limiter import party
from tui_registry_server.http.throttle import Throttle
from tui_registry_server.rules.errors import Unauthenticated
from tui_registry_server.rules.limits import Limits
from tui_registry_server.rules.principals import Principal
from tui_registry_server.store import counters, principals, tokens
from tui_registry_server.store.database import Database
from tui_registry_server.store.engine import Connection
from tui_registry_server.wire.names import name_key

log = logging.getLogger(__name__)

USED_AFTER = 60_000  # milliseconds: a token's last use is noted no more often
INVALID = "The access token is not valid: it may have been revoked."
EXPIRED = "The access token has expired."
MAX_CACHED = 10_000  # tokens

_HOW = (
    "Send an access token, as 'Authorization: Bearer <token>' or as the password of Basic authentication (user "
    "'token'). An administrator makes one with: tui-registry tokens create NAME."
)


@dataclass(slots=True)
class _Known:
    principal: Principal
    noted: float
    """When its use was last written down, by the monotonic clock, in milliseconds."""


class Authenticator:
    """Finds the principal of a token. What it found is kept until any principal, group, token or registry-wide grant
    changes, whichever process changed it.

    Who tries many tokens that are not valid must wait. Tokens that were valid before are looked up meanwhile: one
    program with a bad token locks out nobody behind the same address.
    """

    def __init__(self, database: Database, limits: Limits) -> None:
        self._database = database
        self._throttle = Throttle(limits)
        self._known: dict[str, _Known] = {}
        self._seen: OrderedDict[str, None] = OrderedDict()
        """Digests of tokens that were valid when they were last looked up."""
        self._revision = -1
        self._view: int | None = None
        """In which that was seen."""
        self._noting: set[asyncio.Future[None]] = set()

    async def authenticate(self, request: Request, now: int) -> Principal:
        """The caller of a request; raises Unauthenticated or RequestLimitExceeded. ``now`` is in milliseconds."""
        user, token = credentials_of(request)
        digest = _digest(token)
        seen = digest in self._seen
        if not seen:
            self._throttle.check(_source(request), _ticks())
        try:
            principal = await self._find(user, digest, now)
        except Unauthenticated:
            self._seen.pop(digest, None)
            self._throttle.count(_source(request), _ticks())
            raise
        if not seen:
            self._seen[digest] = None
            if len(self._seen) > MAX_CACHED:
                self._seen.popitem(last=False)
        return principal

    async def principal_of(self, credentials: tuple[str | None, str], now: int) -> Principal:
        """The same by a user's name, if one was given, and a token; for a stream, which goes on with what it has."""
        user, token = credentials
        return await self._find(user, _digest(token), now)

    async def _find(self, user: str | None, digest: str, now: int) -> Principal:
        known = self._known.get(digest) if self._is_current() else None
        if known is None:
            known = await self._lookup(digest, now)
        if known is None:
            raise Unauthenticated(f"{INVALID} {_HOW}")
        principal = known.principal
        _refuse_expired(principal, now)
        if user is not None and name_key(user) not in ("token", name_key(principal.name)):
            raise Unauthenticated(f"The access token is not {user}'s. Use the user name 'token', or the owner's.")
        if (ticks := _ticks()) - known.noted >= USED_AFTER:
            known.noted = ticks
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

    def _is_current(self) -> bool:
        """Whether nothing can have changed since what is known was read."""
        view = self._database.view()
        return view is not None and view == self._view

    async def _lookup(self, digest: str, now: int) -> _Known | None:
        if not self._is_current():
            view = self._database.view()
            revision = await self._database.read(lambda connection: counters.read(connection, counters.IDENTITY))
            if revision != self._revision or len(self._known) > MAX_CACHED:
                self._known.clear()
                self._revision = revision
            self._view = view
        revision = self._revision
        known = self._known.get(digest)
        if known is None:
            holder = await self._database.read(lambda connection: principals.holder_of(connection, digest))
            if holder is None:
                return None
            known = _Known(holder.principal, _ticks() - _age(holder.last_used_timestamp, now))
            if self._revision == revision:  # or else another request has learnt meanwhile that it is stale
                self._known[digest] = known
        return known


def as_now(connection: Connection, caller: Principal, revision: int, now: int) -> Principal:
    """A caller whom ``authenticate`` has found, as they are in a transaction that has this revision of the identity
    counter: a write may have waited for its turn, and much have happened meanwhile. Raises Unauthenticated."""
    principal = principals.as_now(connection, caller, revision)
    if principal is None:
        raise Unauthenticated(f"{INVALID} {_HOW}")
    _refuse_expired(principal, now)
    return principal


def _refuse_expired(principal: Principal, now: int) -> None:
    if principal.token_expiry is not None and principal.token_expiry <= now:
        raise Unauthenticated(f"{EXPIRED} {_HOW}")


def _ticks() -> float:
    """Milliseconds on a clock that nobody sets: what lasts a time is measured by it."""
    return time.monotonic() * 1000


def _age(moment: int | None, now: int) -> float:
    """Of a moment on the clock that people set. One that is still to come was written before the clock was set back,
    and says nothing."""
    return math.inf if moment is None or moment > now else now - moment


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _source(request: Request) -> str:
    client = request.scope.get("client")
    return party(client[0] if client else None)


def credentials_of(request: Request) -> tuple[str | None, str]:
    """The user's name, if Basic authentication gave one, and the token."""
    headers = [value for name, value in request.scope["headers"] if name == b"authorization"]
    if not headers:
        raise Unauthenticated(f"This call needs authentication. {_HOW}")
    if len(headers) > 1:  # a proxy may have looked at the other one
        raise Unauthenticated(f"There is more than one Authorization header. {_HOW}")
    header: str = headers[0].decode("latin-1")
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
