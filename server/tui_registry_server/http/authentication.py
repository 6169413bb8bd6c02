"""Authentication: access tokens, as a Bearer token or as the password of Basic authentication; and, if the operator has
named an OpenID provider, its tokens.

A token is looked up by its SHA-256. The timing of that may leak the first digits of a hash, but nothing of the token:
who chooses a token does not choose its hash, and cannot approach a stored one by trying. Nothing else is compared.
"""

import asyncio
import base64
import hashlib
import logging
import math
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.requests import Request

from tui_registry_server.http.connection_limiter import client_key
from tui_registry_server.http.throttle import Throttle
from tui_registry_server.rules.errors import InvalidParameterValue, Unauthenticated
from tui_registry_server.rules.limits import Limits
from tui_registry_server.rules.principals import Principal
from tui_registry_server.store import counters, principals, tokens
from tui_registry_server.store.database import Database
from tui_registry_server.store.engine import Connection
from tui_registry_server.wire.error import EXPIRED, NOT_ACCEPTED
from tui_registry_server.wire.names import name_key
from tui_registry_server.wire.workspace_name import DEFAULT_NAME, HEADER

if TYPE_CHECKING:
    from tui_registry_server.identity.sign_in import OpenIdSignIn

log = logging.getLogger(__name__)

LAST_USE_INTERVAL = 60_000  # milliseconds: a token's last use is recorded no more often
MAX_CACHED_TOKENS = 10_000  # tokens
_WORKSPACE_HEADER = HEADER.lower().encode()

_HOW_TO_AUTHENTICATE = (
    "Send an access token, as 'Authorization: Bearer <token>' or as the password of Basic authentication (user "
    "'token'). An administrator creates one with: tui-registry tokens create NAME --database PATH_OR_URL."
)


@dataclass(slots=True)
class _CachedPrincipal:
    principal: Principal
    last_use_recorded: float
    """When the token's use was last recorded, in milliseconds on the monotonic clock; infinite if that is not done."""


class Authenticator:
    """Finds the principal of a token. Principals are cached until any principal, group, token or registry-wide grant
    changes, in whichever process.

    A client that tries many invalid tokens is throttled. Tokens that were valid before are still looked up: a program
    with a bad token does not lock out others behind the same address.
    """

    def __init__(self, database: Database, limits: Limits, openid: "OpenIdSignIn | None" = None) -> None:
        """``openid`` checks the tokens of the OpenID provider, if there is one."""
        self._database = database
        self._openid = openid
        self._throttle = Throttle(limits)
        self._cache: dict[tuple[str, str], _CachedPrincipal] = {}
        """By the digest of the token and the name of the workspace."""
        self._recently_valid: OrderedDict[str, None] = OrderedDict()
        """Digests of tokens that were valid when they were last looked up."""
        self._revision = -1
        self._cached_view: int | None = None
        """The view of the database in which ``_revision`` was read."""
        self._is_checked = False
        """Whether ``_revision`` was compared with the database's in this iteration of the event loop."""
        self._pending_updates: set[asyncio.Future[None]] = set()

    async def authenticate(self, request: Request, now: int, *, for_write: bool = False) -> Principal:
        """The caller of a request, in its workspace; raises Unauthenticated, RequestLimitExceeded, or
        ResourceDoesNotExist for a workspace that the caller may not use. ``now`` is in milliseconds; ``for_write``:
        whether the request reads nothing else from the database before it writes."""
        user, token = credentials_of(request)
        workspace = workspace_of(request)
        digest = _digest(token)
        was_valid = digest in self._recently_valid
        if not was_valid:
            self.check_attempts(request)
        try:
            principal = await self._find(user, token, digest, workspace, now, for_write=for_write)
        except Unauthenticated:
            self._recently_valid.pop(digest, None)
            self.record_failure(request)
            raise
        if not was_valid:
            self._recently_valid[digest] = None
            if len(self._recently_valid) > MAX_CACHED_TOKENS:
                self._recently_valid.popitem(last=False)
        return principal

    def check_attempts(self, request: Request) -> None:
        """Raises RequestLimitExceeded if the client has tried too many invalid credentials."""
        self._throttle.check(_source(request), _monotonic_milliseconds())

    def record_failure(self, request: Request) -> None:
        """Invalid credentials of a client that does not authenticate by a token."""
        self._throttle.record_failure(_source(request), _monotonic_milliseconds())

    async def principal_of(self, credentials: tuple[str | None, str], workspace: str, now: int) -> Principal:
        """The caller by a user's name, if one was given, and a token, without throttling: an open event stream
        authenticates again with the credentials it has, and for its workspace."""
        user, token = credentials
        return await self._find(user, token, _digest(token), workspace, now)

    async def _find(
        self, user: str | None, token: str, digest: str, workspace: str, now: int, *, for_write: bool = False
    ) -> Principal:
        is_current = self._is_at_revision() if for_write else self._is_current()
        cached = self._cache.get((digest, workspace)) if is_current else None
        if cached is None:
            cached = await self._lookup(token, digest, now)
            if cached is not None and workspace != DEFAULT_NAME:
                cached = await self._enter(cached, digest, workspace, now)
        if cached is None:
            raise Unauthenticated(f"{NOT_ACCEPTED} {_HOW_TO_AUTHENTICATE}")
        principal = cached.principal
        _check_not_expired(principal, now)
        if user is not None and name_key(user) not in ("token", name_key(principal.name)):
            raise Unauthenticated(f"The access token is not {user}'s. Use the user name 'token', or the owner's.")
        if (at := _monotonic_milliseconds()) - cached.last_use_recorded >= LAST_USE_INTERVAL:
            cached.last_use_recorded = at
            self._record_use(principal.token_id, now)
        return principal

    def _record_use(self, token_id: str, now: int) -> None:
        """In the background: requests are served while the database is temporarily read-only."""
        update = asyncio.ensure_future(
            self._database.write(lambda connection: tokens.mark_used(connection, token_id, now))
        )
        self._pending_updates.add(update)
        update.add_done_callback(self._on_use_recorded)

    def _on_use_recorded(self, update: asyncio.Future[None]) -> None:
        self._pending_updates.discard(update)
        if not update.cancelled() and (error := update.exception()) is not None:
            log.warning("the last use of a token could not be recorded: %s", error)

    def _is_current(self) -> bool:
        """Whether nothing has changed since the cache was filled."""
        view = self._database.view()
        return view is not None and view == self._cached_view

    def _is_at_revision(self) -> bool:
        """As _is_current, for a request that needs no view. As a view, it is shared by the requests of one iteration of
        the event loop, unless it was read in a view: that may have been begun before a request was received."""
        if not self._is_checked:
            if self._database.read_without_view(_read_revision) != self._revision:
                return False
            if not self._database.has_view:
                self._is_checked = True
                asyncio.get_running_loop().call_soon(self._end_check)
        return True

    def _end_check(self) -> None:
        self._is_checked = False

    async def _enter(self, known: _CachedPrincipal, digest: str, workspace: str, now: int) -> _CachedPrincipal:
        """The caller in another workspace than the default one."""
        _check_not_expired(known.principal, now)
        if (current := self._cache.get((digest, workspace))) is not None:
            return current
        revision = self._revision
        principal = await self._database.read(
            lambda connection: principals.enter(connection, known.principal, workspace)
        )
        cached = _CachedPrincipal(principal, known.last_use_recorded)
        if self._revision == revision and principal.revision == revision:
            self._cache[digest, workspace] = cached
        return cached

    async def _lookup(self, token: str, digest: str, now: int) -> _CachedPrincipal | None:
        if not self._is_current():
            view = self._database.view()
            revision = await self._database.read(_read_revision)
            if revision != self._revision or len(self._cache) > MAX_CACHED_TOKENS:
                self._cache.clear()
                self._revision = revision
            self._cached_view = view
        revision = self._revision
        cached = self._cache.get((digest, DEFAULT_NAME))
        if cached is None:
            if self._openid is not None and is_openid_token(token):
                cached = _CachedPrincipal(await self._openid.user(token), math.inf)
            else:
                owner = await self._database.read(lambda connection: principals.token_owner(connection, digest))
                if owner is None:
                    return None
                last_used = _monotonic_milliseconds() - _age(owner.last_used_timestamp, now)
                cached = _CachedPrincipal(owner.principal, last_used)
            if self._revision == revision:  # otherwise a concurrent request has found that it is stale
                self._cache[digest, DEFAULT_NAME] = cached
        return cached


def refresh_principal(connection: Connection, caller: Principal, revision: int, now: int) -> Principal:
    """The caller that ``authenticate`` has found, as of a transaction with this revision of the identity counter: they
    may have changed while a write waited for its turn. Raises Unauthenticated."""
    principal = principals.refresh_principal(connection, caller, revision)
    if principal is None:
        raise Unauthenticated(f"{NOT_ACCEPTED} {_HOW_TO_AUTHENTICATE}")
    _check_not_expired(principal, now)
    return principal


def is_openid_token(token: str) -> bool:
    """Whether a credential is a JWT (RFC 7519): the registry's own tokens are not."""
    return token.startswith("eyJ") and token.count(".") == 2


def _read_revision(connection: Connection) -> int:
    return counters.read(connection, counters.IDENTITY)


def _check_not_expired(principal: Principal, now: int) -> None:
    if principal.token_expiry is not None and principal.token_expiry <= now:
        raise Unauthenticated(f"{EXPIRED} {_HOW_TO_AUTHENTICATE}")


def _monotonic_milliseconds() -> float:
    """Milliseconds on a clock that is never set: for durations."""
    return time.monotonic() * 1000


def _age(timestamp: int | None, now: int) -> float:
    """Milliseconds since a timestamp; infinite if it is unknown, or in the future because the clock was set back."""
    return math.inf if timestamp is None or timestamp > now else now - timestamp


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _source(request: Request) -> str:
    client = request.scope.get("client")
    return client_key(client[0] if client else None)


def workspace_of(request: Request) -> str:
    """The name of the workspace that the request is about. Raises InvalidParameterValue if it names several."""
    named = [value for name, value in request.scope["headers"] if name == _WORKSPACE_HEADER]
    if not named:
        return DEFAULT_NAME
    if len(named) > 1:
        raise InvalidParameterValue(f"There is more than one header {HEADER}. Name one workspace.")
    name: str = named[0].decode("latin-1").strip()
    return name or DEFAULT_NAME


def credentials_of(request: Request) -> tuple[str | None, str]:
    """The user's name, if Basic authentication gave one, and the token."""
    headers = [value for name, value in request.scope["headers"] if name == b"authorization"]
    if not headers:
        raise Unauthenticated(f"This call needs authentication. {_HOW_TO_AUTHENTICATE}")
    if len(headers) > 1:  # a proxy may have checked the other one
        raise Unauthenticated(f"There is more than one Authorization header. {_HOW_TO_AUTHENTICATE}")
    header: str = headers[0].decode("latin-1")
    scheme, _, value = header.partition(" ")
    value = value.strip()
    if scheme.lower() == "bearer" and value:
        return None, value
    if scheme.lower() == "basic":
        try:
            user, separator, token = base64.b64decode(value, validate=True).decode().partition(":")
        except ValueError:  # not base64, or not UTF-8
            user = separator = token = ""
        if separator:
            return user, token
    raise Unauthenticated(f"The Authorization header could not be read. {_HOW_TO_AUTHENTICATE}")
