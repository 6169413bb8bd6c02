"""Signing in with tokens of the company's OpenID provider.

A checked token is kept by its digest, so that a request with it costs what one with a token of the registry's own does.
It is checked again after RECHECK_SECONDS: a key that the provider has withdrawn is not trusted for long.
"""

import hashlib
import time
from collections import OrderedDict
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from tui_registry_server.identity.keys import IssuerKeys
from tui_registry_server.identity.provider import OpenIdProvider
from tui_registry_server.identity.verification import CLOCK_SKEW, verify
from tui_registry_server.operations import sign_in
from tui_registry_server.operations.call import Call
from tui_registry_server.rules.errors import Unauthenticated
from tui_registry_server.rules.identity import Person, person
from tui_registry_server.rules.principals import SERVER, Principal
from tui_registry_server.store import activities, principals
from tui_registry_server.store.database import Database
from tui_registry_server.store.engine import Connection
from tui_registry_server.wire.error import REFUSED

MAX_CHECKED = 10_000  # tokens
RECHECK_SECONDS = 600


class _Checked(NamedTuple):
    """A token that was checked. ``expiry`` is in milliseconds since the epoch, ``until`` in seconds on the monotonic
    clock."""

    principal_id: str
    expiry: int
    until: float


class OpenIdSignIn:
    """Finds the user of a token, on one event loop."""

    def __init__(self, database: Database, provider: OpenIdProvider, keys: IssuerKeys) -> None:
        self.provider = provider
        self.keys = keys
        self._database = database
        self._checked: OrderedDict[str, _Checked] = OrderedDict()

    async def user(self, token: str) -> Principal:
        """The token's user, as the registry knows them now. Raises Unauthenticated or TemporarilyUnavailable."""
        digest = hashlib.sha256(token.encode()).hexdigest()
        checked = self._checked.get(digest)
        if checked is None or checked.until < time.monotonic():
            checked = await self._check(token)
            self._checked[digest] = checked
            self._checked.move_to_end(digest)
            if len(self._checked) > MAX_CHECKED:
                self._checked.popitem(last=False)
        known = await self._database.read(partial(principals.signed_in, principal_id=checked.principal_id))
        if known is None:
            self._checked.pop(digest, None)
            raise Unauthenticated(f"{REFUSED} its user's account is deactivated here.")
        return replace(known, token_id=digest[:32], token_expiry=checked.expiry, issuer=self.provider.issuer)

    async def _check(self, token: str) -> _Checked:
        claims = await verify(token, self.keys, [self.provider.audience])
        who = person(claims, self.provider.policy)
        policy = self.provider.policy
        principal_id = await self._database.read(partial(sign_in.known, person=who, policy=policy))
        if principal_id is None:
            principal_id = await self._database.write(partial(self._sign_in, who=who))
        return _Checked(principal_id, who.expiry + CLOCK_SKEW * 1000, time.monotonic() + RECHECK_SECONDS)

    def _sign_in(self, connection: Connection, who: Person) -> str:
        clock = time.time_ns() // 1_000_000
        head = activities.head(connection)
        call = Call(connection, SERVER, max(clock, head.last_timestamp), clock, head=head)
        return sign_in.sign_in(call, who, self.provider.policy)
